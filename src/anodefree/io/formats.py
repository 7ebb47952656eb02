"""The formats that can be read, apart from the code that reads them: listing them imports no reader.

A package adds its own by the entry-point group `anodefree.readers`. The entry's value is a module with an attribute
`FORMAT: Format` and a function `read(path: Path) -> Measurement` (`Measurement.of(kind, arrays, metadata)` is all it takes).
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Final

from anodefree.errors import ConfigError, near

HEAD_BYTES: Final = 8192


@dataclass(frozen=True)
class Format:
    """One format: what it is called, what it gives, and the module that reads it.

    `sniff(head, suffix)` says from the first bytes (up to `HEAD_BYTES`) and the suffix in lower case whether a file may be of
    this format. `kinds` of `("*",)` means any.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, str], bool]
    module: str
    max_bytes: int = 2**28


def _starts(*marks: bytes) -> Callable[[bytes, str], bool]:
    return lambda head, suffix: head.removeprefix(b"\xef\xbb\xbf").lstrip(b'" \t\r\n').startswith(marks)


def _first_line_has(*rows: tuple[bytes, ...]) -> Callable[[bytes, str], bool]:
    def sniff(head: bytes, suffix: str) -> bool:
        cells = {c.strip().strip(b'"') for c in head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].split(b",")}
        return any(cells >= set(row) for row in rows)

    return sniff


def _asks(module: str, name: str) -> Callable[[bytes, str], bool]:
    """The reader's own sniff, imported when a file asks: it brings numpy, which a list of formats does not need."""

    def sniff(head: bytes, suffix: str) -> bool:
        return bool(getattr(importlib.import_module(f"anodefree.io.{module}"), name)(head, suffix))

    return sniff


def _names_chi(head: bytes, suffix: str) -> bool:
    return re.search(rb"Instrument Model:\s{0,8}CHI", head) is not None


def _names_maccor(head: bytes, suffix: str) -> bool:
    return re.search(rb"\bRec#?[\t,; ]", head) is not None and re.search(rb"\bDPT Time\b", head, re.IGNORECASE) is not None


_FLUX_HEADER: Final = re.compile(
    rb"(?:^|[\r\n])[#%!\s\"]{0,8}x\"?\s{0,3}[/_\[(,;\t ][^\r\n]{0,300}[,;\t \"]bz(?![a-z])", re.IGNORECASE
)


def _names_flux(head: bytes, suffix: str) -> bool:
    return _FLUX_HEADER.search(head) is not None


def _starts_with_bif6(head: bytes, suffix: str) -> bool:
    return head.startswith(b"\0\0BIF6")


_HEIGHT_COLUMNS: Final = re.compile(
    rb"(?:^|[\r\n])[#%!\s\"]{0,8}x\"?\s{0,3}[/_\[(][^\r\n]{1,12}[,;\t \"]{1,4}y\"?\s{0,3}[/_\[(][^\r\n]{1,12}[,;\t \"]{1,4}"
    rb"(?:z|height)\"?\s{0,3}[/_\[(][^,;\t\r\n]{1,12}(?:[\r\n]|$)",
    re.IGNORECASE,
)
_HEIGHT_SIDES: Final = re.compile(rb"(?:^|[\r\n])#\s{0,4}width:[^\r\n]{1,60}[\r\n]{1,2}#\s{0,4}height:", re.IGNORECASE)


def _names_heights(head: bytes, suffix: str) -> bool:
    return _HEIGHT_SIDES.search(head) is not None or _HEIGHT_COLUMNS.search(head) is not None


def _is_igor(head: bytes, suffix: str) -> bool:
    return suffix == ".ibw" and head[:2] in (b"\x05\x00", b"\x00\x05")


def _is_igor_curve(head: bytes, suffix: str) -> bool:
    if not _is_igor(head, suffix) or len(head) < 148:
        return False
    order = slice(None, None, 1 if head[:2] == b"\x05\x00" else -1)
    channels, layers = (int.from_bytes(head[at : at + 4][order], "little", signed=True) for at in (136, 140))
    return layers == 0 and channels < 16


def _is_jpk(head: bytes, suffix: str) -> bool:
    inside = b"header.properties" in head[:4096] and b"segments/" in head
    return head.startswith(b"PK\x03\x04") and (suffix.startswith(".jpk-") or inside)


def _is_text(head: bytes, suffix: str) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return True
    odd = sum(b < 32 and b not in b"\t\n\r\f\x1a" for b in head)
    return bool(head) and b"\0" not in head and odd <= len(head) // 100


