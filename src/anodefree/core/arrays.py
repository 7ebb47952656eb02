"""Named arrays on disk: one NetCDF-4 file holds arrays, units and a JSON record, and is replaced as a whole."""

from __future__ import annotations

import errno
import json
import os
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


def dataset(arrays: Mapping[str, tuple[Any, Any]]) -> xr.Dataset:
    """A Dataset of `name -> (dims, values)`, read-only and without attributes (units are in the names)."""
    import xarray as xr

    variables = {}
    for name, (dims, values) in arrays.items():
        array = np.array(values)
        array.flags.writeable = False
        variables[name] = xr.Variable((dims,) if isinstance(dims, str) else tuple(dims), array)
    return xr.Dataset(variables)


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


def cannot_write(error: OSError, path: Path) -> AnodefreeError:
    """The error for a place that cannot be written, with what to try."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ConfigError("no space is left on the disk", str(path), "free some space and run again: what is finished is kept")
    reason = (error.strerror or str(error)).lower()
    return ConfigError(f"cannot be written ({reason})", str(path), "choose a folder that you may write to")


def write_netcdf(path: Path, data: xr.Dataset, record: Mapping[str, Any]) -> None:
    """Write arrays (with a `units` attribute each) and a JSON record into one NetCDF-4 file."""
    import xarray as xr

    marked = data.copy()
    for name in marked.variables:
        if unit_of(str(name)) != "1":
            marked[name].attrs["units"] = unit_of(str(name))
    text = json.dumps(plain(record), ensure_ascii=False)
    marked[RECORD] = xr.Variable((), np.array(text, dtype=object))
    write_whole(path, lambda part: marked.to_netcdf(part, engine="h5netcdf"))


def read_netcdf(path: Path) -> tuple[xr.Dataset, dict[str, Any]]:
    """Arrays and JSON record of a file written by `write_netcdf`.

    Raises
    ------
    DataError: the file is truncated, is not NetCDF-4, or was not written by this package.
    """
    import xarray as xr

    hint = "only .nc files that this package wrote can be opened as results"
    try:
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as opened:
            if RECORD not in opened:
                raise DataError("holds no anodefree record", str(path), hint)
            if opened.nbytes > MAX_BYTES:
                raise DataError(f"claims {opened.nbytes / 2**30:.0f} GiB of arrays", str(path), "is it intact?")
            record = json.loads(str(opened[RECORD].values[()]))
            data = opened.drop_vars(RECORD).load()
    except FileNotFoundError as error:
        raise ConfigError("no such file", str(path), "check the path") from error
    except DataError:
        raise
    except Exception as error:  # h5py, h5netcdf and xarray raise many types on a damaged file
        raise DataError("is damaged or not a NetCDF-4 file", str(path), hint) from error
    if not isinstance(record, dict):
        raise DataError("its record is not a table", str(path), hint)
    for name in data.variables:
        data[name].attrs = {}
    data.attrs = {}
    return data, record
