"""A recipe of an electrolyte -> how many molecules of each residue a box of given edge holds."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from anodefree.core.constants import ATOMIC_MASS_KG, AVOGADRO_PER_MOL
from anodefree.errors import ConfigError, near
from anodefree.simulation.solvation.force_field import ForceField

LITRE_M3: Final = 1e-3
FEWEST: Final = 1
"""Molecules of each component, below which a box says nothing of the recipe."""


@dataclass(frozen=True)
class Recipe:
    """Salts by molarity [mol/L of solution], solvents by volume before mixing, additives by weight per cent of the whole."""

    title: str
    molarity: dict[str, float]
    volumes: dict[str, float]
    weight_percent: dict[str, float]
    source: str = ""


def known_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    return sorted(p.name.removesuffix(".toml") for p in _folder("electrolytes").iterdir() if p.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """A recipe by the name of one that comes with the package, or from a TOML file.

    Raises
    ------
    ConfigError: there is none of that name, or the file has other words, or numbers that are not positive.
    """
    place: Any = Path(name) if name.endswith(".toml") else _folder("electrolytes") / f"{name}.toml"
    try:
        table = tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"no recipe is named '{name}'", hint=near(name, known_recipes())) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"cannot be read ({error})", name, "a recipe is a TOML text file") from error
    parts = ("molarity", "volumes", "weight_percent")
    strange = sorted(set(table) - {"title", "source", *parts})
    if strange:
        raise ConfigError(f"unknown word '{strange[0]}'", name, f"a recipe has title, source, {', '.join(parts)}")
    numbers = {p: {str(k): _positive(v, f"{name}, {p}, {k}") for k, v in table.get(p, {}).items()} for p in parts}
    if not numbers["volumes"]:
        raise ConfigError("names no solvent", name, "volumes = { DOL = 1, DME = 1 }")
    unknown = sorted({s for part in numbers.values() for s in part} - set(components()))
    if unknown:
        raise ConfigError(f"'{unknown[0]}' is not known", name, near(unknown[0], components()))
    return Recipe(str(table.get("title", name)), **numbers, source=str(table.get("source", "")))


def counts(recipe: Recipe, edge_m: float, field: ForceField) -> dict[str, int]:
    """Residue -> number of molecules in a box of that edge, rounded to whole salts, so that the box is neutral.

    Per litre of solution: the salts' moles are the molarity; the additives' mass is their part of the whole; what volume the
    salts leave (by their apparent molar volumes) is filled by the solvents in proportion.

    Raises
    ------
    ConfigError: the salts leave no volume, or a component has less than one molecule.
    """
    known = components()
    mass = {s: _molar_mass_kg(s, field) for s in (*recipe.molarity, *recipe.volumes, *recipe.weight_percent)}
    moles = dict(recipe.molarity)
    part = sum(recipe.weight_percent.values()) / 100
    share = sum(recipe.volumes.values())
    solvent_density = sum(v * known[s]["density_kg_m3"] for s, v in recipe.volumes.items()) / share
    for _ in range(100):  # the additive's mass depends on that of the whole, and this on the volume it takes
        taken = sum(m * known[s]["molar_volume_m3_mol"] for s, m in moles.items())
        left = LITRE_M3 - taken
        if left <= 0:
            raise ConfigError("the salts fill the whole volume", recipe.title, "lower the molarity")
        whole = (sum(m * mass[s] for s, m in recipe.molarity.items()) + left * solvent_density) / (1 - part)
        before = dict(moles)
        moles |= {s: recipe.molarity.get(s, 0.0) + w / 100 * whole / mass[s] for s, w in recipe.weight_percent.items()}
        if all(abs(moles[s] - before.get(s, 0.0)) < 1e-12 for s in moles):
            break
    number = edge_m**3 / LITRE_M3 * AVOGADRO_PER_MOL
    found: dict[str, int] = {}
    for salt, m in moles.items():
        for ion, each in known[salt]["ions"].items():
            found[ion] = found.get(ion, 0) + each * round(m * number)
    for solvent, v in recipe.volumes.items():
        per_litre = left * v / share * known[solvent]["density_kg_m3"] / mass[solvent]
        found[known[solvent]["residue"]] = round(per_litre * number)
    few = [r for r, n in found.items() if n < FEWEST]
    if few:
        raise ConfigError(f"a box of {1e10 * edge_m:.3g} Å holds no molecule of {few[0]}", recipe.title, "take a larger box")
    return found


@cache
def components() -> dict[str, dict[str, Any]]:
    """Solvents and salts that recipes may name."""
    return {k: v for k, v in _species().items() if k != "names"}


def species_name(residue: str) -> str:
    """What a residue is called in figures and selections; a user's own keeps its name."""
    return str(_species()["names"].get(residue, residue))


@cache
def _species() -> dict[str, Any]:
    return tomllib.loads((_folder("forcefield") / "species.toml").read_text(encoding="utf-8"))


def _molar_mass_kg(component: str, field: ForceField) -> float:
    entry = components()[component]
    residues = entry["ions"] if "ions" in entry else {entry["residue"]: 1}
    return sum(n * sum(field.masses_u(r)) for r, n in residues.items()) * ATOMIC_MASS_KG * AVOGADRO_PER_MOL


def _positive(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
        raise ConfigError(f"{value!r} is not a positive number", where)
    return float(value)


def _folder(name: str) -> Any:
    return files("anodefree") / "data" / name
