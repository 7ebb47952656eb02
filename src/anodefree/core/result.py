"""A result: estimates with their uncertainty, curves, what an analysis thinks of itself, and provenance."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from anodefree.core.arrays import as_json, dataset, finite, read_netcdf, write_netcdf, write_text
from anodefree.core.keys import plain
from anodefree.core.provenance import Provenance
from anodefree.core.units import bare, shown, unit_of
from anodefree.errors import ConfigError, DataError, near

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from anodefree.core.movie import Movie

Status = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Estimate:
    """One number: value and standard deviation in SI, unit, label on a plot, and the unit it is shown in."""

    value: float
    std: float
    unit: str = "1"
    label: str = ""
    display: str | None = None
    low: float | None = None
    high: float | None = None

    def in_field_units(self) -> tuple[float, float, str]:
        """Value, standard deviation and unit as a person reads them."""
        unit, factor = shown(self.unit, self.display)
        return self.value * factor, self.std * factor, unit

    def __str__(self) -> str:
        value, std, unit = self.in_field_units()
        return f"{rounded(value, std)} {'' if unit == '1' else unit}".rstrip()


def rounded(value: float, std: float) -> str:
    """`value ± std` with two significant digits of the standard deviation, as metrology writes it."""
    if not math.isfinite(value):
        return str(value)
    if not math.isfinite(std):
        return f"{value:.4g} ± ?"
    if std == 0:
        return f"{value:.6g}"
    size = max(abs(value), std)
    if std < 1e-7 * size:  # more digits than anybody reads: rounding of the computation, not knowledge
        return f"{value:.8g} ± {std:.1g}"
    digits = 1 - math.floor(math.log10(abs(std)))
    if size >= 1e5 or size < 1e-3:
        power = math.floor(math.log10(size))
        return f"({rounded(value / 10**power, std / 10**power)})e{power}"
    return f"{value:.{max(digits, 0)}f} ± {std:.{max(digits, 0)}f}"


@dataclass(frozen=True)
class Check:
    """What an analysis found out about its own soundness, as one sentence."""

    name: str
    status: Status
    message: str

    @classmethod
    def that(cls, name: str, holds: bool, good: str, bad: str, *, otherwise: Status = "warn") -> Check:
        """`pass` with the sentence `good` where `holds`, else `otherwise` with `bad`."""
        return cls(name, "pass", good) if holds else cls(name, otherwise, bad)


@dataclass(frozen=True)
class Result:
    """What an analysis returns. `r["j0"]` is the SI float; `print(r)` is for people; `.save` keeps everything."""

    estimates: Mapping[str, Estimate]
    curves: xr.Dataset
    checks: tuple[Check, ...] = ()
    provenance: Provenance | None = None
    draw: Callable[[Result, Axes], None] | None = field(default=None, repr=False, compare=False)
    film: Callable[[Result], Movie] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        estimates: Mapping[str, Estimate],
        curves: Mapping[str, tuple[Any, Any]] | None = None,
        checks: tuple[Check, ...] | list[Check] = (),
    ) -> Result:
        """A result from estimates, curves as `name -> (dims, values)` (names carry units), and checks."""
        return cls(dict(estimates), dataset(curves or {}), tuple(checks))

    def __getitem__(self, name: str) -> float:
        if name not in self.estimates:
            raise ConfigError(f"no estimate '{name}'", self._where(), near(name, self.estimates))
        return self.estimates[name].value

    def __str__(self) -> str:
        lines = [f"{name} = {e}" + (f"   {e.label}" if e.label else "") for name, e in self.estimates.items()]
        lines += [f"[{c.status}] {c.name}: {c.message}" for c in self.checks if c.status != "pass"]
        return "\n".join([self._where(), *("  " + line for line in lines)])

    def _where(self) -> str:
        return self.provenance.stage if self.provenance else "result"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the stage's figure into `ax`, or into a new figure in the house style."""
        from anodefree.core.figure import axes

        if self.draw is None:
            raise ConfigError("has no figure", self._where(), "its curves are in .curves")
        target = ax if ax is not None else axes()
        self.draw(self, target)
        return target

    def animate(self, path: str | Path, *, frames: int | None = None) -> Path:
        """Write the stage's moving figure as `.gif`, or `.mp4` where ffmpeg is; at most so many frames."""
        from anodefree.core.movie import write_movie

        if self.film is None:
            raise ConfigError("has no movie", self._where(), "its figure is .plot()")
        return write_movie(path, self.film(self), frames=frames)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values, in SI (a value that is not finite becomes null)."""
        fields = ("value", "std", "unit", "label", "low", "high")
        return {
            "stage": self._where(),
            "estimates": {n: {f: finite(getattr(e, f)) for f in fields} for n, e in self.estimates.items()},
            "checks": [plain(c) for c in self.checks],
            "curves": as_json(self.curves),
            "provenance": plain(self.provenance) if self.provenance else None,
        }

    def save(self, path: str | Path) -> Path:
        """Write to `.nc` (everything), `.json` (everything, plain), `.csv` (estimates) or `.curves.csv` (curves).

        Both tables are in the field's units; curves of different length stand side by side.
        """
        path = Path(path)
        if path.name.lower().endswith(".curves.csv"):
            write_text(path, self._curves_csv())
        elif path.suffix == ".nc":
            write_netcdf(path, self.curves, self.record())
        elif path.suffix == ".json":
            write_text(path, json.dumps(self.to_dict(), indent=1, ensure_ascii=False))
        elif path.suffix == ".csv":
            write_text(path, self._csv())
        else:
            raise ConfigError(f"cannot save a result as '{path.suffix}'", str(path), "use .nc, .json or .csv")
        return path

    def record(self) -> dict[str, Any]:
        """What goes into the file beside the curves."""
        return {
            "type": "result",
            "estimates": dict(self.estimates),
            "checks": list(self.checks),
            "provenance": self.provenance,
        }

    def _csv(self) -> str:
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["estimate", "value", "std", "unit", "label"])
        for name, estimate in self.estimates.items():
            value, std, unit = estimate.in_field_units()
            writer.writerow([name, repr(value), repr(std), unit, estimate.label])
        return table.getvalue()

    def _curves_csv(self) -> str:
        from anodefree.core.figure import columns_csv

        columns = {}
        for name in map(str, self.curves.variables):
            unit, factor = shown(unit_of(name))
            values = self.curves[name].values.ravel()
            header = bare(name) + ("" if unit == "1" else f" [{unit}]")
            columns[header if header not in columns else name] = values * factor if factor != 1 else values
        return columns_csv(columns)

    @classmethod
    def load(cls, path: Path) -> Result:
        """Read back what `save` wrote as `.nc`."""
        curves, record = read_netcdf(path)
        if record.get("type") != "result":
            raise DataError("holds no result", str(path), "is it a measurement? open it with read()")
        estimates = {n: Estimate(**e) for n, e in record["estimates"].items()}
        checks = tuple(Check(**c) for c in record["checks"])
        provenance = Provenance.from_dict(record["provenance"]) if record["provenance"] else None
        return cls(estimates, curves, checks, provenance)
