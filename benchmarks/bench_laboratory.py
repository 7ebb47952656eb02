"""The laboratory under a person's hands: frames while a long curve is dragged and zoomed, and large files from drop to result.

    python benchmarks/bench_laboratory.py [points of the curve] [megabytes of the large file]

Starts `anodefree app` in a folder of its own and drives Debian's Chromium without a window, which draws by software: a screen
with a graphics card is faster. Prints the median, the 95th percentile and the longest time between two frames, the wall time of
uploads, recognition and analysis, the largest memory of the server and how long it once did not answer.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from lab import Server, serve, stop

PLOT = "document.querySelector('[data-testid=preview-plot]')"
FRAMES = """() => { window.frames_ms = []; let last = performance.now();
  const tick = () => { const now = performance.now(); frames_ms.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick); }"""


def write_record(path: Path, count: int) -> None:
    """A cycler's table of so many points."""
    place = np.arange(count)
    columns = (3.0 * place, 3.4 + 0.4 * np.sin(place / 7000), np.where(place // 1000 % 2, -1.0, 1.0), place // 2000 + 1)
    with path.open("w") as stream:
        stream.write("time/s,voltage/V,current/mA,cycle\n")
        for start in range(0, count, 100_000):
            part = zip(*(c[start : start + 100_000].tolist() for c in columns), strict=True)
            stream.write("".join(f"{t:.3f},{v:.6f},{i:.6f},{c}\n" for t, v, i, c in part))


def memory_mb(pid: int) -> float:
    """The largest that a process has been."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def told(page: Any, what: str) -> None:
    """What the frames since the last time were like."""
    frames = np.array(page.evaluate("frames_ms.splice(0)"))
    print(f"{what:24s} median {np.median(frames):5.0f}  95 % {np.percentile(frames, 95):5.0f}  longest {frames.max():5.0f} ms")


def drag(page: Any, x: float, y: float) -> None:
    """To the right and back."""
    page.mouse.move(x, y)
    page.mouse.down()
    for step in (*range(40), *range(40, 0, -1)):
        page.mouse.move(x + 4 * step, y)
        page.wait_for_timeout(8)
    page.mouse.up()


def added(page: Any, server: Server, path: Path) -> float:
    """Give a file to the page; how long until it is named."""
    page.goto(f"{server.base}/p/First-project/files")
    page.get_by_test_id("upload").wait_for()
    began = time.perf_counter()
    page.get_by_test_id("file-input").set_input_files(path)
    page.get_by_text("1 of 1 files").wait_for()
    print(f"{path.name}: {path.stat().st_size / 2**20:.0f} MB on the server after {time.perf_counter() - began:.1f} s")
    page.locator(f'[data-testid="file-{path.name}"]').get_by_text("galvanostatic cycling").first.wait_for()
    return time.perf_counter() - began


def panning(page: Any, server: Server, folder: Path, count: int) -> None:
    """Frames of one curve."""
    write_record(folder / "curve.csv", count)
    added(page, server, folder / "curve.csv")
    page.get_by_test_id("preview-curve.csv").click()
    page.wait_for_function(f"{PLOT}?._fullLayout?.xaxis?.range")
    page.wait_for_timeout(1500)
    box = page.get_by_test_id("preview-plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 120
    page.evaluate(FRAMES)
    page.wait_for_timeout(500)
    told(page, "at rest")
    drag(page, x, y)
    told(page, f"{count} points, dragged")
    page.wait_for_timeout(1500)
    page.evaluate("frames_ms.length = 0")
    for _ in range(45):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(16)
    told(page, "wheel")
    page.wait_for_timeout(2000)
    page.evaluate("frames_ms.length = 0")
    drag(page, x, y)
    told(page, "dragged, zoomed in")


def large(page: Any, server: Server, folder: Path, megabytes: int) -> None:
    """From drop to result."""
    write_record(folder / "large.csv", int(megabytes * 2**20 / 34.5))
    busy = threading.Event()
    slowest = [0.0]

    def ask() -> None:
        while not busy.is_set():
            began = time.perf_counter()
            with contextlib.suppress(OSError):  # refused without a cookie: it answered, which is all that is asked
                urllib.request.urlopen(server.base, timeout=60).read()
            slowest[0] = max(slowest[0], time.perf_counter() - began)
            time.sleep(0.05)

    threading.Thread(target=ask, daemon=True).start()
    print(f"large.csv: recognised after {added(page, server, folder / 'large.csv'):.1f} s")
    page.get_by_test_id("nav-analyse").click()
    page.get_by_test_id("choose-large.csv").click()
    page.get_by_test_id("stage-cycling.retention").click()
    began = time.perf_counter()
    page.get_by_test_id("run-stage").click()
    page.get_by_text("cycling.retention · 1", exact=True).wait_for()
    print(f"large.csv: cycling.retention shown after {time.perf_counter() - began:.1f} s")
    busy.set()
    print(f"the server's largest memory {memory_mb(server.process.pid):.0f} MB, its longest silence {slowest[0]:.2f} s")


def main(count: int = 100_000, megabytes: int = 99) -> None:
    """Print the whole."""
    folder = Path(tempfile.mkdtemp(prefix="bench-laboratory-"))
    server = serve(folder / "lab", "me")
    try:
        with sync_playwright() as running:
            browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(240_000)
            page.goto(server.url)
            panning(page, server, folder, count)
            large(page, server, folder, megabytes)
            browser.close()
    finally:
        stop(server)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
