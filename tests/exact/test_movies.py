"""Movies: the frames that were drawn are the frames in the file, streamed, repeatable, stopped without a trace."""

from __future__ import annotations

import os
import sys
import tracemalloc
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

import anodefree as af
from anodefree.__main__ import main
from anodefree.analysis.deposit.caps import caps
from anodefree.core.context import Context
from anodefree.core.movie import Movie, write_movie
from anodefree.errors import Cancelled, ConfigError, MissingExtra, NumericalError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00")


def square(moments: int = 8, size: tuple[float, float] = (0.6, 0.4), drawn: list[int] | None = None) -> Movie:
    """A square that walks to the right over white paper and changes its colour."""

    def begin(figure: Figure) -> Callable[[int], None]:
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        ax.set_xlim(0, moments)
        ax.set_ylim(0, 1)
        patch = ax.add_patch(Rectangle((0, 0.25), 1, 0.5, lw=0, aa=False))

        def turn(moment: int) -> None:
            if drawn is not None:
                drawn.append(moment)
            patch.set_x(moment)
            patch.set_facecolor(COLOURS[moment % 4])

        return turn

    return Movie(begin, moments, size, frames_per_second=10.0)


def frames_of(path: Path) -> list[np.ndarray]:
    with Image.open(path) as picture:
        count = picture.n_frames  # type: ignore[attr-defined]
        frames = []
        for i in range(count):
            picture.seek(i)
            frames.append(np.asarray(picture.convert("RGB")).astype(int))
    return frames


