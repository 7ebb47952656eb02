"""Names, zips and addresses made to escape: what arrives stays below the project's files, and no route shows anything else."""

from __future__ import annotations

import io
import unicodedata
import urllib.error
import urllib.request
import zipfile
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from test_uploads import linked, zipped

from anodefree.app.analyses import analysis
from anodefree.app.discarded import restore
from anodefree.app.downloads import written
from anodefree.app.names import LONGEST_PART_BYTES, inside
from anodefree.app.project import Project, project_of
from anodefree.app.uploads import receive
from anodefree.errors import AnodefreeError, ConfigError
from lab import Server

NAMES = [
    "../x.csv", "..\\x.csv", "a/../../x.csv", "a\\..\\..\\x.csv", "/etc/x.csv", "//host/x.csv", "\\\\host\\share\\x.csv",
    "C:\\x.csv", "c:x.csv", "file:///etc/passwd", "%2e%2e/x.csv", "..%2fx.csv", "x\0.csv", "\0", ".", "..", "...", "./.", "",
    " ", "con.csv", "NUL", "aux.tar.gz", "com1", "LPT9.txt", "x.csv.", "x.csv ", "x.csv::$DATA", "x:y.csv", "a" * 5000 + ".csv",
    "é" * 300 + ".csv", "\U0001f4a3" * 200, "-rf", "~/x.csv", "$(id).csv", "`id`.csv", "|id", ".arriving-x", ".hidden",
    "project.toml", "../project.toml", "a/" * 9 + "x.csv", "\u202egpj.csv", "\u2024\u2024/x.csv", "\uff0e\uff0e/x.csv",
    "..\uff0fx.csv", "..\u2215x.csv", "\u200b..\u200b/x.csv", ".\u200b./x.csv", "x\r\nSet-Cookie: a=b.csv", "\ud800.csv",
    "e\u0301.csv", "<script>.csv", '"quoted".csv', "'; DROP.csv", "a" * 254 + "/" + "b" * 254, "x/" + "c" * 300 + "/y.csv",
]  # fmt: skip


