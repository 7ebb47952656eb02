"""A hundred thousand points in a browser: few are drawn, none is lost, and dragging and the wheel refine what is in sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anodefree.app.envelope import IN_SIGHT
from lab import Server

pytestmark = pytest.mark.slow
COUNT = 100_000
PLOT = "document.querySelector('[data-testid=preview-plot]')"


def write_record(path: Path, count: int = COUNT) -> None:
    """A cycler's table with a spike of one point."""
    place = np.arange(count)
    voltage_V = 3.4 + 0.4 * np.sin(place / 7000)
    voltage_V[54_321] = 5.0
    columns = zip(3.0 * place, voltage_V, np.where(place // 1000 % 2, -1.0, 1.0), place // 2000 + 1, strict=True)
    path.write_text("time/s,voltage/V,current/mA,cycle\n" + "".join(f"{t:.1f},{v:.5f},{i},{c}\n" for t, v, i, c in columns))


def in_sight(page: Any) -> int:
    """Points of the voltage drawn between the ends of the axis."""
    ends = f"{PLOT}._fullLayout.xaxis.range"
    return int(page.evaluate(f"(([a, b]) => {PLOT}.data[0].x.filter(x => x >= a && x <= b).length)({ends})"))


def test_a_long_curve_is_dragged_zoomed_and_refined(server: Server, page: Any, tmp_path: Path) -> None:
    write_record(tmp_path / "long.csv")
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/files")
    page.get_by_test_id("file-input").set_input_files(tmp_path / "long.csv")
    page.get_by_test_id("file-long.csv").get_by_text("galvanostatic cycling").first.wait_for()
    page.get_by_test_id("preview-long.csv").click()
    page.wait_for_function(f"{PLOT}?._fullLayout?.xaxis?.range")
    assert in_sight(page) <= IN_SIGHT + 2
    assert page.evaluate(f"Math.max(...{PLOT}.data[0].y)") == 5.0
    everything = page.evaluate(f"{PLOT}._fullLayout.xaxis.range")

    box = page.get_by_test_id("preview-plot").bounding_box()
    x, y = box["x"] + 0.5 * box["width"], box["y"] + 120
    page.wait_for_timeout(300)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -100)  # not yet clicked: the page scrolls, the plot stays
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.move(x + 100, y, steps=4)
    page.mouse.up()
    page.wait_for_function(f"{PLOT}._fullLayout.xaxis.range[0] < {everything[0]} - 1")
    moved = page.evaluate(f"{PLOT}._fullLayout.xaxis.range")
    assert moved[1] - moved[0] == pytest.approx(everything[1] - everything[0])
    page.wait_for_function(f"{PLOT}._fullLayout.xaxis2.range[0] === {PLOT}._fullLayout.xaxis.range[0]")

    for _ in range(200):  # a busy browser takes several turns of the wheel for one
        page.mouse.wheel(0, -100)
        low, high = page.evaluate(f"{PLOT}._fullLayout.xaxis.range")
        if high - low < 1.2:
            break
    assert high - low < 1.2
    every = f"{PLOT}.data[0].x.filter(x => x >= a && x <= b).length >= (b - a) * 1200 - 2"
    page.wait_for_function(f"(([a, b]) => {every})({PLOT}._fullLayout.xaxis.range)")  # all that is in sight is drawn
    low, high = page.evaluate(f"{PLOT}._fullLayout.xaxis.range")
    assert in_sight(page) == pytest.approx((high - low) * 1200, abs=2)

    with page.expect_download() as coming:
        page.get_by_test_id("seen-csv").click()
    coming.value.save_as(tmp_path / "seen.csv")
    assert len((tmp_path / "seen.csv").read_text().splitlines()) - 1 == pytest.approx((high - low) * 1200, abs=4)
    page.get_by_test_id("preview-plot-show-everything").click()
    page.wait_for_function(f"(([a, b]) => b - a > 80)({PLOT}._fullLayout.xaxis.range)")
    page.wait_for_function(f"{PLOT}.data[0].x.length <= {IN_SIGHT} + 2")