def test_the_file_holds_what_was_drawn(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "square.gif", square())
    frames = frames_of(path)
    assert len(frames) == 8
    wide = frames[0].shape[1]
    for i, frame in enumerate(frames):
        row = frame[frame.shape[0] // 2]
        rgb = [int(COLOURS[i % 4][1 + 2 * k : 3 + 2 * k], 16) for k in range(3)]
        assert np.abs(row[round((i + 0.5) / 8 * wide)] - rgb).max() <= 3, "its own colour"
        empty = [round((k + 0.5) / 8 * wide) for k in range(8) if k != i]
        assert (row[empty] == 255).all(), "paper is white, and the last place is wiped"
    with Image.open(path) as picture:
        assert (picture.info["loop"], picture.info["duration"]) == (0, 100)
        picture.seek(7)
        assert picture.info["duration"] == 1500, "it rests at its end"


def test_the_same_movie_gives_the_same_bytes(tmp_path: Path) -> None:
    assert write_movie(tmp_path / "a.gif", square()).read_bytes() == write_movie(tmp_path / "b.gif", square()).read_bytes()


def test_a_gradient_keeps_its_steps(tmp_path: Path) -> None:
    def begin(figure: Figure) -> Callable[[int], None]:
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        image = ax.imshow(np.zeros((100, 256)), vmin=0, vmax=1, cmap="viridis", aspect="auto", interpolation="nearest")
        return lambda i: image.set_data(np.tile(np.linspace(0, 1, 256) ** (1 + i), (100, 1)))

    last = frames_of(write_movie(tmp_path / "g.gif", Movie(begin, 3, (2.0, 1.0))))[-1]
    steps = np.abs(np.diff(last[70], axis=0)).max(axis=1)
    assert steps.max() <= 12, "no bands"


@pytest.mark.parametrize(
    ("count", "moments"), [(1, [7]), (2, [0, 7]), (3, [0, 4, 7]), (8, list(range(8))), (99, list(range(8)))]
)
def test_fewer_frames_are_spread_and_end_at_the_end(tmp_path: Path, count: int, moments: list[int]) -> None:
    drawn: list[int] = []
    path = write_movie(tmp_path / "few.gif", square(drawn=drawn), frames=count)
    assert len(frames_of(path)) == len(moments)
    assert drawn[-len(moments) :] == moments


def test_memory_does_not_grow_with_the_frames(tmp_path: Path) -> None:
    def peak(moments: int) -> int:
        tracemalloc.start()
        write_movie(tmp_path / "m.gif", square(moments, (1.2, 0.8)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(4)  # whatever is cached once
    assert peak(120) < 1.2 * peak(8) + 2e5


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_stopped_movie_leaves_nothing(tmp_path: Path, suffix: str, encoder: Path) -> None:
    asked = iter([False, False, True])
    context = Context(tmp_path / "work", cancelled=lambda: next(asked))
    with pytest.raises(Cancelled):
        write_movie(tmp_path / f"x{suffix}", square(), context=context)
    assert [p for p in tmp_path.iterdir() if p != encoder] == []


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[float] = []
    context = Context(tmp_path, lambda fraction, _: told.append(fraction), interval_s=0.0)
    write_movie(tmp_path / "p.gif", square(4), context=context)
    assert told == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_what_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'\.avi'"):
        write_movie(tmp_path / "x.avi", square())
    for movie, frames in ((square(), 0), (square(0), None)):
        with pytest.raises(ConfigError, match="at least one frame"):
            write_movie(tmp_path / "x.gif", movie, frames=frames)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_movie(tmp_path / "file" / "x.gif", square())
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for ffmpeg: writes the first bytes of an MP4, its arguments and how many bytes it was given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nn = len(sys.stdin.buffer.read())\nprint(sys.argv, file=sys.stderr)\n"
        'open(sys.argv[-1], "wb").write(b"\\0\\0\\0\\x20ftypisom" + repr((n, sys.argv)).encode())\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder) + os.pathsep + os.environ["PATH"])
    return folder


def test_frames_flow_into_ffmpeg(tmp_path: Path, encoder: Path) -> None:
    made = write_movie(tmp_path / "x.mp4", square(5, (0.61, 0.41))).read_bytes()
    assert made[4:8] == b"ftyp"
    told = made[12:].decode()
    wide, high = told.split("'-s', '")[1].split("'")[0].split("x")
    assert (int(wide) % 2, int(high) % 2) == (0, 0), "H.264 wants even sides"
    assert told.startswith(f"({5 * 3 * int(wide) * int(high)},")


def test_a_failing_ffmpeg_is_quoted(tmp_path: Path, encoder: Path) -> None:
    (encoder / "ffmpeg").write_text("#!/bin/sh\necho 'Unknown encoder libx264' >&2\nexit 1\n")
    with pytest.raises(NumericalError, match="Unknown encoder"):
        write_movie(tmp_path / "x.mp4", square(40, (3, 3)))
    assert [p for p in tmp_path.iterdir() if p != encoder] == []


def test_without_ffmpeg_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtra) as caught:
        write_movie(tmp_path / "x.mp4", square())
    assert "anodefree[movie]" in caught.value.hint
    assert ".gif" in caught.value.hint
    own: Any = types.ModuleType("imageio_ffmpeg")
    own.get_ffmpeg_exe = lambda: "/nowhere/ffmpeg"
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", own)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_movie(tmp_path / "x.mp4", square())


def test_results_move_in_python_and_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = caps(np.array([[3e-6, 0.0]]), np.linspace(0, 2e-6, 5), (8, 1, 20), 0.5e-6)
    deposit.save(tmp_path / "deposit.nc")
    seen = af.view(deposit)
    assert len(frames_of(seen.animate(tmp_path / "a.gif", frames=2))) == 2
    seen.save(tmp_path / "seen.nc")
    again = af.load(tmp_path / "seen.nc")
    assert isinstance(again, af.Result)
    assert again.film is seen.film is not None
    with pytest.raises(ConfigError, match="has no movie"):
        af.regime().animate(tmp_path / "c.gif")
    with pytest.raises(ConfigError, match="has no movie"):
        af.get("ions.regime").animate(af.regime(), tmp_path / "c.gif")
    asked = ["anodefree", "do", "deposit.view", str(tmp_path / "deposit.nc"), "--movie-frames", "2", "--movie"]
    for name, code in (("d.gif", 0), ("d.avi", 2)):
        monkeypatch.setattr(sys, "argv", [*asked, str(tmp_path / name)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code
    assert (tmp_path / "d.gif").read_bytes() == (tmp_path / "a.gif").read_bytes()
    assert "cannot make a '.avi' movie" in capsys.readouterr().err