def tree(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


@pytest.mark.parametrize("name", NAMES, ids=lambda n: ascii(n)[:40])
def test_whatever_a_file_is_called_it_lands_below_files_or_nowhere(tmp_path: Path, name: str) -> None:
    made = Project.create(tmp_path / "home", "p")
    before = tree(tmp_path)
    kept: list[Path] = []
    refused: AnodefreeError | None = None
    try:
        kept = receive(made, name, io.BytesIO(b"1,2\n"))
    except AnodefreeError as error:
        refused = error
    assert refused is None or (refused.what and refused.hint and str(refused).replace("\n", "").isprintable())
    new = tree(tmp_path) - before
    assert all(n.startswith("home/p/files/") for n in new)
    assert bool(kept) == bool(new)
    for path in kept:
        assert path.read_bytes() == b"1,2\n"
        assert path in made.files(), "nothing arrives that is not listed"
        parts = path.relative_to(made.files_path).parts
        assert all(len(p.encode()) <= LONGEST_PART_BYTES and p == p.strip(" .") and p.isprintable() for p in parts)
        assert not any(c in p for p in parts for c in '<>:"|?*\\')
        assert unicodedata.is_normalized("NFC", path.name)


def through_a_link() -> bytes:
    """A link to a folder elsewhere, and a file that goes through it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        link = zipfile.ZipInfo("out")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/tmp")
        packed.writestr("out/x.csv", "1")
    return held.getvalue()


def of_zeros() -> bytes:
    """Many files, each too small to be looked at by itself."""
    return zipped(*((f"{i}.csv", b"0" * 1_000_000) for i in range(60)))


ZIPS = {
    "a link": linked(),
    "through a link": through_a_link(),
    "climbs": zipped(("../../x", b"1")),
    "climbs as windows": zipped(("..\\..\\x", b"1")),
    "root": zipped(("/tmp/x", b"1")),
    "share": zipped(("\\\\host\\x", b"1")),
    "drive": zipped(("C:/x", b"1")),
    "many zeros": of_zeros(),
    "deep": zipped(("a/" * 20 + "x", b"1")),
    "one good, one that climbs": zipped(("good.csv", b"1"), ("../x", b"1")),
}


@pytest.mark.parametrize("what", ZIPS)
def test_a_zip_that_escapes_or_swells_is_refused_whole(tmp_path: Path, what: str) -> None:
    made = Project.create(tmp_path / "home", "p")
    before = tree(tmp_path)
    with pytest.raises(AnodefreeError) as error:
        receive(made, "x.zip", io.BytesIO(ZIPS[what]))
    assert error.value.hint
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "names",
    [
        ("con", "CON.csv", "a:b"),
        ("x\0y.csv",),
        ("a:b.csv", "a?b.csv"),
        ("\u202eabc", "\u200b"),
        ("é" * 120 + ".csv",),
        ("a/b", "a"),
    ],
    ids=ascii,
)
def test_odd_names_in_a_zip_become_safe_ones(tmp_path: Path, names: tuple[str, ...]) -> None:
    made = Project.create(tmp_path / "home", "p")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), b"1")
    try:
        kept = receive(made, "x.zip", io.BytesIO(held.getvalue()))
    except AnodefreeError:
        kept = []
        assert tree(made.files_path) == set()
    assert all(p.is_relative_to(made.files_path / "x") and p in made.files() for p in kept)


PATHS = [
    "..", "../other", "../../me", "/etc/passwd", "\\etc", "%2e%2e", "%2e%2e%2fother", "..%252fother", "a\0b", "a%00b", ".", "",
    "x" * 10_000, "\u202e", "\uff0e\uff0e", "First-project/../../other", "~", "con", "C:", "files", "First-project ", "👻",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda n: ascii(n)[:30])
def test_no_lookup_by_name_leaves_its_folder(tmp_path: Path, path: str) -> None:
    home = tmp_path / "me"
    made = Project.create(home, "First project")
    Project.create(tmp_path, "other")
    with pytest.raises(ConfigError):
        project_of(home, path)
    with pytest.raises(ConfigError):
        made.file(path)
    for name in (path, f"analysis-{path}", f"analysis-/../{path}", f"../studies/analysis-{path}"):
        with pytest.raises(ConfigError):
            analysis(made, name)
    with pytest.raises(ConfigError):
        written(made, [path], path, tmp_path)
    with pytest.raises(ConfigError):
        restore(made, path)
    assert made.study(path, "x = 1").parent == made.studies_path


def test_links_within_a_project_lead_nowhere_else(tmp_path: Path) -> None:
    made = Project.create(tmp_path / "me", "p")
    (tmp_path / "secret.csv").write_text("1")
    (made.files_path / "link.csv").symlink_to(tmp_path / "secret.csv")
    (made.files_path / "folder").symlink_to(tmp_path)
    (made.studies_path / "analysis-9-eis.fit.toml").symlink_to(tmp_path / "secret.csv")
    (made.files_path / "loop").symlink_to(made.files_path / "loop")
    assert made.files() == []
    for name in ("link.csv", "folder/secret.csv", "loop"):
        with pytest.raises(ConfigError):
            made.file(name)
    with pytest.raises(ConfigError):
        analysis(made, "analysis-9-eis.fit")
    with pytest.raises(ConfigError):
        inside(made.folder, made.folder)
    with zipfile.ZipFile(made.zip(tmp_path / "shared.zip")) as packed:
        assert not any("link" in n or "secret" in n for n in packed.namelist())


def answer(client: urllib.request.OpenerDirector, address: str) -> tuple[int, bytes]:
    try:
        with client.open(address, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_no_address_shows_what_is_not_the_users(server: Server) -> None:
    """Each place of each address that takes a name, with each of the paths above."""
    client = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    client.open(server.url, timeout=30).read()
    (server.folder / "secret.txt").write_text("the secret itself")
    before = tree(server.folder)
    places = [
        *("/p/{}/share", "/p/{}/result?of=a&as=csv", "/p/First-project/result?of={}&as=csv"),
        *("/p/First-project/result?of=analysis-{}&as=csv", "/p/First-project/result?of=analysis-1-eis.fit&as={}"),
        *(
            "/p/{}/files",
            "/p/First-project/{}",
            "/p/First-project/jobs?job={}",
            "/p/First-project/reproduce?study={}&station={}",
        ),
        *("/_nicegui/static/{}", "/_nicegui/client/{}", "/{}", "/open/{}"),
    ]
    tried = [
        "../../secret.txt",
        "..%2f..%2fsecret.txt",
        "%2e%2e",
        "/etc/passwd",
        "a%00b",
        "x" * 3000,
        "👻",
        "..\\..\\secret.txt",
    ]
    for place in places:
        for path in tried:
            for spelled in {quote(path), quote(path, safe=""), quote(path, safe="%/")}:
                code, said = answer(client, server.base + place.replace("{}", spelled))
                assert code in (200, 400, 403, 404, 405, 414, 422), (place, path)
                assert b"the secret itself" not in said, (place, path)
                assert b"root:x:" not in said, (place, path)
                assert b"Traceback" not in said, (place, path)
    form = urlencode({"f": "../../secret.txt"}).encode()
    for place in ("/p/First-project/upload", "/p/%2e%2e/upload", "/open"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            client.open(server.base + place, form, timeout=30)
        assert refused.value.code in (400, 404)
    assert tree(server.folder) - before == set()
    assert server.process.poll() is None
    assert "Traceback" not in server.output.read_text()
