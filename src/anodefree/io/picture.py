"""Pictures: TIFF and GIF (several pages are frames), PNG, JPEG and BMP, with the size of a pixel where the file says it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.pixel_size import PixelSize, of_pillow, of_tiff
from anodefree.kinds.micrograph import MICROGRAPH

MAX_PIXELS: Final = 2**28
"""Pixels of all frames together; with the next bound it refuses small files that unpack into much."""
MAX_EXPANSION: Final = 400
FREE_PIXELS: Final = 2**19
LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])
"""Weights of red, green and blue. *Source* ITU-R BT.709."""
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PILLOW: Final = ("PNG", "JPEG", "BMP", "GIF")


def read(path: Path) -> Measurement:
    """The frames of a picture, in the file's own scale of brightness; colour becomes luminance.

    Raises
    ------
    DataError: it is damaged, unpacks into too much, or its pages differ in size.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
    with _quiet():
        frames, size = _tiff(path) if head.startswith(_TIFF) else _pillow(path)
    if min(frames.shape[1:]) < 2:
        raise DataError(f"is {frames.shape[2]} x {frames.shape[1]} pixels", str(path), "a picture has two or more either way")
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise DataError("holds pixels that are no finite number", str(path), "export it with whole numbers")
    step_x, step_y = size.x_m or 1e-6, size.y_m or size.x_m or 1e-6
    meta: dict[str, Any] = {"calibrated": size.x_m is not None, "pixel_size_from": size.source}
    meta |= {n: v for n, v in (("instrument", size.instrument), ("started", size.started)) if v}
    times = np.arange(frames.shape[0]) * (size.frame_s or 0.0)
    return Measurement.of(
        MICROGRAPH,
        {
            "x_m": (np.arange(frames.shape[2]) + 0.5) * step_x,
            "y_m": (np.arange(frames.shape[1]) + 0.5) * step_y,
            "intensity": frames,
            "frame_time_s": times,
        },
        meta,
    )


def _tiff(path: Path) -> tuple[np.ndarray, PixelSize]:
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            pages = _equal_pages(file, path)
            _bounded([(p.imagelength, p.imagewidth, p.samplesperpixel) for p in pages], path)
            if any(count > path.stat().st_size for p in pages for count in p.databytecounts):
                raise DataError("says that a strip is longer than the file", str(path), "was the export cut short?")
            size = of_tiff(file)
            frames = np.stack([_grey(_flat(p.asarray(), p, path), path) for p in pages])
    except DataError:
        raise
    except Exception as error:  # a parser of hostile bytes may fail in any way: each of them means a damaged file
        raise DataError(f"is a damaged TIFF ({_short(error)})", str(path), "export it again, uncompressed") from error
    return frames, size


def _equal_pages(file: Any, path: Path) -> Sequence[Any]:
    """The full-size pages; thumbnails and masks that some programs add are left out."""
    pages = [p for p in file.pages[: 2**14] if not (p.subfiletype & 0b101)]
    if not pages:
        raise DataError("holds no picture", str(path), "was the export cut short?")
    shape = (pages[0].imagelength, pages[0].imagewidth)
    return [p for p in pages if (p.imagelength, p.imagewidth) == shape]


def _flat(page: np.ndarray, tags: Any, path: Path) -> np.ndarray:
    """A page as (y, x) or (y, x, colour), with whites that are stored as 0 turned round."""
    planar = page.ndim == 3 and tags.planarconfig == 2
    image = np.moveaxis(page, 0, -1) if planar else page
    if image.ndim not in (2, 3):
        raise DataError(f"a page has {image.ndim} dimensions", str(path), "export one plane for each page")
    if tags.photometric == 0 and image.dtype.kind == "u":
        return np.iinfo(image.dtype).max - image
    return np.asarray(image)


def _pillow(path: Path) -> tuple[np.ndarray, PixelSize]:
    from PIL import Image

    try:
        with Image.open(path, formats=_PILLOW) as image:
            count = int(getattr(image, "n_frames", 1)) if image.format == "GIF" else 1
            _bounded([(image.height, image.width, len(image.getbands()))] * count, path)
            size = of_pillow(image)
            frames = [_grey(np.asarray(image.convert("RGB") if image.mode == "P" else image), path)]
            for k in range(1, count):
                image.seek(k)
                frames.append(_grey(np.asarray(image.convert("RGB") if image.mode == "P" else image), path))
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"is a damaged picture ({_short(error)})", str(path), "export it again as TIFF or PNG") from error
    return np.stack(frames), size


def _bounded(shapes: Sequence[tuple[int, int, int]], path: Path) -> None:
    """Refuse what would unpack into too much memory before it is unpacked."""
    total = sum(h * w * max(s, 1) for h, w, s in shapes)
    if total > MAX_PIXELS or (total > FREE_PIXELS and total > MAX_EXPANSION * path.stat().st_size):
        raise DataError(
            f"would unpack into {total} values from {path.stat().st_size} bytes", str(path), "crop it, or export fewer frames"
        )


def _grey(pixels: np.ndarray, path: Path) -> np.ndarray:
    """Brightness (y, x): grey as it is, colour as luminance, transparency left out."""
    if pixels.dtype.kind == "b":
        pixels = pixels.astype(np.uint8)
    if pixels.dtype.kind not in "iuf":
        raise DataError(f"has pixels of type {pixels.dtype}", str(path), "export grey levels")
    if pixels.ndim == 2:
        return pixels
    bands = pixels.shape[-1]
    if bands in (1, 2):
        return pixels[..., 0]
    if bands not in (3, 4):
        raise DataError(f"has {bands} values for each pixel", str(path), "export grey or RGB")
    red, green, blue = (pixels[..., k] for k in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):  # grey that was saved as colour keeps its whole numbers
        return np.asarray(red)
    return np.asarray((pixels[..., :3].astype(np.float32) @ LUMINANCE.astype(np.float32)).astype(np.float32))


@contextmanager
def _quiet() -> Any:
    """Neither library's warnings nor its log lines: what is wrong with a file becomes one error of ours."""
    import logging

    log = logging.getLogger("tifffile")
    before = log.disabled
    log.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else 'no reason given'}"
