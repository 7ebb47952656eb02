"""One simulated deposit as one point: the conditions it was grown under and the numbers of its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anodefree.analysis.deposit.morphology import fields_of, morphology
from anodefree.analysis.deposit.shape import NAMES, BranchedAbove, DenseBelow, EnvelopeWidth, SlenderAbove
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.deposit_points import CONDITIONS, DEPOSIT_POINTS, NUMBERS, DepositPoints
from anodefree.kinds.fields import Fields
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIQUID: Final = 0.01
"""Fraction of metal below which a cell counts as liquid."""


@stage("deposit.point", version=2, cites=("lee1994", "kunsch1989", "chen2026"))
def point(
    fields: Fields,
    *,
    envelope_width_m: EnvelopeWidth = None,
    dense_below: DenseBelow = 0.10,
    slender_above: SlenderAbove = 2.0,
    branched_above: BranchedAbove = 1.0,
) -> DepositPoints:
    """A simulated deposit as one row: what it was grown under, and the numbers of its last frame.

    The numbers are those of `deposit.morphology`, P = 1 - d_t/d_a among them, and `porosity_tip` = 1 - d_t/h_tip beside: what
    it becomes for an envelope so wide that all gaps are pores. The conditions are those that the fields state, named as the
    parameters of `deposit.grow`. Points of many runs join: for `deposit.ensemble` over replicas, for `deposit.diagram` over
    conditions. Conditions that not all of the joined runs state are left out. *Valid when* as for `deposit.morphology`; a
    run that stopped early counts as it is, with `complete` 0. `salt_unevenness` and `potential_unevenness_V` are the
    largest ranges along the collector at one height, in the liquid. *Source* Lee et al. 1994 (skeleton); Künsch 1989 (the
    std that a run expects of itself). *Differs from the paper*, which shows one run each. Raises DataError: no lithium, or
    no charge passed, in the last frame.
    """
    limits: dict[str, Any] = {"dense_below": dense_below, "slender_above": slender_above, "branched_above": branched_above}
    found = morphology(fields, envelope_width_m=envelope_width_m, **limits).estimates
    if "porosity_thickness" not in found:
        raise DataError("has no net charge in its last frame", fields.source.name, "does the run end stripped bare?")
    arrays: dict[str, Any] = {}
    for name in NUMBERS:
        estimate = name.removesuffix("_m_s").removesuffix("_m")
        if estimate in found:
            arrays[name] = found[estimate].value
    arrays |= {
        "porosity_tip": 1 - found["thickness"].value * (1 - found["porosity_thickness"].value) / found["tip_height"].value,
        "charge_C_m2": float(np.interp(fields["frame_time_s"][-1], fields["time_s"], fields["charge_C_m2"])),
        "porosity_volume_std": found["porosity_volume"].std,
        "thickness_std_m": found["thickness"].std,
        "shape": found["class"].value,
        "shape_margin": max(found["class_margin"].value, 1e-12),
        "cell_m": float(fields["z_m"][1] - fields["z_m"][0]),
        "complete": float(fields.meta.get("stopped", "finished") == "finished"),
    }
    arrays |= uneven(fields)
    arrays |= {n: float(fields.meta[n]) for n in CONDITIONS if isinstance(fields.meta.get(n), (int, float))}
    rows: dict[str, Any] = {n: np.array([v]) for n, v in arrays.items()}
    rows["collector"] = np.array([str(fields.meta.get("collector", ""))], dtype=object)
    return Measurement.of(DEPOSIT_POINTS, rows, {"envelope_width_m": envelope_width_m, **limits})


def uneven(fields: Measurement) -> dict[str, float]:
    """How much salt and potential differ along the collector at one height in the last frame, at most; liquid only."""
    liquid = np.asarray(fields["lithium"][-1]) < LIQUID
    kept = liquid.reshape(liquid.shape[0], -1).any(axis=1)
    found = {}
    for name in ("concentration_mol_m3", "potential_V"):
        if name in fields and kept.any():
            values = np.asarray(fields[name][-1], float)[kept].reshape(int(kept.sum()), -1)
            at = liquid[kept].reshape(values.shape)
            ranges = np.max(np.where(at, values, -np.inf), axis=1) - np.min(np.where(at, values, np.inf), axis=1)
            scale = float(values[at].mean()) if name.startswith("conc") else 1.0
            found["salt_unevenness" if name.startswith("conc") else "potential_unevenness_V"] = float(ranges.max()) / scale
    return found


@point.plot
def draw(points: Measurement, ax: Axes) -> None:
    """Porosity under the envelope against thickness, one mark for each name of a shape."""
    from anodefree.core.figure import COLOURS

    thickness, porosity = 1e6 * points["thickness_m"], 100 * points["porosity_volume"]
    for k, name in enumerate(NAMES):
        of = points["shape"] == k
        if of.any():
            ax.plot(thickness[of], porosity[of], "os^Dv"[k], color=COLOURS[k], label=name)
    ax.plot([0, 1.5 * thickness.max()], [100 * float(points.meta["dense_below"])] * 2, ":", color="0.5", lw=0.8, label="_")
    ax.set(xlabel="thickness / µm", ylabel="porosity under the envelope / %", xlim=(0, 1.5 * thickness.max()), ylim=(0, 100))
    ax.legend(loc="upper right")


@point.demo
def demo(rng: np.random.Generator) -> Demo:
    """Slender blocks of one height and width at even distances: porosity and thickness by counting."""
    rows, width, gap, count, cell = 40, 6, int(rng.integers(3, 9)), 8, 0.1e-6
    height = int(rng.integers(14, 24))
    row = np.append(np.tile(np.r_[np.ones(width), np.zeros(gap)], count), np.ones(width))
    grown = np.where(np.arange(rows)[:, None] < height, row, 0.0)
    early = np.where(np.arange(rows)[:, None] < height // 2, grown, 0.0)
    fields = fields_of(np.stack([early, grown]), cell, height * cell * float(row.mean()))
    fields = fields.with_meta(j0_A_m2=4.0, site_spacing_m=(width + gap) * cell, stopped="finished", collector="Ni")
    empty = [1 - float(row.mean())]
    truth = {"porosity_volume": empty, "porosity_tip": empty, "thickness_m": [height * cell], "shape": [3.0]}
    return Demo((fields,), truth | {"j0_A_m2": [4.0], "complete": [1.0]}, tolerance=1e-6)
