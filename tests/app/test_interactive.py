"""The interactive view of what stages give: true curves and tables, finite numbers, labelled axes, no peak lost to thinning."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from anodefree import stages
from anodefree.app.content import Content, content
from anodefree.app.curve_tables import as_rows
from anodefree.app.envelope import IN_SIGHT, kept
from anodefree.app.interactive import View
from anodefree.app.seen import export, table
from anodefree.core.result import Result
from anodefree.errors import ConfigError
from anodefree.kinds.cycling import CYCLING

CHEAP = [
    "eis.kramers_kronig", "cycling.efficiency", "cycling.retention", "cycling.compare", "kinetics.tafel", "optical.front",
    "afm.roughness", "afm.modulus", "sem.porosity", "ions.fly", "ions.landing", "ions.rotation", "ions.section",
    "microscope.section", "eis.evolution", "pouch.energy", "raman.band", "kinetics.exchange_current",
]  # fmt: skip


def of(name: str, *seeds: int) -> Content:
    stage = stages.get(name)
    named = {}
    for seed in seeds or (1,):
        demo = stage.example(np.random.default_rng(seed))
        output = stage(*demo.inputs, **demo.parameters)
        data = output.curves if isinstance(output, Result) else output.data
        named[f"cell {seed}" if seeds else ""] = data
    return content(named)


def long_record(count: int = 100_000) -> Content:
    time_s = 3.0 * np.arange(count)
    voltage_V = 3.4 + 0.4 * np.sin(time_s / 20_000)
    voltage_V[54_321] = 5.0
    arrays = {"time_s": time_s, "voltage_V": voltage_V, "current_A": np.where(np.arange(count) % 2000 < 1000, 1e-3, -1e-3)}
    from anodefree.core.measurement import Measurement

    return content({"": Measurement.of(CYCLING, arrays).data})


@pytest.mark.parametrize("name", CHEAP)
def test_demo_is_sorted_into_labelled_finite_panels_and_tables(name: str) -> None:
    found = of(name)
    assert found.panels or found.tables
    for panel in found.panels:
        assert panel.x_label
        assert panel.y_label
        assert panel.lines or panel.picture is not None
        assert all(np.isfinite(n.y).any() and n.x.shape == n.y.shape for n in panel.lines)
    for made in found.tables:
        assert all(len(row) == len(made.head) for row in made.rows)
    view = View(found)
    view.choose(range(len(found.panels)))
    drawn = view.figure()
    assert len(drawn["data"]) >= len(found.panels)
    assert all(axis["title"]["text"] for n, axis in drawn["layout"].items() if "axis" in n)


def test_rows_with_words_are_a_table_and_no_curve() -> None:
    found = of("kinetics.exchange_current")
    assert found.panels == ()
    (made,) = found.tables
    assert made.head == ("route", "j0 / mA\u202fcm⁻²")
    columns, rows = as_rows(made)
    assert "±" in rows[0]["c1"]
    assert isinstance(rows[0]["n1"], float)
    assert ":sort" in columns[1]


def test_measured_and_fitted_lie_in_one_panel_over_one_unit() -> None:
    (panel,) = of("kinetics.tafel").panels
    assert panel.x_label == "overpotential / V"
    assert {"current density", "anodic tafel", "cathodic tafel"} <= {n.name for n in panel.lines}
    anodic, cathodic = (next(n for n in panel.lines if n.name == f"{w} tafel") for w in ("anodic", "cathodic"))
    assert np.nanmin(anodic.x) >= 0 >= np.nanmax(cathodic.x)


def test_flags_are_left_out_and_said() -> None:
    found = of("cycling.efficiency")
    assert found.panels[0].title == "CE over cycle"
    assert any("steady" in text for text in found.left_out)
    assert found.panels[0].lines[0].std is not None
    (trace, *_) = [t for t in View(found).figure()["data"] if t["name"] == "CE"]
    assert "±" in trace["hovertemplate"]
    assert "error_y" in trace


def test_two_of_a_stage_lie_over_each_other_in_a_colour_each(tmp_path: Path) -> None:
    view = View(of("cycling.efficiency", 1, 2))
    assert [n.label for n in view.panels[0].lines] == ["cell 1 CE", "cell 2 CE"]
    colours = {view.colour_of(n)[0] for p in view.panels for n in p.lines if n.who == "cell 1"}
    assert len(colours) == 1
    view.hidden = {"cell 2 CE"}
    for suffix, begins in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
        assert export(view, suffix, tmp_path / f"both.{suffix}").read_bytes().startswith(begins)
    with export(view, "csv", tmp_path / "both.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert "cell 1 CE" in lines[0]
    assert "cell 2 CE" not in lines[0]
    assert float(lines[3]["cell 1 CE"]) == view.panels[0].lines[0].y[3]
    with pytest.raises(ConfigError, match="cannot be exported"):
        export(view, "exe", tmp_path / "both.exe")


def test_the_axes_of_one_quantity_move_together_and_what_is_seen_is_exported() -> None:
    view = View(long_record())
    view.figure()
    assert view.moved({"xaxis.range[0]": 10.0, "xaxis.range[1]": 10.5, "yaxis.range": [3.0, 4.0]}) == {"x", "x2", "y"}
    assert view.window(1, "x") == (10.0, 10.5)
    columns = table(view)
    inside = columns["voltage: time / h"]
    assert len(inside) == 603  # half an hour at 3 s, its ends, and the neighbours on either side
    update, traces = view.refined({"x", "x2"})
    assert traces == [0, 1]
    assert np.isin(inside, update["x"][0]).all(), "every point in sight is drawn"
    assert view.moved({"xaxis.autorange": True}) == {"x", "x2"}
    assert view.window(0, "x") is None
    assert view.moved({"nonsense": 1, "xaxis9.range[0]": 1, "xaxis.range": ["a", None]}) == set()


def test_thinning_keeps_the_ends_every_spike_and_gaps() -> None:
    line = long_record().panels[0].lines[0]
    y = line.y.copy()
    y[70_000] = np.nan
    at = kept(line.x, y)
    assert len(at) <= 2 * IN_SIGHT
    assert (at[0], at[-1]) == (0, 99_999)
    assert 54_321 in at
    assert 70_000 in at
    window = (float(line.x[54_000]), float(line.x[55_000]))
    seen = kept(line.x, y, window=window)
    assert np.isin(np.arange(54_000, 55_001), seen).all()
    assert len(seen) < 3 * IN_SIGHT
    loop = np.cos(np.linspace(0, 60, 50_000))
    turns = kept(loop, np.sin(np.linspace(0, 60, 50_000)))
    assert loop[turns].max() == loop.max()
    assert loop[turns].min() == loop.min()


def test_a_section_has_its_lengths_shapes_are_no_tables_and_rounding_is_no_signal() -> None:
    import xarray as xr

    steady = 0.1 + np.spacing(0.1) * np.array([0.0, 1.0, -1.0, 0.0, 1.0])
    data = xr.Dataset(
        {
            "time_s": ("step", np.arange(5.0)),
            "current_A": ("step", steady),
            "section_lithium": (("z", "x"), np.zeros((10, 20))),
            "section_m": ("side", np.array([50e-6, 25e-6])),
        }
    )
    found = content({"": data})
    assert not found.tables
    view = View(found)
    picture = next(p for p in found.panels if p.picture is not None)
    assert picture.picture is not None
    assert picture.x_unit == "um"
    assert picture.picture.x[[0, -1]] == pytest.approx([1.25, 48.75])
    low, high = view.figure()["layout"]["yaxis"]["range"]
    assert high - low > 0.01
