"""The force field as a table: residues with their atoms and bonds, types with mass, charge, and what OpenMM needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

from anodefree.errors import ConfigError, DataError, near

MOST_BYTES = 8 * 2**20
FORBIDDEN = ("Script", "InitializationScript", "Include", "Patch")
"""Elements of OpenMM's format that would run code or open other files."""


@dataclass(frozen=True)
class Residue:
    """One molecule or ion: atoms as (name, type), bonds as pairs of indices."""

    name: str
    atoms: tuple[tuple[str, str], ...]
    bonds: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ForceField:
    """Residues and atom types of one or several files in OpenMM's XML format."""

    residues: dict[str, Residue]
    types: dict[str, tuple[str, float]]
    """Type -> element, mass [u]."""
    charges: dict[str, float]
    paths: tuple[str, ...]

    def residue(self, name: str) -> Residue:
        """The residue of that name.

        Raises
        ------
        ConfigError: there are no parameters for it.
        """
        if name not in self.residues:
            raise ConfigError(f"the force field has no parameters for '{name}'", hint=near(name, self.residues))
        return self.residues[name]

    def elements(self, residue: str) -> list[str]:
        """Symbols of the elements of a residue's atoms."""
        return [self.types[t][0] for _, t in self.residue(residue).atoms]

    def masses_u(self, residue: str) -> list[float]:
        """Masses of a residue's atoms."""
        return [self.types[t][1] for _, t in self.residue(residue).atoms]

    def charge_e(self, residue: str) -> float:
        """Its whole charge."""
        return sum(self.charges[t] for _, t in self.residue(residue).atoms)


@cache
def load_force_field(extra: Sequence[str] = ()) -> ForceField:
    """The package's own force field, with a user's own files on top.

    Raises
    ------
    ConfigError: no such file. DataError: it is no such XML, would run code, or a molecule has no whole charge.
    """
    own = str(files("anodefree") / "data" / "forcefield" / "electrolytes.xml")
    residues: dict[str, Residue] = {}
    types: dict[str, tuple[str, float]] = {}
    charges: dict[str, float] = {}
    for path in (own, *extra):
        root = _parsed(path)
        for t in root.iterfind("AtomTypes/Type"):
            types[t.attrib["name"]] = (t.attrib["element"], float(t.attrib["mass"]))
        for a in root.iterfind("NonbondedForce/Atom"):
            charges[a.attrib["type"]] = float(a.attrib["charge"])
        for r in root.iterfind("Residues/Residue"):
            atoms = tuple((a.attrib["name"], a.attrib["type"]) for a in r.iterfind("Atom"))
            place = {name: k for k, (name, _) in enumerate(atoms)}
            bonds = tuple((place[b.attrib["atomName1"]], place[b.attrib["atomName2"]]) for b in r.iterfind("Bond"))
            residues[r.attrib["name"]] = Residue(r.attrib["name"], atoms, bonds)
    field = ForceField(residues, types, charges, (own, *extra))
    for residue in residues.values():
        lacking = [t for _, t in residue.atoms if t not in types or t not in charges]
        if lacking:
            raise DataError(f"residue {residue.name} has atoms of type '{lacking[0]}', which has no parameters", extra[-1])
        whole = field.charge_e(residue.name)
        if abs(whole - round(whole)) > 1e-6:
            raise DataError(
                f"residue {residue.name} has a charge of {whole:g} e", extra[-1] if extra else own, "check its atoms"
            )
    return field


def _parsed(path: str) -> ElementTree.Element:
    file = Path(path)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DataError("is too large for a force field", path)
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read ({(error.strerror or str(error)).lower()})", path) from error
    except UnicodeDecodeError as error:
        raise DataError("is no XML text", path) from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DataError("declares entities, which a force field does not need", path, "remove the DOCTYPE")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise DataError(f"is no valid XML ({error})", path) from error
    for name in FORBIDDEN:
        if root.find(f".//{name}") is not None:
            raise DataError(f"holds an element '{name}', which would run code or open files", path, "remove it")
    return root
