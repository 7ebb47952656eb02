"""BioLogic .mpr through the package galvani (GPL-3): the second reader, where it is installed and ours has given up."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError, missing_extra
from anodefree.io.biologic_binary import described
from anodefree.io.biologic_columns import HEADERS, quantities
from anodefree.io.biologic_measured import measured


@np.errstate(all="ignore")
def read(path: Path, *, kind: str = "") -> Measurement:
    """Impedance, polarisation or cycling, from the columns that galvani finds.

    Raises
    ------
    MissingExtra: galvani is not installed. DataError: galvani cannot read it, or not to a measurement.
    """
    try:
        reader = importlib.import_module("galvani.BioLogic").MPRfile
    except ImportError as error:
        raise missing_extra("galvani", "gpl") from error
    try:
        found = reader(str(path))
        named = {str(n): np.asarray(found.data[n]) for n in found.data.dtype.names or ()}
    except Exception as error:  # whatever it raises on such a file, it means that it cannot read it
        raise DataError(f"galvani cannot read it ({type(error).__name__}: {str(error)[:200]})") from error
    columns = {number: named[header] for number, header in HEADERS.items() if header in named}
    technique, meta = described(path.read_bytes())
    return measured(quantities(columns), technique, {**meta, "read_with": "galvani"}, kind)
