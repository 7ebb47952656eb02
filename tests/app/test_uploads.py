"""What arrives: bounded, whole or not at all; two hundred bad uploads leave the server serving."""

from __future__ import annotations

import io
import json
import random
import struct
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from anodefree.app.project import PENDING, Project
from anodefree.app.uploads import Bounds, receive, sweep
from anodefree.errors import AnodefreeError, ConfigError, DataError
from lab import Server

SMALL = Bounds(file_bytes=1000, project_bytes=2500, files=4, members=3)
Post = Callable[[list[tuple[str, bytes]]], dict[str, Any]]
BOUNDARY = "----anodefree-test"


def zipped(*members: tuple[str, bytes], **how: Any) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, **how) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return held.getvalue()


def linked() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    return held.getvalue()


def wrong_size() -> bytes:
    """A member that is longer than it says."""
    made = bytearray(zipped(("a.csv", b"x" * 900)))
    at = made.rfind(b"PK\x01\x02")
    made[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(made)


def many_entries() -> bytes:
    """An end that claims a table of contents of 4 GB."""
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**32 - 1, 0, 0)


BAD = {
    "empty.csv": b"",
    "large.csv": b"x" * 1001,
    "no.zip": b"this is no zip",
    "cut.zip": zipped(("a.csv", b"12,3\n" * 100))[:-30],
    "bomb.zip": zipped(("a.csv", b"0" * 1001)),
    "climbs.zip": zipped(("../../a.csv", b"1")),
    "root.zip": zipped(("/etc/a.csv", b"1")),
    "drive.zip": zipped(("C:\\a.csv", b"1")),
    "many.zip": zipped(*((f"{i}.csv", b"1") for i in range(4))),
    "link.zip": linked(),
    "longer.zip": wrong_size(),
    "table.zip": many_entries(),
    "nothing.zip": zipped(),
    "../up.csv": b"1",
    "/root.csv": b"1",
    "..\\up.csv": b"1",
    "a/" * 20 + "deep.csv": b"1",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_upload_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    made = Project.create(tmp_path / "home", "p")
    with pytest.raises((ConfigError, DataError)) as error:
        receive(made, name, io.BytesIO(BAD[name]), SMALL)
    assert error.value.what
    assert error.value.hint
    assert list(made.files_path.iterdir()) == []
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


def test_a_bomb_is_known_by_its_ratio_before_it_is_unpacked(tmp_path: Path) -> None:
    made = Project.create(tmp_path, "p")
    with pytest.raises(DataError, match="200 times"):
        receive(made, "bomb.zip", io.BytesIO(zipped(("a.csv", b"0" * 30_000_000))))
    assert made.files() == []


def test_a_full_project_takes_no_more(tmp_path: Path) -> None:
    made = Project.create(tmp_path, "p")
    for name in "ab":
        receive(made, name, io.BytesIO(b"x" * 900), SMALL)
    with pytest.raises(ConfigError, match="larger than"):
        receive(made, "c", io.BytesIO(b"x" * 900), SMALL)
    receive(made, "d", io.BytesIO(b"x"), SMALL)
    receive(made, "e", io.BytesIO(b"x"), SMALL)
    with pytest.raises(ConfigError, match="holds 4 files"):
        receive(made, "f", io.BytesIO(b"x"), SMALL)


def test_what_is_good_arrives_whole_under_a_free_name(tmp_path: Path) -> None:
    made = Project.create(tmp_path, "p")
    receive(made, "run 1/a.csv", io.BytesIO(b"1"))
    receive(made, "run 1/a.csv", io.BytesIO(b"2"))
    inner = zipped(("deep.csv", b"0"))
    receive(made, "all.zip", io.BytesIO(zipped(("x/b.csv", b"3"), ("inner.zip", inner), ("__MACOSX/._b.csv", b"?"))))
    names = [p.relative_to(made.files_path).as_posix() for p in made.files()]
    assert names == ["all/inner.zip", "all/x/b.csv", "run 1/a-2.csv", "run 1/a.csv"]
    assert made.file("all/inner.zip").read_bytes() == inner
    left = made.files_path / f"{PENDING}x"
    left.mkdir()
    (left / "file").write_text("half")
    assert len(made.files()) == 4
    sweep(tmp_path)
    assert not left.exists()


def test_whatever_bytes_arrive_as_a_zip_one_of_our_errors_or_files_follow(tmp_path: Path) -> None:
    made, chance = Project.create(tmp_path, "p"), random.Random(1)
    good = zipped(("a.csv", b"1,2\n" * 50), ("b/c.csv", b"3"))
    for _ in range(80):
        bytes_ = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            bytes_[chance.randrange(len(bytes_))] = chance.randrange(256)
        before = len(made.files())
        try:
            receive(made, "x.zip", io.BytesIO(bytes(bytes_)))
        except AnodefreeError:
            assert len(made.files()) == before
    assert not list(made.files_path.glob(f"{PENDING}*"))


@pytest.fixture
def opener(server: Server) -> urllib.request.OpenerDirector:
    """A client that has exchanged its token."""
    made = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    made.open(server.url, timeout=20).read()
    return made


@pytest.fixture
def post(server: Server, opener: urllib.request.OpenerDirector) -> Post:
    """Send files as a browser's form does."""

    def send(files: list[tuple[str, bytes]]) -> dict[str, Any]:
        body = b"".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="{n}"\r\n\r\n'.encode() + c + b"\r\n"
            for n, c in files
        )
        return form(opener, server, body + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}")

    return send


