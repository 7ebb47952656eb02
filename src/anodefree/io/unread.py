"""Files that nothing here reads: what each is, by its first bytes or its suffix, and which export of its program is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_CSV: Final = "export the table as CSV"
_OLE: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Unread:
    """One sort of file. Its marks are bytes with which it begins; without any the suffix alone says what it is."""

    what: str
    remedy: str
    marks: tuple[bytes, ...] = ()
    suffixes: tuple[str, ...] = ()
    offset: int = 0
    """Where the marks stand."""
    both: bool = False
    """Mark and suffix are needed: the mark is that of a container that many programs use."""

    def fits(self, head: bytes, suffix: str) -> bool:
        """Whether a file with these first bytes and this suffix (lower case) is of this sort."""
        marked = any(head[self.offset :].startswith(m) for m in self.marks)
        return marked and suffix in self.suffixes if self.both else marked if self.marks else suffix in self.suffixes


_TIFF: Final = "as TIFF with its scale, or as .dm3 or .mrc"
_FRAMES: Final = (
    "turn it into a TIFF stack (ImageJ: File, Import, Movie; then Save As, TIFF) or a GIF, and give optical.front interval_s"
)
KNOWN: Final = (
    # photoelectrons
    Unread(
        "a PHI MultiPak file (.spe, .pro, .map)",
        "in MultiPak: File, Save As, VAMAS or ASCII (.csv); or open it in CasaXPS and export VAMAS",
        (b"SOFH",),
    ),
    Unread(
        "a Kratos ESCApe or Vision data set",
        "in ESCApe: Export, VAMAS (.vms); in Vision: Save as, VAMAS; or convert it in CasaXPS",
        suffixes=(".dset", ".kal", ".kratos"),
    ),
    Unread(
        "a Thermo Avantage file (.vgd, .vgp)",
        "in Avantage: File, Save As or Export, VAMAS (.vms) or ASCII; CasaXPS converts a folder of .vgd to VAMAS",
        (_OLE,),
        (".vgd", ".vgp"),
        both=True,
    ),
    Unread("a SPECS file", "in SpecsLab Prodigy: Export, VAMAS (.vms)", suffixes=(".sle", ".xps")),
    # secondary ions
    Unread(
        "an IONTOF SurfaceLab raw file (.itm, .ita, .itax)",
        "in SurfaceLab: File, Export, ASCII (.txt) of the profile or the spectrum, or BIF6 of the images",
        (b"ITStrF01",),
    ),
    Unread("an IONTOF image (.grd, raw)", "in SurfaceLab: File, Export, BIF6", suffixes=(".grd", ".itax", ".itmx")),
    # vibrations
    Unread(
        "a Bruker OPUS file",
        "in OPUS: File, Save File As, mode JCAMP-DX (.dx) or Data Point Table (.dpt)",
        (b"\x0a\x0a\xfe\xfe",),
    ),
    Unread(
        "a Thermo OMNIC file (.spa, .spg, .srs)",
        "in OMNIC: File, Save As, JCAMP-DX (.jdx), SPC or CSV",
        (b"Spectral Data File", b"Spectral Exte File"),
    ),
    Unread(
        "a Renishaw WiRE file of an older kind",
        "in WiRE: File, Save As, .wdf, or as text (.txt)",
        suffixes=(".wxd", ".wxm"),
    ),
    Unread(
        "a Horiba LabSpec file",
        "in LabSpec: Save As, text (.txt) or XML (.xml)",
        suffixes=(".l6s", ".l6m", ".l6v", ".ngc", ".ngs", ".tsf", ".tvf"),
    ),
    Unread(
        "a WITec project (.wip)",
        "in WITec Project or Control: Export, Table (ASCII), or Galactic .spc",
        (b"WIT_PR", b"WIT^PR", b"WIT_DA"),
    ),
    # microscopes
    Unread(
        "a TIA .emi, which describes a series",
        "its pictures are in the .ser files of the same name: open those, and leave the .emi beside them",
        suffixes=(".emi",),
    ),
    Unread(
        "a Gatan file without a picture (.gtg)",
        "in DigitalMicrograph: File, Save Display As, TIFF; or save the picture as .dm3 or .dm4",
        suffixes=(".gtg",),
    ),
    Unread(
        "an Oxford AZtec or Lispix file",
        f"in AZtec: export the electron image {_TIFF}; of X-ray spectra (.raw with .rpl) nothing is read",
        suffixes=(".rpl", ".oip", ".oipx", ".h5oina"),
    ),
    Unread("a Bruker Esprit file (.bcf)", f"in Esprit: export the electron image {_TIFF}", (b"AAMVHFSS", b"AAMV")),
    Unread("a Zeiss picture (.czi)", "in ZEN: File, Export, TIFF with metadata", (b"ZISRAWFILE",)),
    Unread("a Leica picture (.lif)", "in LAS X: Export, TIFF", (b"\x70\0\0\0",), (".lif",), both=True),
    Unread(
        "a Nikon or Olympus picture",
        "in its program, or in ImageJ with Bio-Formats: save as TIFF",
        suffixes=(".nd2", ".vsi", ".oir"),
    ),
    Unread("a video", _FRAMES, (b"ftyp", b"moov"), offset=4),
    Unread("a video", _FRAMES, (b"AVI ",), offset=8),
    Unread("a video", _FRAMES, (b"\x1a\x45\xdf\xa3",)),
    # probes
    Unread(
        "a Gwyddion file (.gwy)", "in Gwyddion: File, Save As, ASCII data matrix (.txt) with its header", (b"GWYP", b"GWYO")
    ),
    Unread(
        "a Nanonis or scanning-tunnelling image (.sxm, .mtrx, .sm4)",
        "open it in Gwyddion or WSxM: save as ASCII data matrix (.txt), x y z, or WSxM .top",
        (b":NANONIS_VERSION:",),
    ),
    Unread(
        "an image of a probe microscope",
        "open it in Gwyddion: File, Save As, ASCII data matrix (.txt) with its header",
        suffixes=(".sxm", ".mtrx", ".sm4", ".nid", ".bcr", ".bcrf", ".mi", ".ezd", ".hdz", ".mdt"),
    ),
    # electrochemistry and tables
    Unread("a BioLogic .mpr file", "in EC-Lab: Experiment, Export as Text (.mpt)", (b"BIO-LOGIC MODULAR FILE",)),
    Unread("a Neware .nda file", "in BTSDA: export to CSV", (b"NEWARE",)),
    Unread("a zip archive (.ndax, .xlsx)", _CSV, (b"PK\x03\x04",)),
    Unread("an Access database (Arbin .res)", "in MITS Pro: export to CSV", (b"\x00\x01\x00\x00Standard",)),
    Unread("an HDF5 file", "only .nc files that this package wrote are read; export the table as CSV", (b"\x89HDF",)),
    Unread("an Origin project", "in Origin: File, Export, ASCII, of each worksheet", (b"CPYA", b"CPYUA")),
    Unread("a Feather table", "write it as CSV", (b"FEA1", b"ARROW1")),
    Unread("a PDF document", "export the numbers as CSV", (b"%PDF",)),
    Unread("an old Office document", _CSV, (_OLE,)),
    Unread("a gzip archive", "unpack it first", (b"\x1f\x8b",)),
    Unread("an image", "", (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")),
    Unread("a TIFF image", "", (b"II*", b"MM\0")),
)
"""Of several that fit, the first counts: what is told by its content stands before what many programs use as a container."""


def unread(head: bytes, suffix: str) -> Unread | None:
    """What a file is that no reader knows; None where neither its bytes nor its suffix tell. Content before suffix."""
    fitting = [k for k in KNOWN if k.fits(head, suffix)]
    return min(fitting, key=lambda k: not k.marks) if fitting else None
