"""Every page of the laboratory: contrast, width and header, at two widths, in light and dark."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest

import anodefree as af
from anodefree.app.analyses import begin
from anodefree.app.project import Project
from anodefree.app.reading import reading
from lab import Server

pytestmark = pytest.mark.slow
LEAST = 4.5
POOR = r"""() => {
  const rgba = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return text.startsWith("color(") ? [255 * r, 255 * g, 255 * b, a] : [r, g, b, a];
  };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const behind = (element) => {
    const found = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) found.push(colour);
      if (colour[3] === 1) break;
    }
    return found.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, text = node.textContent.trim();
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    if (!text || !box.width || !box.height || box.right < 0 || style.visibility === 'hidden') continue;
    if (element.closest('svg, script, style, .disabled, .q-icon, [aria-hidden=true]')) continue;
    let opacity = 1;
    for (let e = element; e; e = e.parentElement) opacity *= parseFloat(getComputedStyle(e).opacity);
    if (opacity < 0.05) continue;
    const ground = behind(element), ink = rgba(style.color);
    const lights = [light(over([...ink.slice(0, 3), ink[3] * opacity], ground)), light(ground)];
    const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    if (contrast < LEAST) poor.push(`${contrast.toFixed(2)} ${text.slice(0, 40)} <${element.className}>`);
  }
  return poor;
}""".replace("LEAST", str(LEAST))


@pytest.fixture(scope="module")
def pages(server: Server) -> list[tuple[str, str]]:
    """Address and mark of each page, of a project with a result and a file that cannot be read."""
    project = Project.open(server.home / "First-project")
    stage = af.get("cycling.efficiency")
    for seed in (1, 2):
        stage.example(np.random.default_rng(seed)).inputs[0].save(project.files_path / f"cell {seed}.nc")
    (project.files_path / "rig.dat").write_text("1;2;3\n4;5;6\n" * 4)
    project.samples_path.write_text("name,active_mass (mg)\ncell 1,12.5\ncell 2,11\n")
    one = begin(project, stage, [reading(project, f"cell {s}.nc") for s in (1, 2)], {})
    assert one.job is not None
    assert shutil.which("chromium")
    at = "/p/First-project"
    return [
        ("/", "create-project"),
        (f"{at}/files", "map-rig.dat"),
        (f"{at}/analyse", "interactive"),
        (f"{at}/simulate", "start"),
        (f"{at}/jobs", "figure-0"),
        (f"{at}/reproduce", "sliders"),
        (f"{at}/notes", "notes"),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_on_a_wide_and_a_narrow_screen(
    server: Server, page: Any, pages: list[tuple[str, str]], scheme: str
) -> None:
    page.set_default_timeout(90_000)
    page.emulate_media(color_scheme=scheme)
    page.goto(server.url)
    poor: list[str] = []
    for path, mark in pages:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(server.base + path)
        page.get_by_test_id(mark).wait_for()
        page.wait_for_function(f"document.body.classList.contains('body--{scheme}')")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_function(f"document.documentElement.scrollWidth <= {width}")
            assert page.locator("header").bounding_box()["height"] < 60, "the header takes one line"
            poor += [f"{path} at {width}: {text}" for text in page.evaluate(POOR)]
    assert poor == []
