"""A picture of work that is not finished: the deposit as it grows, the box as it settles, ions that landed, cycles so far."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.app.checkpoint import kept
from anodefree.core.figure import COLOURS, SOFT
from anodefree.simulation.deposition.record import HISTORY

Floats = NDArray[np.float64]
WIDE: Final = 640
"""Width of a picture in its own units; it scales with the page."""
MOST_PIXELS: Final = 1000
METAL: Final = (58, 62, 70)
SALT: Final = ((255, 247, 214), (120, 190, 190), (0, 114, 178))
"""Little, some and much salt: light to dark, so that it is told apart without colour too."""
C_M2_PER_MAH_CM2: Final = 36_000.0
NAMES: Final = ("lithium", "concentration", "numbers", "history", "log", "ended", "records", "accounts", "rows", "parts_V")
DISCHARGED: Final = 1
"""The column of a cell's account of a cycle that holds the charge of its discharge [C/m2]."""
SURFACES: Final = ("still flying", "on the protrusion", "on the lower electrode", "on the upper electrode", "escaped")
SPECIES: Final = ("Li⁺", "TFSI⁻")


@dataclass(frozen=True)
class Live:
    """A picture as SVG that follows the page's text colour, and the same in words."""

    svg: str
    said: str


def live(scratch: Path, parameters: Mapping[str, Any]) -> Live | None:
    """What the checkpoint in a scratch folder shows; None where there is none yet, or where it shows nothing known."""
    arrays = kept(scratch / "checkpoint.npz", NAMES)
    try:
        if "lithium" in arrays and "concentration" in arrays:
            return _deposit(arrays, parameters)
        if "log" in arrays:
            return _dynamics(arrays["log"])
        if "ended" in arrays:
            return _landed(arrays["ended"])
        if "records" in arrays and "accounts" in arrays:
            return _cycled(arrays["records"], arrays["accounts"])
        if "rows" in arrays and "parts_V" in arrays:
            time, volts, _, cycle = np.asarray(arrays["rows"], dtype=float).T
            return _cycled(np.array([time, volts, time, cycle]), np.zeros((0, DISCHARGED + 1)))
    except (ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError):
        return None  # arrays of these names, but of another make
    return None


# ---- deposit -----------------------------------------------------------------------------------------------------------


def _deposit(arrays: Mapping[str, NDArray[Any]], parameters: Mapping[str, Any]) -> Live | None:
    lithium, salt = (np.asarray(arrays[n], dtype=float) for n in ("lithium", "concentration"))
    if lithium.ndim != 3 or lithium.shape != salt.shape or not (np.isfinite(lithium).all() and np.isfinite(salt).all()):
        return None
    flat = lithium.shape[1] == 1
    middle = lithium.shape[1] // 2
    metal, around = np.clip(lithium[:, middle], 0, 1), salt[:, middle]
    liquid = around[metal < 0.5]
    low, high = (float(liquid.min()), float(liquid.max())) if liquid.size else (0.0, 1.0)
    width_um = 1e6 * float(parameters.get("width_m") or 0.0)
    tall = WIDE * metal.shape[0] / metal.shape[1]
    picture = base64.b64encode(_png(metal, around, low, high)).decode()
    place = f'x="0" y="0" width="{WIDE}" height="{tall:.1f}" preserveAspectRatio="none"'
    parts = [f'<image {place} href="data:image/png;base64,{picture}"/>']
    parts += _scale_bar(width_um, tall + 18) if width_um > 0 else []
    parts += _legend(low, high, tall + 18)
    plated = np.asarray(arrays.get("history", np.zeros((0, len(HISTORY)))), dtype=float)
    said = ["" if flat else "section through the middle"]
    height = tall + 44
    if plated.ndim == 2 and plated.shape[1] == len(HISTORY) and len(plated):
        charge = plated[:, HISTORY.index("charge_C_m2")] / C_M2_PER_MAH_CM2
        volts = 1e3 * plated[:, HISTORY.index("electrode_potential_V")]
        said += [f"{charge[-1]:.3g} mAh/cm²", f"{volts[-1]:.3g} mV"]
        parts += _curve(charge, volts, "charge / (mAh/cm²)", "electrode potential / mV", height + 12, COLOURS[0])
        height += 160
    said += ["salt {} to {} mol/L".format(*_ends(low, high))]
    words = "; ".join(s for s in said if s)
    return Live(_svg(parts, height, f"deposit so far: {words}"), words)


