"""A moving figure as a file: GIF always, MP4 where ffmpeg is; frames are drawn, encoded and forgotten one by one.

A movie is a figure that is laid out once and then only changed from frame to frame, so nothing wobbles. The same movie gives
the same bytes (of MP4: with the same ffmpeg). A GIF has one palette of 256 colours for all its frames, taken from four of
them, and of every further frame holds only the rectangle that changed.
"""

from __future__ import annotations

import importlib
import io
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from anodefree.core.arrays import write_whole
from anodefree.core.context import Context
from anodefree.errors import ConfigError, MissingExtra, NumericalError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI: Final = 140
HOLD_S: Final = 1.5
"""How long a GIF rests on its last frame before it begins again."""
RARE: Final = 3e-5
"""Of the pixels of a movie: a colour with fewer has no place of its own among the 256 of a GIF."""
KEPT_EXACTLY: Final = 16
"""The most frequent colours of a GIF, which areas of one colour have."""
SUFFIXES: Final = (".gif", ".mp4")


@dataclass(frozen=True)
class Movie:
    """A moving figure of a size in inches: `begin(figure)` lays it out and returns the function that turns it to a moment.

    What moves may be marked so (`artist.set_animated(True)`): then only that is drawn anew, over the rest, which is several
    times faster; where nothing is marked the whole figure is drawn for each frame. Moments are the numbers from 0 to
    `moments` - 1; `frames` of them, evenly spread and with the last, are drawn.
    """

    begin: Callable[[Figure], Callable[[int], None]]
    moments: int
    size_in: tuple[float, float] = (6.4, 3.6)
    frames_per_second: float = 20.0
    most: int | None = None
    """The largest number of frames; none: all moments."""

    @property
    def frames(self) -> tuple[int, ...]:
        """The moments that are drawn."""
        count = self.moments if self.most is None else min(self.most, self.moments)
        first = 0 if count > 1 else self.moments - 1
        return tuple(int(i) for i in np.linspace(first, self.moments - 1, count).round())


def write_movie(path: str | Path, movie: Movie, *, frames: int | None = None, context: Context | None = None) -> Path:
    """Write a movie as `.gif` or `.mp4`; progress and cancelling through `context`. Nothing is left where it was stopped.

    Raises
    ------
    ConfigError: another suffix, or a place that cannot be written; MissingExtra: no ffmpeg for an MP4; Cancelled.
    """
    path = Path(path)
    program = can_write(path)
    if movie.moments < 1 or (frames is not None and frames < 1):
        raise ConfigError("a movie needs at least one frame", str(path), "ask for more frames, or give more of them")
    shown = replace(movie, most=frames)
    encode = _mp4 if program else _gif

    def write(part: Path) -> None:
        with _drawn(shown) as picture:
            encode(part, shown, picture, context, program)

    write_whole(path, write)
    return path


