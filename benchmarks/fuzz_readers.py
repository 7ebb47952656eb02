"""Damaged files through every reader: each must end in one of our errors or a measurement, soon, and without much
memory.

    python benchmarks/fuzz_readers.py [files for each reader, 10000] [names of readers] [--real FOLDER]

Seeds are the small files that the tests write; with a folder of real files, those of each format up to 100 kB join
them for every twentieth file. A file is damaged in one to six places: bits, bytes, lengths, numbers, parts cut,
copied or repeated, the end missing; archives also inside, behind their checksums. A reader fails by any other
exception or warning, by taking more than 5 s, by an address space that grows by more than 1 GiB, or by resident
memory that rises by more than ten times the file and 8 MiB. What is allocated, touched or not, is traced for every
tenth file, with the same limit. Printed: one row a reader, and each finding.
"""

from __future__ import annotations

import io
import resource
import signal
import struct
import sys
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from types import FrameType

import numpy as np

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "properties")]

import test_binary_readers as electrochemical  # noqa: E402
import test_flux_table as flux  # noqa: E402
import test_force_readers as force  # noqa: E402
import test_pictures as pictures  # noqa: E402
import test_readers as texts  # noqa: E402
import test_spectrum_readers as spectra  # noqa: E402
import test_tem_readers as transmission  # noqa: E402
import test_topography_readers as topography  # noqa: E402
import test_vamas as surfaces  # noqa: E402

import anodefree as af  # noqa: E402
from anodefree.errors import AnodefreeError  # noqa: E402
from anodefree.io.formats import HEAD_BYTES, formats  # noqa: E402

LONGEST_S = 5.0
FLOOR_BYTES = 2**23
SPACE_BYTES = 2**30
LARGEST_REAL = 100_000
Seed = tuple[str, bytes]
"""Suffix and content."""
WORDS = (b"\n", b"1e308", b"-1", b"nan", b"99999999", b"\t", b",", b";", b"1E+37\r\n", b"\xff", b"\0", b'"', b"[", b"<!ENTITY")
NUMBERS = (0, 1, 255, 4096, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)


class TooLong(BaseException):
    """The alarm rang; no reader may swallow it."""


def written() -> list[Seed]:
    """Every small file that the tests know how to write."""
    made = [(Path(n).suffix, make()) for n, make in electrochemical.SEEDS.items()]
    made += [(Path(n).suffix, content) for n, content in spectra.SEEDS.items()]
    made += [(Path(n).suffix, make()) for n, make in surfaces.SEEDS.items()]
    made += [(suffix, make()) for suffix, make in (*topography.FILES.values(), *force.FILES.values())]
    made += [(Path(n).suffix, make()) for n, (make, _) in transmission.FILES.items()]
    made += [("".join(Path(n).suffixes), make().encode()) for n, make in texts.SAMPLES.items()]
    made += [(".txt", content.encode()) for content in texts.CYCLERS.values()]
    made += [(".csv", flux.table().encode()), (".tif", pictures.tiff()), (".png", pictures.pillow("PNG"))]
    return [*made, (".jpg", pictures.pillow("JPEG")), (".tif", pictures.tiff(compression="zlib"))]


def real(folder: Path) -> list[Seed]:
    """Instruments' own files of a folder, small ones."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.stat().st_size <= LARGEST_REAL and p.suffix != ".md")
    return [(p.suffix, p.read_bytes()) for p in files]


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Bits, bytes, numbers and words changed, parts cut, copied or repeated, the end missing."""
    out = bytearray(content)
    for _ in range(rng.integers(1, 7)):
        if not out:
            break
        # Half of the damage falls where formats say what follows.
        at = int(rng.integers(min(len(out), 1200) if rng.random() < 0.5 else len(out)))
        how = int(rng.integers(8))
        if how == 0:
            out[at] ^= 1 << int(rng.integers(8))
        elif how == 1:
            out[at] = int(rng.integers(256))
        elif how == 2:
            width = int(rng.choice([2, 4, 8]))
            number = NUMBERS[rng.integers(len(NUMBERS))] % 2 ** (8 * width)
            out[at : at + width] = number.to_bytes(width, "little" if rng.random() < 0.5 else "big")
        elif how == 3:
            out[at : at + 8] = struct.pack("<d", (np.nan, np.inf, 1e308, -1e308)[rng.integers(4)])
        elif how == 4:
            begin = int(rng.integers(len(out)))
            part = bytes(out[begin : begin + int(rng.integers(1, 500))])
            out[at : at + (len(part) if rng.random() < 0.5 else 0)] = part
        elif how == 5:
            del out[at : at + int(rng.integers(1, 100))]
        elif how == 6:
            out[at : at + int(rng.integers(0, 8))] = WORDS[rng.integers(len(WORDS))]
        elif rng.random() < 0.3:
            del out[at:]
    return bytes(out)