def _png(metal: Floats, salt: Floats, low: float, high: float) -> bytes:
    """Metal dark over the salt's colours, the collector below."""
    from PIL import Image

    step = max(1, -(-metal.shape[1] // MOST_PIXELS))
    metal, salt = metal[::step, ::step], salt[::step, ::step]
    share = np.clip((salt - low) / max(high - low, 1e-9 * max(abs(high), 1.0)), 0, 1)
    colours = np.stack([np.interp(share, (0, 0.5, 1), [c[i] for c in SALT]) for i in range(3)], axis=-1)
    mixed = metal[..., None] * np.array(METAL) + (1 - metal[..., None]) * colours
    stream = io.BytesIO()
    Image.fromarray(np.rint(mixed[::-1]).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def _scale_bar(width_um: float, y: float) -> list[str]:
    """A bar of 1, 2 or 5 times a power of ten, about a fifth of the width."""
    wanted = width_um / 5
    power = 10.0 ** np.floor(np.log10(wanted))
    length = float(max(m * power for m in (1, 2, 5) if m * power <= wanted))
    across = WIDE * length / width_um
    line = f'<path d="M2 {y - 4:.1f}v8m0-4h{across:.1f}m0-4v8" fill="none" stroke="currentColor" stroke-width="2"/>'
    return [line, _text(across + 10, y + 5, f"{length:g} µm")]


def _legend(low: float, high: float, y: float) -> list[str]:
    stops = "".join(f'<stop offset="{i / 2:g}" stop-color="rgb{c}"/>' for i, c in enumerate(SALT))
    ramp = f'<defs><linearGradient id="salt">{stops}</linearGradient></defs>'
    bar = f'<rect x="430" y="{y - 6:.1f}" width="90" height="12" fill="url(#salt)" stroke="currentColor" stroke-width="0.5"/>'
    metal = f'<rect x="228" y="{y - 6:.1f}" width="12" height="12" fill="rgb{METAL}" stroke="currentColor" stroke-width="0.5"/>'
    least, most = _ends(low, high)
    ends = [_text(424, y + 5, f"salt {least}", "end"), _text(526, y + 5, f"{most} mol/L")]
    return [ramp, metal, _text(246, y + 5, "lithium"), bar, *ends]


def _ends(low: float, high: float) -> tuple[str, str]:
    """Two concentrations in mol/L, with so many digits (six at most) that they differ where they do."""
    digits = next((d for d in range(3, 7) if f"{low / 1e3:.{d}g}" != f"{high / 1e3:.{d}g}"), 3)
    return f"{low / 1e3:.{digits}g}", f"{high / 1e3:.{digits}g}"


# ---- dynamics and flights ----------------------------------------------------------------------------------------------


def _dynamics(log: NDArray[Any]) -> Live | None:
    """Density and temperature of a box of molecules over time."""
    log = np.asarray(log, dtype=float)
    if log.ndim != 2 or log.shape[1] != 4 or len(log) < 1 or not np.isfinite(log).all():
        return None
    time, density, _, kelvin = log.T
    parts = _curve(time, density, "time / ps", "density / (kg/m³)", 8, COLOURS[0])
    parts += _curve(time, kelvin, "time / ps", "temperature / K", 176, COLOURS[1])
    words = f"{time[-1]:.3g} ps, {density[-1]:.4g} kg/m³, {kelvin[-1]:.4g} K"
    return Live(_svg(parts, 336, f"the box so far: {words}"), words)


def _landed(ended: NDArray[Any]) -> Live | None:
    """How many ions of each species ended where."""
    counts = np.asarray(ended, dtype=float)
    if counts.ndim != 2 or counts.shape[1] != len(SURFACES) or not 0 < len(counts) <= len(SPECIES):
        return None
    if not np.isfinite(counts).all() or (counts < 0).any():
        return None
    parts, said, y = [], [], 6.0
    for name, colour, row in zip(SPECIES, COLOURS, counts, strict=False):
        total = max(float(row.sum()), 1.0)
        parts.append(_text(0, y + 12, f"{name}: {_grouped(row.sum())} flown"))
        said.append(f"{name} {_grouped(row.sum())} flown")
        for where, count in zip(SURFACES, row, strict=True):
            y += 22
            parts.append(_text(170, y + 11, where, "end"))
            parts.append(f'<rect x="180" y="{y:.1f}" width="{360 * count / total:.1f}" height="13" fill="{colour}"/>')
            parts.append(_text(186 + 360 * count / total, y + 11, _grouped(count)))
        y += 32
    return Live(_svg(parts, y, "where ions ended so far"), "; ".join(said))


def _grouped(count: float) -> str:
    """A count with a narrow space between thousands."""
    return f"{count:,.0f}".replace(",", "\u202f")


# ---- cells -------------------------------------------------------------------------------------------------------------


def _cycled(records: NDArray[Any], accounts: NDArray[Any]) -> Live | None:
    """The voltage of the last five cycles, and the capacity of every one that is known."""
    records, accounts = np.asarray(records, dtype=float), np.asarray(accounts, dtype=float)
    if records.ndim != 2 or len(records) != 4 or records.shape[1] < 2 or not np.isfinite(records).all():
        return None
    time, volts, _, cycle = records
    late = cycle > cycle[-1] - 5
    hours = time[late] / 3600
    parts = _curve(hours, volts[late], "time / h (last five cycles)", "cell voltage / V", 8, COLOURS[0])
    words, height = f"{cycle[-1]:.0f} cycles, {volts[-1]:.3g} V", 168.0
    if accounts.ndim == 2 and len(accounts) > 1 and np.isfinite(accounts).all():
        held = accounts[:, DISCHARGED] / C_M2_PER_MAH_CM2
        parts += _curve(np.arange(1.0, len(held) + 1), held, "cycle", "discharge capacity / (mAh/cm²)", 176, COLOURS[1])
        words, height = f"{words}, {held[-1]:.4g} mAh/cm²", 336.0
    return Live(_svg(parts, height, f"the cell so far: {words}"), words)


# ---- drawing -----------------------------------------------------------------------------------------------------------


def _curve(x: Floats, y: Floats, across: str, up: str, top: float, colour: str) -> list[str]:
    """A small panel: a line with the ends of its axes named."""
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], y[good]
    if not len(x):
        return []
    thin = np.unique(np.linspace(0, len(x) - 1, 300).astype(int))
    x, y = x[thin], y[thin]
    (x0, x1), (y0, y1) = ((float(v.min()), float(v.max())) for v in (x, y))
    left, right, high, low = 70.0, WIDE - 12.0, top + 20, top + 112
    px = left + (right - left) * (x - x0) / ((x1 - x0) or 1.0)
    py = low - (low - high) * (y - y0) / ((y1 - y0) or 1.0)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(px, py, strict=True))
    return [
        f'<path d="M{left} {high}V{low}H{right}" fill="none" stroke="{SOFT}"/>',
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
        f'<circle cx="{px[-1]:.1f}" cy="{py[-1]:.1f}" r="3.5" fill="{colour}"/>',
        _text(0, top + 8, up),
        *(_text(left - 6, p + 4, f"{v:.4g}", "end") for p, v in ((high, y1), (low, y0)) if y1 > y0 or p == low),
        *([_text(left, low + 17, f"{x0:.3g}")] if x1 > x0 else []),
        _text(right, low + 17, f"{x1:.3g}", "end"),
        _text((left + right) / 2, low + 17, across, "middle"),
    ]


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor" font-size="13">{words}</text>'


def _svg(parts: list[str], height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height:.1f}" width="100%" role="img" '
        f'font-family="sans-serif"><title>{title}</title>{"".join(parts)}</svg>'
    )
