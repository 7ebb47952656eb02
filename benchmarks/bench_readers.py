"""Instruments' binary files: our readers and those of other packages, on the same files in one process.

    python benchmarks/bench_readers.py [folder of files]

Prints, for each file and each package that is installed, the shortest of several times of opening it (ours and theirs in turn),
their ratio, and the largest difference of potential, current and (where the package gives it) time, relative to the largest
value. Ours is `anodefree.read`: it also hashes the file, tells cycles apart and counts the charge of each.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

import anodefree as af

REPEATS = 15
Columns = dict[str, np.ndarray]


def galvani(path: Path) -> Columns:
    """Potential and time; its current is computed from charge, as ours is, where the file holds none."""
    data = import_module("galvani.BioLogic").MPRfile(str(path)).data
    spectrum = {"Z_re_ohm": "Re(Z)/Ohm", "frequency_Hz": "freq/Hz"}
    names = spectrum if "freq/Hz" in data.dtype.names else {"potential": "Ewe/V", "time_s": "time/s"}
    return {ours: np.asarray(data[theirs], float) for ours, theirs in names.items()}


def newarenda(path: Path) -> Columns:
    """Potential and current; its time is that of a step."""
    table = import_module("NewareNDA").read(str(path), log_level="ERROR")
    return {"potential": table["Voltage"].to_numpy(float), "current_A": table["Current(mA)"].to_numpy(float) * 1e-3}


def fastnda(path: Path) -> Columns:
    """Potential, current and time."""
    table = import_module("fastnda").read(path)
    columns = {"potential": ("voltage_V", 1.0), "current_A": ("current_mA", 1e-3), "time_s": ("total_time_s", 1.0)}
    return {ours: table[theirs].to_numpy().astype(float) * factor for ours, (theirs, factor) in columns.items()}


def access_parser(path: Path) -> Columns:
    """Potential, current and time, in the order of the records."""
    table = import_module("access_parser").AccessParser(str(path)).parse_table("Channel_Normal_Table")
    order = np.argsort(table["Data_Point"])
    columns = {"potential": "Voltage", "current_A": "Current", "time_s": "Test_Time"}
    return {ours: np.array(table[theirs], float)[order] for ours, theirs in columns.items()}


def pyimpspec(path: Path) -> Columns:
    """Frequency and impedance."""
    data = import_module("pyimpspec").parse_data(str(path))[0]
    return {"frequency_Hz": data.get_frequencies(), "Z_re_ohm": data.get_impedances().real}


PEERS: dict[str, tuple[Callable[[Path], Columns], ...]] = {
    ".mpr": (galvani,),
    ".nda": (newarenda, fastnda),
    ".ndax": (newarenda, fastnda),
    ".res": (access_parser,),
    ".idf": (pyimpspec,),
}


def main(folder: Path) -> None:
    """Open every binary file below a folder with each reader."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    files = sorted(p for p in folder.rglob("*") if p.suffix in PEERS)
    if not files:
        sys.exit(f"{folder} holds no binary file; give the folder of yours")
    print(f"{'file':52}{'package':>15}{'our ms':>9}{'its ms':>9}{'ratio':>9}{'difference':>12}")
    for path in files:
        for peer in PEERS[path.suffix]:
            try:
                mine, other = arrays(path), peer(path)
            except ModuleNotFoundError:
                print(f"{path.name[:50]:52}{peer.__name__:>15}   not installed")
                continue
            except Exception as error:
                print(f"{path.name[:50]:52}{peer.__name__:>15}   cannot read it ({type(error).__name__})")
                continue
            ours, theirs = timed(arrays, peer, path)
            times = f"{ours * 1e3:9.1f}{theirs * 1e3:9.1f}{theirs / ours:9.2f}"
            print(f"{path.name[:50]:52}{peer.__name__:>15}{times}{difference(mine, other):12.1e}")


def arrays(path: Path) -> Columns:
    """Ours, under the names that all readers share here."""
    found = af.read(path)
    out = {str(n): found[str(n)].ravel() for n in found.data.data_vars}
    return {**out, "potential": out.get("voltage_V", out.get("potential_V", np.array([])))}


def timed(one: Callable[[Path], Columns], other: Callable[[Path], Columns], path: Path) -> list[float]:
    """The shortest time of each of two readers, called in turn."""
    best = [float("inf"), float("inf")]
    for _ in range(REPEATS):
        for k, reader in enumerate((one, other)):
            begin = time.perf_counter()
            reader(path)
            best[k] = min(best[k], time.perf_counter() - begin)
    return best


def difference(mine: Columns, other: Columns) -> float:
    """The largest difference of any column, relative to its largest value; times count from the first record."""
    worst = 0.0
    for name, theirs in other.items():
        ours = mine[name] - mine[name][0] if name == "time_s" else mine[name]
        theirs = theirs - theirs[0] if name == "time_s" else theirs
        if ours.size != theirs.size:
            return float("inf")
        worst = max(worst, float(np.max(np.abs(ours - theirs)) / np.max(np.abs(theirs))))
    return worst


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "shared" / "data")