def _is_vamas(head: bytes, suffix: str) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"VAMAS Surface Chemical Analysis")


_ENERGY_HEADER: Final = re.compile(
    rb"(?:^|[\r\n])[\"# \t]{0,4}(?:[BK]\.?E\.?(?![A-Za-z])|(?:binding|kinetic)[ _]?energy)[^\r\n]{0,400}[\t,; ]",
    re.IGNORECASE,
)


def _names_energy(head: bytes, suffix: str) -> bool:
    return _is_text(head, suffix) and _ENERGY_HEADER.search(head) is not None


_SURFACELAB: Final = re.compile(rb"(?:^|[\r\n])(?:# ?Data Point #?\t|Channel\tm/z\tIntensity)")


def _names_ions(head: bytes, suffix: str) -> bool:
    # The rows of names and masses above the row that is looked for may be long.
    return _SURFACELAB.search(head) is not None or head.startswith(b"# Profile Smoothing is")


_BDF: Final = (b"test_time_second", b"voltage_volt", b"current_ampere"), (b"Test Time / s", b"Voltage / V", b"Current / A")
_ALL: Final = ("impedance", "cycling", "polarisation")
_TRAJECTORIES: Final = (".xtc", ".trr", ".dcd", ".lammpstrj", ".mdcrd", ".gro", ".pdb")
_OURS: Final = (
    Format("anodefree", "our own files", ("*",), (".nc",), _starts(b"\x89HDF"), "anodefree.io.netcdf", 2**34),
    Format(
        "zplot", "ZPlot and ZView", ("impedance",), (".z",), _starts(b"ZPLOT2 ASCII", b"Z60W Data File"), "anodefree.io.zplot"
    ),
    Format("gamry", "Gamry Framework", _ALL, (".dta",), _starts(b"EXPLAIN"), "anodefree.io.gamry"),
    Format(
        "eclab",
        "BioLogic EC-Lab text export",
        _ALL,
        (".mpt", ".txt"),
        _starts(b"EC-Lab ASCII FILE", b"BT-Lab ASCII FILE"),
        "anodefree.io.biologic_text",
    ),
    Format("chi", "CH Instruments text export", _ALL, (".txt", ".csv"), _names_chi, "anodefree.io.chi"),
    Format("bdf", "Battery Data Format (CSV)", ("cycling",), (".bdf.csv", ".csv"), _first_line_has(*_BDF), "anodefree.io.bdf"),
    Format("maccor", "Maccor text export", ("cycling", "polarisation"), (".txt", ".csv"), _names_maccor, "anodefree.io.maccor"),
    Format("ecochemie", "Eco Chemie (Autolab FRA)", ("impedance",), (".dfr",), _starts(b"VERSION"), "anodefree.io.ecochemie"),
    Format(
        "vamas",
        "VAMAS (ISO 14976)",
        ("photoemission", "photoemission_regions"),
        (".vms", ".npl"),
        _is_vamas,
        "anodefree.io.photoelectron",
        2**26,
    ),
    Format(
        "xps_text",
        "photoelectron spectrum as text, CasaXPS export",
        ("photoemission", "photoemission_regions"),
        (".csv", ".txt", ".dat"),
        _names_energy,
        "anodefree.io.photoelectron_text",
        2**26,
    ),
    Format(
        "surfacelab",
        "SurfaceLab text export",
        ("ion_profile", "ion_spectrum"),
        (".txt",),
        _names_ions,
        "anodefree.io.surfacelab",
        2**27,
    ),
    Format("bif6", "IONTOF images", ("ion_image",), (".bif6", ".bif"), _starts_with_bif6, "anodefree.io.bif6", 2**30),
    Format("json", "our JSON, or columns as JSON", _ALL, (".json",), _starts(b"{"), "anodefree.io.json_text", 2**26),
    Format(
        "flux", "map of flux density as text", ("flux_map",), (".csv", ".txt", ".dat"), _names_flux, "anodefree.io.flux_table"
    ),
)
_TEXT: Final = Format(
    "text",
    "delimited text with a header",
    _ALL,
    (".csv", ".txt", ".tsv", ".dat", ".p00", ".i2b"),
    _is_text,
    "anodefree.io.text",
)


def _is_labspec(head: bytes, suffix: str) -> bool:
    return b"<LSX" in head[:1000] or re.search(rb"(?:^|\n)#(?:AxisType\[|Acq\. time)", head) is not None


