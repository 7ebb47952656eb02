"""What can be simulated at a click: parameter sets out of the shipped studies, by collector and size, as a study file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from anodefree.errors import ConfigError, near
from anodefree.study import written
from anodefree.study.shipped import shipped
from anodefree.study.spec import StepSpec, load_spec

Table = dict[str, Any]
COLLECTORS: Final = {"Cu": "copper", "Ni": "nickel", "M-Ni": "magnetised nickel"}
SIZES: Final = ("small", "laptop", "production")


@dataclass(frozen=True)
class Taken:
    """One step of a shipped study: which of its cases for each collector, and what is set besides."""

    step: str
    case: Mapping[str, str] = field(default_factory=dict)
    over: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    """What it is called here, where steps of several names stand for the collectors."""


@dataclass(frozen=True)
class Subject:
    """Something to simulate."""

    title: str
    study: str
    main: str
    """The step whose parameters the form shows."""
    steps: Mapping[str, tuple[Taken, ...]]
    """By collector."""
    sizes: Mapping[str, Table]
    """What a size sets in the main step."""
    cost: Mapping[str, str]
    note: str = ""
    looked_at: bool = False
    """Whether `deposit.view` follows: the deposit as a figure, in space, and as a movie."""

    @property
    def collectors(self) -> tuple[str, ...]:
        """Those that make a difference here."""
        return tuple(self.steps)


def _all(*steps: Taken) -> dict[str, tuple[Taken, ...]]:
    return dict.fromkeys(COLLECTORS, steps)


_KINETICS: Final[dict[str, Table]] = {
    "Cu": {"j0_A_m2": "0.31 mA/cm2", "film_ohm_m2": "222 ohm cm2"},
    "Ni": {"j0_A_m2": "0.40 mA/cm2", "film_ohm_m2": "171 ohm cm2"},
    "M-Ni": {"j0_A_m2": "1.34 mA/cm2", "film_ohm_m2": "51 ohm cm2"},
}
"""Exchange currents that the reference paper states, and the films that the shipped studies take with them."""
_FEW: Final = {"site_spacing_m": "5 um"}
_LOW: Final = "0.1 mA/cm2"
_FIELD: Final = {"Cu": "no field", "Ni": "no field", "M-Ni": "10 mT"}
_BOX: Final = {c: f"{f}, 1" for c, f in _FIELD.items()}
_SAME: Final = {c: c for c in COLLECTORS}

SUBJECTS: Final[dict[str, Subject]] = {
    "deposit": Subject(
        "Deposition",
        "hcmass",
        "deposit",
        {
            "Cu": (Taken("copper", over=_FEW, name="deposit"),),
            "Ni": (Taken("nickel", {"Ni": _LOW}, _FEW, "deposit"),),
            "M-Ni": (Taken("magnetised", {"M-Ni": _LOW}, name="deposit"),),
        },
        {
            "small": {"cells": 100, "frames": 21},
            "laptop": {"cells": 200, "frames": 21},
            "production": {"cells": 400, "height_m": "25 um", "frames": 41},
        },
        {
            "small": "about a second of processor time",
            "laptop": "a few seconds",
            "production": "10 to 20 s and 340 MiB; a box in space of 96³ cells three minutes",
        },
        "How far sites of copper and nickel are apart is not stated: 5 µm is one of four distances that the study sweeps.",
        looked_at=True,
    ),
    "space": Subject(
        "Deposition in space",
        "rods",
        "space",
        {c: (Taken("space", over={**k, "collector": c}),) for c, k in _KINETICS.items()},
        {
            "small": {"cells": 24, "frames": 9},
            "laptop": {"cells": 48, "frames": 11},
            "production": {"cells": 96, "frames": 11},
        },
        {
            "small": "three or four seconds of processor time",
            "laptop": "about 36 s of processor time",
            "production": "many minutes; not measured",
        },
        "Geometry and unevenness of the film are those of the study of rods; kinetics are the collector's.",
        looked_at=True,
    ),
    "cycle": Subject(
        "Plating and stripping",
        "rods",
        "cycle",
        {c: (Taken("stripped", over={**k, "collector": c}, name="cycle"),) for c, k in _KINETICS.items()},
        {
            "small": {"cells": 80, "frames": 8},
            "laptop": {"cells": 160, "frames": 12},
            "production": {"cells": 320, "frames": 21},
        },
        {"small": "seconds", "laptop": "a minute; not measured", "production": "many minutes; not measured"},
        "Geometry and unevenness of the film are those of the study of rods; kinetics are the collector's.",
        looked_at=True,
    ),
    "ions": Subject(
        "Ions without the liquid",
        "hcmass",
        "flights",
        _all(Taken("cell_field"), Taken("vacuum_flights", _FIELD, name="flights"), Taken("vacuum_landing", name="landing")),
        {"small": {"ions": 400}, "laptop": {"ions": 8000}, "production": {"ions": 100_000}},
        {
            "small": "seconds",
            "laptop": "seconds",
            "production": "7 s of processor time for 100 000 ions of a species at 200 steps",
        },
        "An illustration: in a liquid the velocity is lost within femtoseconds.",
    ),
    "ions-liquid": Subject(
        "Ions in the liquid",
        "hcmass",
        "flights",
        _all(Taken("cell_field"), Taken("liquid_flights", _FIELD, name="flights"), Taken("liquid_landing", name="landing")),
        {"small": {"ions": 200}, "laptop": {"ions": 2000}, "production": {"ions": 50_000}},
        {"small": "seconds", "laptop": "under a minute; not measured", "production": "minutes; not measured"},
    ),
    "solvation": Subject(
        "Molecular dynamics of the electrolyte",
        "hcmass",
        "electrolyte",
        _all(Taken("electrolyte", _BOX), Taken("shells")),
        {
            "small": {},
            "laptop": {"equilibration_s": "50 ps", "production_s": "100 ps", "frame_every_s": "0.5 ps"},
            "production": {
                **{"edge_m": "56.3 angstrom", "cutoff_m": "12 angstrom"},
                **{"equilibration_s": "2 ns", "production_s": "20 ns", "frame_every_s": "5 ps"},
            },
        },
        {
            "small": "about a minute; shows the path, says nothing of shells",
            "laptop": "an hour or more without a GPU; not measured",
            "production": "for a GPU: days on a processor",
        },
        "Needs the extra md and packmol. The collector enters by its flux density alone: 10 mT on magnetised nickel.",
    ),
    "cell": Subject(
        "Anode-free cell",
        "hcmass",
        "collector-cells",
        _all(Taken("collector-cells", _SAME), Taken("cell-voltage")),
        {"small": {}, "laptop": {"cycles": 100}, "production": {"cycles": 300, "fidelity": "DFN"}},
        {"small": "seconds", "laptop": "seconds", "production": "about 14 s of processor time for 300 cycles"},
        "The coulombic efficiency is an input: what a retention then says follows from it. Needs the extra cell.",
    ),
    "lithium-pair": Subject(
        "Lithium against copper, long cycling",
        "hcmass",
        "half-pair",
        {"M-Ni": (Taken("half-pair"), Taken("half-pair-efficiency"))},
        {"small": {"cycles": 50}, "laptop": {}, "production": {"tolerance": 1e-4, "nodes": 48}},
        {"small": "seconds", "laptop": "about half a minute", "production": "minutes; not measured"},
        "The efficiency is an input, the one stated for magnetised nickel.",
    ),
    "film": Subject(
        "Magnetic film",
        "hcmass",
        "film",
        {"M-Ni": (Taken("film", {"M-Ni": "1 um, across"}),)},
        {"small": {"grid": 64}, "laptop": {}, "production": {"grid": 512}},
        {"small": "seconds", "laptop": "seconds", "production": "a minute; not measured"},
    ),
    "pouch": Subject(
        "Energy of a pouch cell",
        "hcmass",
        "pouch",
        _all(Taken("collector-cells", _SAME), Taken("cell-voltage"), Taken("pouch")),
        {"small": {"draws": 20_000}, "laptop": {}, "production": {"draws": 2_000_000}},
        {"small": "seconds", "laptop": "seconds", "production": "under a minute; not measured"},
        "Its mean voltage is that of the simulated cell on the chosen collector. Needs the extra cell.",
    ),
}


@dataclass(frozen=True)
class Chosen:
    """A subject on a collector at a size, ready to be changed and written."""

    subject: Subject
    collector: str
    size: str
    steps: tuple[StepSpec, ...]

    @property
    def main(self) -> StepSpec:
        """The step whose parameters the form shows."""
        return next(s for s in self.steps if s.name == self.subject.main)

    @property
    def title(self) -> str:
        """What the job is called."""
        return f"{self.subject.title} on {COLLECTORS[self.collector]}, {self.size}"


def choose(subject: str, collector: str, size: str) -> Chosen:
    """The steps of a preset, each with one set of parameters.

    Raises
    ------
    ConfigError: no such subject, collector or size.
    """
    found = SUBJECTS.get(subject)
    if found is None:
        raise ConfigError(f"there is nothing called '{subject}' to simulate", hint=near(subject, SUBJECTS))
    if collector not in found.steps or size not in SIZES:
        raise ConfigError(
            f"no preset for {collector}, {size}", found.title, f"there are {', '.join(found.collectors)}; {', '.join(SIZES)}"
        )
    known = {s.name: s for s in load_spec(shipped(found.study)).steps}
    names = {t.step: t.name or t.step for t in found.steps[collector]}
    steps = tuple(_step(known[t.step], t, collector, names, found, size) for t in found.steps[collector])
    if found.looked_at:
        steps = (*steps, StepSpec.model_validate({"name": "view", "stage": "deposit.view", "inputs": [found.main]}))
    return Chosen(found, collector, size, steps)


def _step(spec: StepSpec, taken: Taken, collector: str, names: dict[str, str], subject: Subject, size: str) -> StepSpec:
    """A step with one case and the first value of each sweep; the collector decides which case."""
    name = names[taken.step]
    case = spec.cases[taken.case[collector]] if taken.case else {}
    first = {n: values[0] for n, values in spec.sweep.items()}
    sized = subject.sizes[size] if name == subject.main else {}
    given = {**first, **spec.parameters, **case, **taken.over, **sized}
    fed = {n: {**v, "from": _renamed(v["from"], names)} if _is_fed(v) else v for n, v in given.items()}
    inputs = [_renamed(i, names) if isinstance(i, str) else i for i in spec.inputs]
    update = {"name": name, "inputs": inputs, "parameters": fed, "cases": {}, "sweep": {}, "answers": []}
    return spec.model_copy(update=update)


def _is_fed(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"from", "estimate"}


def _renamed(source: str, names: dict[str, str]) -> str:
    """The step that an input names, without its case: here every step has one."""
    bare = re.sub(r"\[.*\]$", "", source)
    return names.get(bare, bare)


def study_text(chosen: Chosen, parameters: Mapping[str, Any] | None = None, *, seed: int = 0, title: str = "") -> str:
    """The study file, the main step with other parameters where they are given."""
    steps = []
    for step in chosen.steps:
        main = step.name == chosen.main.name
        given = parameters if main and parameters is not None else step.parameters
        steps.append(written.WrittenStep(step.name, step.stage, step.inputs, given, "" if main else step.title))
    comment = f"From the shipped study {chosen.subject.study}.toml; run it with: anodefree run THIS_FILE"
    return written.study_text(title or chosen.title, steps, seed=seed, comment=comment)