def inside(content: bytes, rng: np.random.Generator) -> bytes:
    """One entry of an archive damaged, the archive itself sound."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        hit = rng.integers(len(names))
        for k, name in enumerate(names):
            new.writestr(name, damaged(old.read(name), rng) if k == hit else old.read(name))
    return stream.getvalue()


def ring(number: int, frame: FrameType | None) -> None:
    raise TooLong


def outcome(path: Path, name: str) -> str:
    """What reading ends in: 'measurement', 'error', or the finding."""
    try:
        signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
        af.io.read.read_all(path, format=name)
    except AnodefreeError:
        return "error"
    except TooLong:
        return "more than 5 s"
    except BaseException as error:  # whatever comes out is what is looked for
        return f"{type(error).__name__}: {error}"[:160]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "measurement"


def allocated(path: Path, name: str) -> int:
    """Bytes at the peak of reading."""
    tracemalloc.start()
    outcome(path, name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def fuzzed(name: str, seeds: list[Seed], rare: list[Seed], count: int, folder: Path) -> None:
    """Damage, read, and print the reader's row."""
    rng = np.random.default_rng(20_000)
    told = {"measurement": 0, "error": 0}
    findings: dict[str, int] = {}
    slowest, most, begun = 0.0, 0.0, time.process_time()
    for k, (suffix, content) in enumerate([*seeds, *rare]):
        path = folder / f"seed{k}{suffix}"
        path.write_bytes(content)
        outcome(path, name)  # what is imported and compiled once is no file's
    for k in range(count):
        pool = rare if rare and k % 20 == 0 else seeds or rare
        suffix, content = pool[rng.integers(len(pool))]
        mutated = inside(content, rng) if content.startswith(b"PK\3\4") and rng.random() < 0.5 else damaged(content, rng)
        path = folder / f"damaged{suffix}"
        path.write_bytes(mutated)
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        found = outcome(path, name)
        slowest = max(slowest, time.perf_counter() - start)
        risen = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        if risen > 10 * len(mutated) + FLOOR_BYTES:
            found = f"memory rose by {risen >> 20} MiB, file {len(mutated)} B"
        if k % 10 == 0:
            peak = allocated(path, name)
            most = max(most, peak / 2**20)
            if peak > 10 * len(mutated) + FLOOR_BYTES:
                found = f"{peak >> 20} MiB allocated, file {len(mutated)} B"
        if found in told:
            told[found] += 1
        else:
            if found not in findings:
                (folder / f"finding_{name}_{len(findings)}{suffix}").write_bytes(mutated)
            findings[found] = findings.get(found, 0) + 1
    own = (time.process_time() - begun) / max(count, 1)
    print(
        f"| `{name}` | {count} | {told['error']} | {told['measurement']} | {sum(findings.values())} | {1e3 * own:.1f} "
        f"| {1e3 * slowest:.0f} | {most:.1f} |",
        flush=True,
    )
    for what, times in findings.items():
        print(f"  {name}: {times} x {what}", flush=True)


def main(arguments: list[str]) -> None:
    """Print the table."""
    folder = Path(arguments[arguments.index("--real") + 1]) if "--real" in arguments else None
    rest = [a for a in arguments if a not in ("--real", str(folder))]
    count = next((int(a) for a in rest if a.isdigit()), 10_000)
    asked = [a for a in rest if not a.isdigit()]
    small, large = written(), real(folder) if folder else []
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, ring)
    import xarray  # noqa: F401  what every measurement needs is no file's

    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + SPACE_BYTES, resource.RLIM_INFINITY))
    print("| reader | files | our error | measurement | other | ms each | slowest / ms | most allocated / MiB |")
    print("|---|---|---|---|---|---|---|---|")
    place = Path(tempfile.mkdtemp(prefix="fuzz_"))
    for format in formats():
        if format.name in ("galvani", "anodefree") or (asked and format.name not in asked):
            continue
        fits = [[s for s in pool if format.sniff(s[1][:HEAD_BYTES], s[0].lower())] for pool in (small, large)]
        if fits[0] or fits[1]:
            fuzzed(format.name, fits[0], fits[1][:6], count, place)
        else:
            print(f"| `{format.name}` | 0 | | | | | | |")
    print(f"\nfindings are kept in {place}" if any(place.glob("finding_*")) else "")


if __name__ == "__main__":
    main(sys.argv[1:])
