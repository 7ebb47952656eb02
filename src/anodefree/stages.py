"""The list: which module holds which stage. Listing them imports none; a package may add its own by entry point.

To add an analysis, write its file and add one line here, or name the module in the entry-point group `anodefree.stages`
of your own package (`"family.what" = "your_package.module"`).
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Final

from anodefree.errors import ConfigError, near

if TYPE_CHECKING:
    from pathlib import Path

    from anodefree.core.measurement import Measurement
    from anodefree.core.result import Result
    from anodefree.registry import Stage

MODULES: Final[dict[str, str]] = {
    "afm.force": "anodefree.simulation.instruments.force_spectroscopy",
    "afm.image": "anodefree.simulation.instruments.scanning_probe",
    "afm.modulus": "anodefree.analysis.afm.modulus",
    "afm.roughness": "anodefree.analysis.afm.roughness",
    "cell.cycle": "anodefree.simulation.cell.cycle",
    "cell.lithium_pair": "anodefree.simulation.cell.lithium_pair",
    "cell.reservoir_pair": "anodefree.simulation.cell.reservoir_pair",
    "cell.symmetric_pair": "anodefree.simulation.cell.symmetric_pair",
    "chain.closure": "anodefree.analysis.chain.closure",
    "chain.collector": "anodefree.simulation.chain.collector",
    "chain.sample": "anodefree.analysis.chain.sample",
    "cycler.plate_strip": "anodefree.simulation.instruments.plate_strip",
    "cycler.reservoir": "anodefree.simulation.instruments.reservoir",
    "cycler.symmetric": "anodefree.simulation.instruments.symmetric",
    "cycling.aurbach": "anodefree.analysis.cycling.aurbach",
    "cycling.compare": "anodefree.analysis.cycling.compare",
    "cycling.differential": "anodefree.analysis.cycling.differential",
    "cycling.efficiency": "anodefree.analysis.cycling.efficiency",
    "cycling.fade": "anodefree.analysis.cycling.fade",
    "cycling.hysteresis": "anodefree.analysis.cycling.hysteresis",
    "cycling.inventory": "anodefree.analysis.cycling.inventory",
    "cycling.life": "anodefree.analysis.cycling.life",
    "cycling.loss": "anodefree.analysis.cycling.loss",
    "cycling.overpotential": "anodefree.analysis.cycling.overpotential",
    "cycling.rate": "anodefree.analysis.cycling.rate",
    "cycling.recount": "anodefree.analysis.cycling.recount",
    "cycling.retention": "anodefree.analysis.cycling.retention",
    "cycling.short": "anodefree.analysis.cycling.short",
    "cycling.table": "anodefree.analysis.cycling.table",
    "cycling.voltage": "anodefree.analysis.cycling.voltage",
    "deposit.calibrate": "anodefree.analysis.deposit.calibrate",
    "deposit.classical": "anodefree.simulation.deposition.classical",
    "deposit.cycle": "anodefree.simulation.deposition.cycle",
    "deposit.diagram": "anodefree.analysis.deposit.diagram",
    "deposit.ensemble": "anodefree.analysis.deposit.ensemble",
    "deposit.grow": "anodefree.simulation.deposition.grow",
    "deposit.morphology": "anodefree.analysis.deposit.morphology",
    "deposit.point": "anodefree.analysis.deposit.point",
    "deposit.predict": "anodefree.analysis.deposit.predict",
    "deposit.ratio": "anodefree.analysis.deposit.ratio",
    "deposit.surface": "anodefree.analysis.deposit.surface",
    "deposit.thickness": "anodefree.analysis.deposit.thickness",
    "deposit.view": "anodefree.analysis.deposit.view",
    "drt.map": "anodefree.analysis.drt.map",
    "drt.spectrum": "anodefree.analysis.drt.spectrum",
    "eis.arrhenius": "anodefree.analysis.eis.arrhenius",
    "eis.clean": "anodefree.analysis.eis.clean",
    "eis.drift": "anodefree.analysis.eis.drift",
    "eis.evolution": "anodefree.analysis.eis.evolution",
    "eis.fit": "anodefree.analysis.eis.fit",
    "eis.kramers_kronig": "anodefree.analysis.eis.kramers_kronig",
    "eis.profile": "anodefree.analysis.eis.profile",
    "eis.propose": "anodefree.analysis.eis.propose",
    "eis.weights": "anodefree.analysis.eis.weights",
    "eis.z_hit": "anodefree.analysis.eis.z_hit",
    "ftir.bands": "anodefree.analysis.ftir.bands",
    "interphase.composition": "anodefree.analysis.interphase.composition",
    "interphase.conducting_fraction": "anodefree.analysis.interphase.conducting_fraction",
    "interphase.conduction": "anodefree.simulation.interphase.conduction",
    "interphase.modulus": "anodefree.simulation.interphase.modulus",
    "interphase.tunnelling": "anodefree.simulation.interphase.tunnelling",
    "inventory.accounts": "anodefree.simulation.cell.inventory_accounts",
    "inventory.copper": "anodefree.simulation.cell.lithium_counter",
    "inventory.curve": "anodefree.simulation.cell.inventory_curve",
    "inventory.efficiency": "anodefree.analysis.inventory.efficiency",
    "inventory.loss": "anodefree.analysis.inventory.loss",
    "inventory.retention": "anodefree.analysis.inventory.retention",
    "inventory.symmetric": "anodefree.simulation.cell.lithium_counter",
    "ions.compare_regimes": "anodefree.analysis.ions.compare_regimes",
    "ions.encounters": "anodefree.analysis.ions.encounters",
    "ions.field": "anodefree.simulation.ions.field",
    "ions.field_above": "anodefree.simulation.ions.field_above",
    "ions.field_depleted": "anodefree.simulation.ions.field_depleted",
    "ions.field_effect": "anodefree.analysis.ions.field_effect",
    "ions.field_ellipsoid": "anodefree.simulation.ions.field_ellipsoid",
    "ions.field_primary": "anodefree.simulation.ions.field_primary",
    "ions.field_secondary": "anodefree.simulation.ions.field_secondary",
    "ions.flight": "anodefree.simulation.ions.flight",
    "ions.flight_in_map": "anodefree.simulation.ions.flight_in_map",
    "ions.fly": "anodefree.simulation.ions.fly",
    "ions.helices": "anodefree.analysis.ions.helices",
    "ions.helicity": "anodefree.analysis.ions.helicity",
    "ions.helix": "anodefree.analysis.ions.helix",
    "ions.helix_map": "anodefree.analysis.ions.helix_map",
    "ions.landing": "anodefree.analysis.ions.landing",
    "ions.pairing": "anodefree.analysis.ions.pairing",
    "ions.phase_diagram": "anodefree.analysis.ions.phase_diagram",
    "ions.regime": "anodefree.analysis.ions.regime",
    "ions.rotation": "anodefree.analysis.ions.rotation",
    "ions.rough_field": "anodefree.analysis.ions.rough_field",
    "ions.section": "anodefree.analysis.ions.section",
    "ions.section_in_map": "anodefree.analysis.ions.section_in_map",
    "ions.swirl": "anodefree.simulation.ions.swirl",
    "ions.track": "anodefree.analysis.ions.track",
    "kinetics.barrier": "anodefree.analysis.kinetics.barrier",
    "kinetics.butler_volmer": "anodefree.analysis.kinetics.butler_volmer",
    "kinetics.exchange_current": "anodefree.analysis.kinetics.exchange_current",
    "kinetics.linear_slope": "anodefree.analysis.kinetics.linear_slope",
    "kinetics.lsv": "anodefree.analysis.kinetics.lsv",
    "kinetics.marcus": "anodefree.analysis.kinetics.marcus",
    "kinetics.overpotential": "anodefree.analysis.kinetics.overpotential",
    "kinetics.sand": "anodefree.analysis.kinetics.sand",
    "kinetics.tafel": "anodefree.analysis.kinetics.tafel",
    "magnet.above": "anodefree.analysis.magnet.above",
    "magnet.film": "anodefree.simulation.magnet.film",
    "magnet.scan": "anodefree.simulation.magnet.scan",
    "magnet.solid": "anodefree.simulation.magnet.solid",
    "microscope.diffraction": "anodefree.simulation.instruments.diffraction_camera",
    "microscope.lattice": "anodefree.simulation.instruments.lattice_image",
    "microscope.section": "anodefree.simulation.instruments.microscope",
    "microscope.transmission": "anodefree.simulation.instruments.transmission",
    "microscope.video": "anodefree.simulation.instruments.video_microscope",
    "optical.front": "anodefree.analysis.optical.front",
    "potentiostat.impedance": "anodefree.simulation.instruments.potentiostat",
    "potentiostat.linear_sweep": "anodefree.simulation.instruments.linear_sweep",
    "potentiostat.lithium_cell": "anodefree.simulation.cell.lithium_impedance",
    "potentiostat.voltammetry": "anodefree.simulation.instruments.voltammetry",
    "pouch.compare": "anodefree.simulation.pouch.compare",
    "pouch.energy": "anodefree.simulation.pouch.energy",
    "pouch.optimum": "anodefree.simulation.pouch.optimum",
    "pouch.reconstruct": "anodefree.simulation.pouch.reconstruct",
    "pouch.volume": "anodefree.simulation.pouch.volume",
    "raman.band": "anodefree.analysis.raman.band",
    "raman.calibrate": "anodefree.analysis.raman.calibrate",
    "raman.reference": "anodefree.analysis.raman.reference",
    "raman.series": "anodefree.analysis.raman.series",
    "raman.speciation": "anodefree.analysis.raman.speciation",
    "sem.classify": "anodefree.analysis.sem.classify",
    "sem.compare": "anodefree.analysis.sem.compare",
    "sem.porosity": "anodefree.analysis.sem.porosity",
    "sem.scale": "anodefree.analysis.sem.scale_bar",
    "solvation.bulk": "anodefree.analysis.solvation.bulk",
    "solvation.conductivity": "anodefree.analysis.solvation.conductivity",
    "solvation.contacts": "anodefree.analysis.solvation.contacts",
    "solvation.coordination": "anodefree.analysis.solvation.coordination",
    "solvation.field_effect": "anodefree.analysis.solvation.field_effect",
    "solvation.fill": "anodefree.simulation.solvation.fill",
    "solvation.onsager": "anodefree.analysis.solvation.onsager",
    "solvation.point": "anodefree.analysis.solvation.point",
    "solvation.recheck": "anodefree.analysis.solvation.recheck",
    "solvation.replicas": "anodefree.analysis.solvation.replicas",
    "solvation.residence": "anodefree.analysis.solvation.residence",
    "solvation.run": "anodefree.simulation.solvation.run",
    "solvation.speciation": "anodefree.analysis.solvation.speciation",
    "solvation.through_raman": "anodefree.analysis.solvation.through_raman",
    "solvation.transport": "anodefree.analysis.solvation.transport",
    "solvation.viscosity": "anodefree.analysis.solvation.viscosity",
    "spectrometer.infrared": "anodefree.simulation.instruments.spectrometer_infrared",
    "spectrometer.ion_mass": "anodefree.simulation.instruments.ion_mass",
    "spectrometer.ion_profile": "anodefree.simulation.instruments.ion_profile",
    "spectrometer.photoemission": "anodefree.simulation.instruments.photoemission",
    "spectrometer.raman": "anodefree.simulation.instruments.spectrometer",
    "spectrometer.reference": "anodefree.simulation.instruments.spectrometer_reference",
    "spectrometer.regions": "anodefree.simulation.instruments.photoemission_regions",
    "surface.level": "anodefree.analysis.afm.level",
    "surface.random": "anodefree.simulation.surface.random",
    "tem.domains": "anodefree.analysis.tem.domains",
    "tem.lattice": "anodefree.analysis.tem.lattice",
    "tem.rings": "anodefree.analysis.tem.rings",
    "tem.thickness": "anodefree.analysis.tem.thickness",
    "tofsims.profile": "anodefree.analysis.tofsims.profile",
    "tofsims.uniformity": "anodefree.analysis.tofsims.uniformity",
    "xps.components": "anodefree.analysis.xps.components",
    "xps.composition": "anodefree.analysis.xps.composition",
    "xps.depth": "anodefree.analysis.xps.depth",
}


@cache
def modules() -> dict[str, str]:
    """Stage name -> module, ours and those of installed packages."""
    added = {e.name: e.value.partition(":")[0] for e in metadata.entry_points(group="anodefree.stages")}
    return {**added, **MODULES}


def names() -> list[str]:
    """Every stage name, sorted."""
    return sorted(modules())


def get(name: str) -> Stage:
    """The stage of that name; its last part is enough where it is unique.

    Raises
    ------
    ConfigError: no such stage, or its module cannot be imported.
    """
    from anodefree.registry import registered  # brings numpy, which a list of names does not need

    full = resolve(name)
    module = modules()[full]
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(f"the stage '{full}' cannot be loaded: {error}", module, "is its package complete?") from error
    found = registered(full)
    if found is None:
        raise ConfigError(f"the module registers no stage '{full}'", module, "check the name in its @stage(...)")
    return found


def load(path: str | Path) -> Measurement | Result:
    """Open what `save` wrote: a measurement, or a result with its stage's figure."""
    from anodefree.core.result import Result
    from anodefree.io.read import load as opened

    found = opened(path)
    if isinstance(found, Result) and found.provenance is not None and found.provenance.stage in modules():
        return get(found.provenance.stage).dressed(found)
    return found


def resolve(name: str) -> str:
    """The full name of a stage that is given in full or by its unique last part."""
    known = modules()
    if name in known:
        return name
    ends = [k for k in known if k.rpartition(".")[2] == name]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise ConfigError(f"'{name}' is the name of several stages", hint="say " + " or ".join(sorted(ends)))
    raise ConfigError(f"no stage is named '{name}'", hint=near(name, known))