def form(opener: urllib.request.OpenerDirector, server: Server, body: bytes, kind: str) -> dict[str, Any]:
    request = urllib.request.Request(server.base + "/p/First-project/upload", data=body, headers={"Content-Type": kind})
    try:
        with opener.open(request, timeout=60) as response:
            found: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        found = {"kept": [], "code": error.code, "text": error.read().decode()}
    return found


def test_two_hundred_bad_uploads_leave_it_serving(server: Server, opener: urllib.request.OpenerDirector, post: Post) -> None:
    project, chance = Project.open(server.home / "First-project"), random.Random(7)
    bad = [n for n in BAD if n not in ("large.csv", "bomb.zip", "many.zip")]  # good within the usual bounds
    for turn in range(170):
        name = chance.choice(bad)
        told = post([(name, BAD[name])])
        assert (told["kept"], told["code"]) == ([], 400), (turn, name)
        assert "Traceback" not in json.dumps(told)
    for turn in range(30):  # no form, a cut form, a huge header
        body = [b"", b"--" + BOUNDARY.encode(), bytes(chance.randrange(256) for _ in range(500)), b"\r\n" * 4000][turn % 4]
        kind = ["multipart/form-data", f"multipart/form-data; boundary={BOUNDARY}", "text/plain", "x" * 20_000][turn // 8]
        told = form(opener, server, body, kind)
        assert told["kept"] == []
        assert told["code"] == 400
    assert project.files() == []
    assert not list(project.files_path.glob(f"{PENDING}*"))
    told = post([("good.csv", b"1,2\n"), ("bad.zip", b"no"), ("also good.csv", b"3,4\n")])
    assert told["kept"] == ["good.csv", "also good.csv"]
    assert [r["name"] for r in told["refused"]] == ["bad.zip"]
    assert server.process.poll() is None
    assert "Traceback" not in server.output.read_text()


def test_a_large_file_arrives_in_seconds(server: Server, post: Post) -> None:
    content = random.Random(3).randbytes(34 * 2**20)
    began = time.perf_counter()
    told = post([("large.mpr", content)])
    assert time.perf_counter() - began < 15  # five seconds on a quiet machine
    assert told["kept"] == ["large.mpr"]
    assert (server.home / "First-project" / "files" / "large.mpr").read_bytes() == content


def test_more_than_a_request_may_bring_is_refused_at_once(server: Server, opener: urllib.request.OpenerDirector) -> None:
    request = urllib.request.Request(server.base + "/p/First-project/upload", data=b"x", headers={"Content-Length": str(2**40)})
    with pytest.raises(urllib.error.HTTPError) as error:
        opener.open(request, timeout=20)
    assert error.value.code == 413
