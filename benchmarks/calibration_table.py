"""The tables of docs/calibration.md, from the study that they report, so that they are never typed.

    python benchmarks/calibration_table.py STORE [--write]

Runs studies/calibration.toml into STORE (three minutes of processor time; what is there is not run again) and prints both
tables; with --write they replace those of the page, between its marks. The page carries the key of what it reports, and a test
holds that this is the key of the study as it stands.
"""

from __future__ import annotations

import sys
from pathlib import Path

from anodefree.core.result import Estimate, Result, rounded
from anodefree.study.plan import Study, plan
from anodefree.study.run import outcomes, run
from anodefree.study.store import Store

ROOT = Path(__file__).resolve().parent.parent
STUDY, PAGE = ROOT / "studies" / "calibration.toml", ROOT / "docs" / "calibration.md"
COLLECTORS = ("Ni", "M-Ni")
MEASURED = {"Ni": (55.5, 66.7), "M-Ni": (0.9, 13.1)}
"""As the study gives them to the calibration (its file holds them with their standard deviations)."""


def key(study: Study) -> str:
    """What the tables depend on: parameters, seeds and versions of everything before them."""
    return "-".join(study.node(f"{step}[{c}]").key[:8] for step in ("calibrated", "predicted") for c in COLLECTORS)


def results(study: Study, store: Store) -> dict[str, Result]:
    """The four results by name of their node."""
    run(study, store)
    found = {}
    for outcome in outcomes(study, store):
        if outcome.node.id.startswith(("calibrated", "predicted")):
            if not isinstance(outcome.output, Result):
                raise SystemExit(f"{outcome.node.id}: {outcome.state} {outcome.error}")
            found[outcome.node.id] = outcome.output
    return found


def interval(e: Estimate, factor: float, unit: str = "") -> str:
    """Mean ± std and the 95 % interval in the unit shown."""
    low, high = (factor * float(v) for v in (e.low, e.high))  # type: ignore[arg-type]
    return f"{rounded(factor * e.value, factor * e.std)}{unit} ({shown(low)} to {shown(high)})"


def shown(value: float) -> str:
    """Two digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def calibrated(found: dict[str, Result]) -> list[str]:
    """What the measured porosities say of sites and film, and how each condition is foretold."""
    each = [found[f"calibrated[{c}]"].estimates for c in COLLECTORS]

    def row(words: str, *cells: str) -> str:
        return f"| {words} | {' | '.join(cells)} |"

    def narrowed(name: str) -> tuple[str, ...]:
        shares = [100 * e[f"contraction_{name}"].value for e in each]
        return tuple(f"{s:.0f} %" if s >= 0.5 else "nothing" for s in shares)

    rows = [
        "| | Ni, j0 0.40 mA/cm2 | M-Ni, j0 1.34 mA/cm2 |",
        "| --- | --- | --- |",
        row("mean distance of sites / um", *(interval(e["site_spacing"], 1e6) for e in each)),
        row("... narrowed (ln) by", *narrowed("site_spacing")),
        row("spread of the film", *(interval(e["film_spread"], 1) for e in each)),
        row("... narrowed by", *narrowed("film_spread")),
        row("film resistance / ohm cm2", *(interval(e["film_resistance"], 1e4) for e in each)),
        row("... narrowed (ln) by", *narrowed("film_resistance")),
        row("correlation of distance and spread", *(f"{e['correlation'].value:+.2f}" for e in each)),
        row("information / bit", *(f"{e['information'].value:.1f}" for e in each)),
    ]
    for k, where in enumerate(("0.1 mA/cm2, 0.15 mAh/cm2", "0.3 mA/cm2, 0.4 mAh/cm2")):
        measured = [
            f"{MEASURED[c][k]} ± {100 * float(found[f'calibrated[{c}]'].curves['measured_std'].values[k]):.2g}"
            for c in COLLECTORS
        ]
        rows += [
            row(f"porosity / %, {where}: measured (assumed std)", *measured),
            row("... uncalibrated", *(interval(e[f"porosity_{k + 1}_uncalibrated"], 100) for e in each)),
            row("... calibrated", *(interval(e[f"porosity_{k + 1}"], 100) for e in each)),
            row(
                "... foretold from the other condition, deviation", *(f"{e[f'held_out_{k + 1}'].value:+.1f} std" for e in each)
            ),
        ]
    emulator = found["calibrated[Ni]"].estimates
    rows += [
        row(
            "emulator, runs left out: rms, within one std",
            f"{100 * emulator['emulator_rms'].value:.1f} % of porosity",
            f"{100 * emulator['emulator_coverage'].value:.0f} %",
        ),
    ]
    for check in ("held out", "identifiable", "range"):
        status = [next(c.status for c in found[f"calibrated[{c}]"].checks if c.name == check) for c in COLLECTORS]
        rows.append(row(f"check *{check}*", *status))
    return rows


def predicted(found: dict[str, Result]) -> list[str]:
    """Conditions not used, uncalibrated beside calibrated."""
    rows = ["| | uncalibrated | calibrated |", "| --- | --- | --- |"]
    for k, where in enumerate(("0.5 mA/cm2, 10 mAh/cm2", "20 mA/cm2, 0.4 mAh/cm2"), start=1):
        for c in COLLECTORS:
            e = found[f"predicted[{c}]"].estimates
            for words, name, factor in (
                (f"{c}, {where}: porosity / %", "porosity", 100.0),
                ("... thickness / um", "thickness", 1e6),
            ):
                cells = [interval(e[f"{name}_{k}{tail}"], factor) for tail in ("_uncalibrated", "")]
                rows.append(f"| {words} | {cells[0]} | {cells[1]} |")
            rows.append(f"| ... narrowed by calibration | | {100 * e[f'narrowing_{k}'].value:.0f} % |")
    return rows


def replaced(page: str, name: str, rows: list[str]) -> str:
    """The page with what stands between the marks of that name replaced."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not rest or not after:
        raise SystemExit(f"docs/calibration.md has no marks '{name}'")
    return before + begin + "\n" + "\n".join(rows) + "\n\n" + end + after


def main(store: str, *options: str) -> None:
    study = plan(STUDY)
    found = results(study, Store(Path(store)))
    tables = {"calibrated": calibrated(found), "predicted": predicted(found), "key": [f"<!-- {key(study)} -->"]}
    for name in ("calibrated", "predicted"):
        print("\n".join(tables[name]), end="\n\n")
    if "--write" in options:
        page = PAGE.read_text(encoding="utf-8")
        for name, rows in tables.items():
            page = replaced(page, name, rows)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