def can_write(path: Path) -> str:
    """The program that a movie of this name needs, empty for none.

    Raises
    ------
    ConfigError: another suffix; MissingExtra: no ffmpeg for an MP4.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"cannot make a '{path.suffix}' movie", str(path), "use .gif, or .mp4 where ffmpeg is")
    return ffmpeg() if path.suffix == ".mp4" else ""


@contextmanager
def _drawn(movie: Movie) -> Iterator[Callable[[int], np.ndarray]]:
    """The function that draws a moment as pixels (row, column, rgb)."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from anodefree.core.figure import style

    with mpl.rc_context({**style(), "figure.dpi": DPI}):
        figure = Figure(figsize=movie.size_in, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        turn = movie.begin(figure)
        turn(movie.frames[-1])  # the fullest moment: its labels are the ones that need room
        if all(ax.get_subplotspec() is None for ax in figure.axes):  # every place is given: nothing is to be laid out
            figure.set_layout_engine("none")
        canvas.draw()
        figure.set_layout_engine("none")
        moving = sorted(figure.findobj(lambda artist: artist.get_animated()), key=lambda artist: artist.get_zorder())
        canvas.draw()
        still = canvas.copy_from_bbox(figure.bbox)

        def picture(moment: int) -> np.ndarray:
            turn(moment)
            if moving:
                canvas.restore_region(still)
                for artist in moving:
                    artist.draw(canvas.get_renderer())
            else:
                canvas.draw()
            return np.asarray(canvas.buffer_rgba())[..., :3]

        yield picture


def _told(context: Context | None, done: int, total: int) -> None:
    if context is not None:
        context.progress(done / total, f"frame {done} of {total}")


# ---- GIF: the container is written here, pillow compresses each frame ----------------------------------------------------


def _gif(part: Path, movie: Movie, picture: Callable[[int], np.ndarray], context: Context | None, _: str) -> None:
    moments = movie.frames
    palette = _palette([picture(moments[i]).copy() for i in np.unique(np.linspace(0, len(moments) - 1, 4).astype(int))])
    nearest = _nearest(palette)
    delay = max(2, round(100 / movie.frames_per_second))
    before: np.ndarray | None = None
    with part.open("wb") as file:
        for number, moment in enumerate(moments):
            _told(context, number, len(moments))
            red, green, blue = np.moveaxis(picture(moment) >> 2, -1, 0).astype(np.int32)
            pixels = nearest[(red << 12) | (green << 6) | blue]
            if before is None:
                file.write(_head(pixels.shape, palette))
            left, top, right, bottom = _changed(pixels, before)
            last = 0 < number == len(moments) - 1
            file.write(_frame(pixels[top:bottom, left:right], (left, top), round(100 * HOLD_S) if last else delay))
            before = pixels
        file.write(b";")
    _told(context, len(moments), len(moments))


def _palette(samples: list[np.ndarray]) -> np.ndarray:
    """256 colours (colour, rgb): paper and the house's own, then the samples' where those suffice, else means of neighbours.

    A colour counts once however large its area is, so that a slow gradient keeps its steps; the rarest are left out: they are
    the soft edges of lines and letters.
    """
    from PIL import Image
    from PIL.ImageColor import getrgb

    from anodefree.core.figure import COLOURS, INK, SOFT

    own = [getrgb(c)[:3] for c in ("#ffffff", INK, SOFT, *COLOURS)]
    codes = [np.moveaxis(s, -1, 0).astype(np.int32).reshape(3, -1) for s in samples]
    code, counts = np.unique(np.concatenate([(r << 16) | (g << 8) | b for r, g, b in codes]), return_counts=True)
    often = np.argsort(-counts, kind="stable")[: max(256, int((counts > RARE * counts.sum()).sum()))]
    colours = np.stack([code >> 16, (code >> 8) & 255, code & 255], axis=-1).astype(np.uint8)[often]
    own += [(int(r), int(g), int(b)) for r, g, b in colours[:KEPT_EXACTLY]]
    room, colours = 256 - len(own), colours[KEPT_EXACTLY:]
    if len(colours) > room:
        found = Image.fromarray(colours[None]).quantize(room, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        colours = np.array(found.getpalette() or [], np.uint8).reshape(-1, 3)[:room]
    palette = np.full((256, 3), 255, np.uint8)
    palette[: len(own)] = np.array(own, np.uint8)
    palette[len(own) : len(own) + len(colours)] = colours
    return palette


def _nearest(palette: np.ndarray) -> np.ndarray:
    """The nearest colour of a palette for each of 64 x 64 x 64 colours."""
    from scipy.spatial import cKDTree

    levels = np.linspace(0.0, 255.0, 64)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(cKDTree(palette.astype(float)).query(grid)[1], dtype=np.uint8)


def _changed(pixels: np.ndarray, before: np.ndarray | None) -> tuple[int, int, int, int]:
    """The rectangle (left, top, right, bottom) in which a frame differs from the one before; one pixel where it does not."""
    if before is None:
        return 0, 0, pixels.shape[1], pixels.shape[0]
    rows, columns = (np.flatnonzero((pixels != before).any(axis=a)) for a in (1, 0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if rows.size else (0, 0, 1, 1)


def _head(shape: tuple[int, ...], palette: np.ndarray) -> bytes:
    """Signature, size, the palette, and the block that has it repeat for ever."""
    screen = struct.pack("<HHBBB", shape[1], shape[0], 0xF7, 0, 0)
    return b"GIF89a" + screen + palette.tobytes() + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


def _frame(pixels: np.ndarray, corner: tuple[int, int], delay: int) -> bytes:
    """One picture: how long it stays, where it lies, and its compressed pixels as pillow makes them."""
    from PIL import Image

    single = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(single, "GIF", optimize=False, interlace=0)
    control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0x04, delay, 0, 0)
    place = struct.pack("<BHHHHB", 0x2C, *corner, pixels.shape[1], pixels.shape[0], 0)
    return control + place + _pixels(single.getvalue())


def _pixels(gif: bytes) -> bytes:
    """The compressed pixels of the first picture of a GIF: behind its header, palette and extensions."""
    at = 13 + (3 * 2 ** ((gif[10] & 7) + 1) if gif[10] & 0x80 else 0)
    while gif[at] == 0x21:
        at = _behind_blocks(gif, at + 2)
    flags = gif[at + 9]
    at += 10 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    return gif[at : _behind_blocks(gif, at + 1)]


def _behind_blocks(gif: bytes, at: int) -> int:
    while gif[at]:
        at += gif[at] + 1
    return at + 1


# ---- MP4: raw frames flow into ffmpeg ----------------------------------------------------------------------------------


def ffmpeg() -> str:
    """The program that encodes MP4: on the PATH, or of the package imageio-ffmpeg.

    Raises
    ------
    MissingExtra: there is none.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        with suppress(ImportError, RuntimeError):
            found = str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    if found is None:
        raise MissingExtra("an MP4 needs the program ffmpeg", "movie", "pip install 'anodefree[movie]', or ask for a .gif")
    return found


def _mp4(part: Path, movie: Movie, picture: Callable[[int], np.ndarray], context: Context | None, program: str) -> None:
    moments = movie.frames
    first = _even(picture(moments[0]))
    size = f"{first.shape[1]}x{first.shape[0]}"
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", f"{movie.frames_per_second:g}", "-i", "-"]
    coding = ["-c:v", "libx264", "-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p", "-threads", "1"]
    exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart"]
    command = [program, "-y", "-loglevel", "error", *source, *coding, *exact, "-f", "mp4", str(part)]
    with tempfile.TemporaryFile() as said, _running(command, said) as (process, pipe):
        try:
            for number, moment in enumerate(moments):
                _told(context, number, len(moments))
                pipe.write(_even(picture(moment)).tobytes())
            pipe.close()
            process.wait()
        except BrokenPipeError:
            process.wait()
        if process.returncode:
            said.seek(0)
            reason = said.read().decode(errors="replace").strip().splitlines()
            raise NumericalError(f"ffmpeg failed: {reason[-1] if reason else process.returncode}", program, "ask for a .gif")
    _told(context, len(moments), len(moments))


@contextmanager
def _running(command: list[str], said: IO[bytes]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A program that reads from a pipe; it is ended where the work is stopped."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
    try:
        if process.stdin is not None:  # it is a pipe: it was asked for
            yield process, process.stdin
    finally:
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def _even(pixels: np.ndarray) -> np.ndarray:
    """H.264 wants even sides: an odd last row or column is repeated."""
    odd = [(0, n % 2) for n in pixels.shape[:2]]
    return np.ascontiguousarray(np.pad(pixels, [*odd, (0, 0)], mode="edge"))