def _is_jcamp(head: bytes, suffix: str) -> bool:
    return (
        re.match(rb"(?:\xef\xbb\xbf)?\s{0,99}(?:\$\$[^\n]{0,200}\s{1,9}){0,9}##\s{0,9}TITLE", head, re.IGNORECASE) is not None
    )


_SPECTRUM: Final = ("spectrum",)
_SPECTROMETERS: Final = (
    Format("wdf", "Renishaw WiRE", _SPECTRUM, (".wdf",), _starts(b"WDF1"), "anodefree.io.renishaw_wdf", 2**31),
    Format("horiba", "Horiba LabSpec XML and text", _SPECTRUM, (".xml", ".txt"), _is_labspec, "anodefree.io.horiba"),
    Format("jcamp", "JCAMP-DX", _SPECTRUM, (".jdx", ".dx", ".jcm", ".txt"), _is_jcamp, "anodefree.io.jcamp"),
    Format(
        "spc", "Galactic (GRAMS)", _SPECTRUM, (".spc",), _asks("galactic_spc", "is_spc"), "anodefree.io.galactic_spc", 2**30
    ),
    Format(
        "spectrum",
        "Raman or infrared spectrum as text",
        _SPECTRUM,
        (".txt", ".csv", ".dat", ".asc"),
        _asks("spectrum_text", "is_spectrum"),
        "anodefree.io.spectrum_text",
    ),
)


def _is_ndax(head: bytes, suffix: str) -> bool:
    return head.startswith(b"PK\x03\x04") and (suffix == ".ndax" or b".ndc" in head)


def _is_ivium(head: bytes, suffix: str) -> bool:
    return (b"Corrosion=" in head and b"Levels=" in head) or (suffix in (".idf", ".ids") and b"Method=" in head)


def _has_galvani(head: bytes, suffix: str) -> bool:
    return head.startswith(_MPR) and importlib.util.find_spec("galvani") is not None


def _is_gatan(head: bytes, suffix: str) -> bool:
    # Version, length, byte order (0 or 1), then the two flags of the first group, each 0 or 1.
    at = {b"\0\0\0\x03": 8, b"\0\0\0\x04": 12}.get(head[:4], -1)
    return at > 0 and head[at : at + 3] == b"\0\0\0" and len(head) > at + 6 and max(head[at + 3 : at + 6]) < 2


