"""Named arrays on disk: one NetCDF-4 file holds arrays, units and a JSON record, and is replaced as a whole."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.keys import plain
from anodefree.core.units import unit_of
from anodefree.errors import AnodefreeError, ConfigError, DataError

if TYPE_CHECKING:
    import xarray as xr

RECORD = "anodefree_record"
MAX_BYTES = 8 * 2**30
IN_MEMORY_BYTES = 2**29


def dataset(arrays: Mapping[str, tuple[Any, Any]]) -> xr.Dataset:
    """A Dataset of `name -> (dims, values)`, read-only and without attributes (units are in the names)."""
    import xarray as xr

    variables = {}
    for name, (dims, values) in arrays.items():
        array = np.array(values)
        array.flags.writeable = False
        variables[name] = xr.Variable((dims,) if isinstance(dims, str) else tuple(dims), array)
    return xr.Dataset(variables)


def as_json(data: xr.Dataset) -> dict[str, Any]:
    """Every array as plain JSON: its dimensions and its values, in SI."""
    return {str(n): {"dims": list(map(str, v.dims)), "values": finite(v.values)} for n, v in data.variables.items()}


def finite(value: Any) -> Any:
    """Numbers as JSON can hold them: NaN and infinities as null, arrays as lists."""
    if isinstance(value, np.ndarray):
        return [finite(v) for v in value.tolist()] if value.ndim else finite(value.item())
    if isinstance(value, list):
        return [finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it: readers see all of it or nothing.

    Raises
    ------
    ConfigError: the folder cannot be written, or the disk is full.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        write(part)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise cannot_write(error, path) from error
    except BaseException:
        if part is not None:
            part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole."""

    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as a whole."""

    def write(part: Path) -> None:
        part.write_bytes(content)

    write_whole(path, write)


def _need_space(path: Path, size: int) -> None:
    """Raise before a large write rather than in the middle of it."""
    folder = next(p for p in path.absolute().parents if p.exists())
    if shutil.disk_usage(folder).free < 1.1 * size:
        raise ConfigError(
            "no space is left on the disk", str(path), f"free {size / 2**30:.1f} GiB and run again: what is finished is kept"
        )


def cannot_write(error: OSError, path: Path) -> AnodefreeError:
    """The error for a place that cannot be written, with what to try."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ConfigError("no space is left on the disk", str(path), "free some space and run again: what is finished is kept")
    reason = (error.strerror or str(error)).lower()
    return ConfigError(f"cannot be written ({reason})", str(path), "choose a folder that you may write to")


def write_netcdf(path: Path, data: xr.Dataset, record: Mapping[str, Any]) -> None:
    """Write arrays (with a `units` attribute each) and a JSON record into one NetCDF-4 file."""
    text = json.dumps(plain(record), ensure_ascii=False)
    if data.nbytes > IN_MEMORY_BYTES:
        _need_space(path, data.nbytes)
        write_whole(path, lambda part: _fill(part, data, text))
        return
    # HDF5 can crash the whole process when the disk fills up under it: let it write to memory, and the bytes to disk.
    image = io.BytesIO()
    _fill(image, data, text)
    write_bytes(path, image.getvalue())


def _fill(target: Path | io.BytesIO, data: xr.Dataset, text: str) -> None:
    """One NetCDF-4 file. Straight through h5netcdf: xarray's own writer asks a Dask worker's scheduler for locks."""
    import h5netcdf
    import h5py

    string = h5py.string_dtype()
    with h5netcdf.File(target, "w") as file:
        file.dimensions = {str(d): n for d, n in data.sizes.items()}
        for name, variable in data.variables.items():
            values = np.asarray(variable.values)
            kind = string if values.dtype.kind in "UO" else values.dtype
            made = file.create_variable(str(name), tuple(map(str, variable.dims)), kind)
            made[...] = values.astype(object) if kind is string else values
            if unit_of(str(name)) != "1":
                made.attrs["units"] = unit_of(str(name))
        file.create_variable(RECORD, (), string)[...] = text


def read_netcdf(path: Path) -> tuple[xr.Dataset, dict[str, Any]]:
    """Arrays (read-only) and JSON record of a file written by `write_netcdf`.

    Raises
    ------
    DataError: the file is truncated, is not NetCDF-4, or was not written by this package.
    """
    import h5py

    hint = "only .nc files that this package wrote can be opened as results"
    try:
        with h5py.File(path, "r") as file:
            held = {n: d for n, d in file.items() if isinstance(d, h5py.Dataset) and not _only_a_dimension(d)}
            if RECORD not in held:
                raise DataError("holds no anodefree record", str(path), hint)
            size = sum(math.prod(v.shape) * v.dtype.itemsize for v in held.values())
            if size > MAX_BYTES:
                raise DataError(f"claims {size / 2**30:.0f} GiB of arrays", str(path), "is it intact?")
            record = json.loads(_text(held.pop(RECORD)[()]))
            names = {int(d.attrs["_Netcdf4Dimid"]): n for n, d in file.items() if d.attrs.get("CLASS") == b"DIMENSION_SCALE"}
            arrays = {n: (_dimensions(n, v, names), _numbers(v[()])) for n, v in held.items()}
    except FileNotFoundError as error:
        raise ConfigError("no such file", str(path), "check the path") from error
    except DataError:
        raise
    except Exception as error:  # h5py and h5netcdf raise many types on a damaged file
        raise DataError("is damaged or not a NetCDF-4 file", str(path), hint) from error
    if not isinstance(record, dict):
        raise DataError("its record is not a table", str(path), hint)
    return dataset(arrays), record


def _only_a_dimension(data: Any) -> bool:
    """NetCDF keeps the length of a dimension without coordinates as a dataset of its own."""
    return bool(data.attrs.get("NAME", b"").startswith(b"This is a netCDF dimension but not a netCDF variable"))


def _dimensions(name: str, data: Any, names: Mapping[int, str]) -> tuple[str, ...]:
    """The names of a variable's dimensions by their numbers. h5netcdf tells them too, and takes fifty times as long.

    Raises
    ------
    DataError: they are not told, as in a file that this package did not write.
    """
    told = data.attrs.get("_Netcdf4Coordinates")
    if told is not None:
        dimensions = tuple(names[int(i)] for i in told)
    else:
        dimensions = (name,) if data.ndim == 1 and name in names.values() else ()
    if len(dimensions) != data.ndim:
        raise DataError(f"does not say the dimensions of '{name}'", str(data.file.filename), "was it written by anodefree?")
    return dimensions


def _text(value: Any) -> str:
    held = value.item() if isinstance(value, np.ndarray) else value
    return held.decode() if isinstance(held, bytes) else str(held)


def _numbers(values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind in "OS":
        return np.array([_text(v) for v in array.ravel()], dtype=object).reshape(array.shape)
    return array