_IMAGES: Final = ("micrograph", "diffraction")
_MICROSCOPES: Final = (
    # Before our own files, which are HDF5 too.
    Format("emd", "Velox and NCEM (HDF5)", _IMAGES, (".emd",), _asks("emd", "is_emd"), "anodefree.io.emd", 2**33),
    Format("gatan", "Gatan DigitalMicrograph", _IMAGES, (".dm3", ".dm4"), _is_gatan, "anodefree.io.gatan", 2**31),
    Format("tia", "FEI TIA series", _IMAGES, (".ser",), _starts(b"II\x97\x01"), "anodefree.io.tia", 2**31),
    Format(
        "molecular",
        "molecular dynamics trajectories, by MDAnalysis (needs anodefree[trajectories])",
        ("trajectory",),
        _TRAJECTORIES,
        lambda head, suffix: suffix in _TRAJECTORIES,
        "anodefree.io.molecular",
        2**36,
    ),
    Format("mrc", "MRC and CCP4", _IMAGES, (".mrc", ".st", ".map"), _asks("mrc", "is_mrc"), "anodefree.io.mrc", 2**31),
)
_MPR: Final = b"BIO-LOGIC MODULAR FILE\x1a"
_ACCESS: Final = (b"\0\1\0\0Standard Jet DB", b"\0\1\0\0Standard ACE DB")
_EC_LAB: Final = ("impedance", "cycling", "polarisation")
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PICTURE: Final = (*_TIFF, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


def _is_picture(head: bytes, suffix: str) -> bool:
    return head.startswith(_PICTURE) or (head.startswith(b"BM") and head[6:10] == bytes(4))  # BMP: four reserved bytes


_PICTURE_SUFFIXES: Final = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".gif")
_INSTRUMENTS: Final = (
    Format(
        "picture",
        "pictures: TIFF, PNG, JPEG, BMP, GIF",
        ("micrograph",),
        _PICTURE_SUFFIXES,
        _is_picture,
        "anodefree.io.picture",
        2**30,
    ),
    Format("biologic", "BioLogic EC-Lab", _EC_LAB, (".mpr",), _starts(_MPR), "anodefree.io.biologic_binary", 2**30),
    # The same files once more, for what the reader above does not know.
    Format("galvani", "BioLogic, if galvani is there", _EC_LAB, (".mpr",), _has_galvani, "anodefree.io.biologic_galvani"),
    Format("ivium", "IviumSoft", ("impedance",), (".idf", ".ids"), _is_ivium, "anodefree.io.ivium", 2**26),
    Format("nda", "Neware BTS", ("cycling",), (".nda",), _starts(b"NEWARE"), "anodefree.io.neware_nda", 2**30),
    Format("ndax", "Neware BTS 8 archive", ("cycling",), (".ndax",), _is_ndax, "anodefree.io.neware_ndax"),
    Format(
        "jpk",
        "JPK force curves and maps",
        ("force_curves",),
        (".jpk-force", ".jpk-force-map", ".jpk-qi-data", ".jpk-qi-series"),
        _is_jpk,
        "anodefree.io.jpk",
        2**31,
    ),
    Format(
        "nanoscope_force",
        "Bruker NanoScope force curves",
        ("force_curves",),
        (".spm", ".pfc"),
        _starts(b"\\*Force file list"),
        "anodefree.io.nanoscope_force",
        2**31,
    ),
    Format(
        "asylum_force", "Asylum Research force curve", ("force_curves",), (".ibw",), _is_igor_curve, "anodefree.io.asylum_force"
    ),
    Format(
        "nanoscope",
        "Bruker NanoScope image",
        ("topography",),
        (".spm", ".000"),
        _starts(b"\\*File list", b"?*File list", b"\\*Force file list"),
        "anodefree.io.nanoscope",
    ),
    Format("wsxm", "WSxM image", ("topography",), (".top", ".stp"), _starts(b"WSxM file"), "anodefree.io.wsxm"),
    Format("asylum", "Asylum Research image", ("topography",), (".ibw",), _is_igor, "anodefree.io.asylum"),
    Format(
        "heights",
        "height map as text (Gwyddion, or x y z)",
        ("topography",),
        (".txt", ".csv", ".xyz", ".asc"),
        _names_heights,
        "anodefree.io.height_table",
    ),
    Format("arbin", "Arbin MITS Pro database", ("cycling",), (".res",), _starts(*_ACCESS), "anodefree.io.arbin"),
)


def formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are tried; those of installed packages come late, and plain text last."""
    return (
        *_MICROSCOPES,
        *_OURS,
        *_INSTRUMENTS,
        *_SPECTROMETERS,
        *(f for f in added().values() if isinstance(f, Format)),
        _TEXT,
    )


@cache
def added() -> dict[str, Format | str]:
    """Formats of installed packages by the name of their entry point; where one cannot be loaded, the reason."""
    found: dict[str, Format | str] = {}
    for entry in metadata.entry_points(group="anodefree.readers"):
        try:
            made = importlib.import_module(entry.value).FORMAT
        except Exception as error:  # somebody else's module may fail in any way; read() reports it
            found[entry.name] = f"its package cannot be loaded ({type(error).__name__}: {error})"
            continue
        found[entry.name] = made if isinstance(made, Format) else "its FORMAT is no anodefree.io.formats.Format"
    return found


def get(name: str) -> Format:
    """The format of that name.

    Raises
    ------
    ConfigError: there is none, or the package that adds it cannot be loaded.
    """
    known = {f.name: f for f in formats()}
    if name in known:
        return known[name]
    if isinstance(reason := added().get(name), str):
        raise ConfigError(f"the format '{name}' cannot be used: {reason}", hint="mend or remove the package that adds it")
    raise ConfigError(f"no format is named '{name}'", hint=near(name, known))


def looks_like(head: bytes, suffix: str = "") -> tuple[str, str]:
    """What a file looks like by its first bytes and suffix, and what could be done with it."""
    from anodefree.io.unread import unread

    known = unread(head, suffix)
    if known is not None:
        return known.what, known.remedy
    if _is_text(head, ""):
        line = head.decode("utf-8", "replace").strip().split("\n", 1)[0].strip()
        return f"text that begins '{line[:60]}'", ""
    return "binary data that begins " + head[:8].hex(" "), "export it as text (CSV) from the instrument's own program"


def named_like(suffix: str) -> list[Format]:
    """Formats whose files usually have this suffix; that of plain text is anybody's."""
    common = set(_TEXT.suffixes) | {"", ".txt"}
    return [f for f in formats() if suffix in f.suffixes and suffix not in common]
