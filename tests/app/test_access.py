"""Who is let in: the right token by the right address, and nobody else, sockets and uploads included."""

from __future__ import annotations

import os
import re
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from anodefree.app.access import Visitor
from anodefree.app.project import Project
from anodefree.errors import ConfigError
from anodefree.study.jobs import jobs
from lab import Server, serve, stop

FILMS = """
[study]
title = "Twelve films"

[[step]]
name = "film"
stage = "magnet.film"
with = { tilt_rad = "90 deg", domain_width_m = "1 um", draws = 64, grid = 512 }
sweep = { thickness_m = [1e-7, 2e-7, 3e-7, 4e-7, 5e-7, 6e-7, 7e-7, 8e-7, 9e-7, 1e-6, 2e-6, 3e-6] }
"""
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that two users share."""
    pytest.importorskip("nicegui", reason="the laboratory needs pip install 'anodefree[app]'")
    made = serve(tmp_path_factory.mktemp("two") / "lab", "anna", "ben")
    yield made
    stop(made)


def ask(server: Server, path: str, *, method: str = "GET", **headers: str) -> HTTPResponse:
    """One request, without following where it leads."""
    connection = HTTPConnection("127.0.0.1", urlsplit(server.base).port or 0, timeout=20)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def cookie(server: Server, user: str) -> str:
    response = ask(server, urlsplit(server.urls[user]).path + "?" + urlsplit(server.urls[user]).query)
    assert response.status == 303
    assert response.headers["location"] == "/"
    given = response.headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Strict" in given
    assert server.urls[user].rpartition("=")[2] not in given
    return given.partition(";")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/p/First-project/notes",
        "/p/First-project/share",
        "/_nicegui/client/x/upload/1",
        "/docs",
        "/?token=wrong",
        "/?token=",
    ],
)
def test_without_the_token_everything_is_refused(pair: Server, path: str) -> None:
    assert ask(pair, path).status == 403
    assert ask(pair, path, Cookie=f"anodefree_{urlsplit(pair.base).port}=guess").status == 403
    assert ask(pair, path, method="POST").status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
def test_another_name_of_this_machine_is_refused(pair: Server, host: str) -> None:
    assert ask(pair, "/", Cookie=cookie(pair, "anna"), Host=host).status == 403


def test_another_page_cannot_use_the_cookie(pair: Server) -> None:
    mine = cookie(pair, "anna")
    for origin in ("http://evil.example", "http://127.0.0.1:1", "null"):
        assert ask(pair, "/p/First-project/upload", method="POST", Cookie=mine, Origin=origin).status == 403
    assert ask(pair, "/", Cookie=mine, Origin=pair.base).status == 200


def test_the_answer_forbids_frames_foreign_sources_and_guessing_of_types(pair: Server) -> None:
    headers = ask(pair, "/", Cookie=cookie(pair, "anna")).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_two_users_do_not_see_each_others_projects(pair: Server) -> None:
    (pair.folder / "anna" / "First-project").rename(pair.folder / "anna" / "secret")
    anna, ben = cookie(pair, "anna"), cookie(pair, "ben")
    assert ask(pair, "/p/secret/share", Cookie=anna).status == 200
    for name in ("secret", "..%2fanna%2fsecret", "%2e%2e%2fanna%2fsecret", "..", "anna"):
        assert ask(pair, f"/p/{name}/share", Cookie=ben).status in (400, 404)
        assert ask(pair, f"/p/{name}/upload", method="POST", Cookie=ben).status in (400, 404)
    for user, given in (("anna", anna), ("ben", ben)):
        request = urllib.request.Request(pair.base + "/p/secret/notes", headers={"Cookie": given})
        with urllib.request.urlopen(request, timeout=20) as response:
            assert ("no project of this name" in response.read().decode()) is (user == "ben")


def test_jobs_results_and_chains_of_one_user_are_not_shown_to_the_other(pair: Server, page: Any) -> None:
    """And a worker that is killed is told as that, while its chain goes on to be walked."""
    mine = Project.create(pair.folder / "anna", "Films")
    name = mine.folder.name
    page.goto(pair.urls["anna"])
    mine.study("films", FILMS)
    page.goto(f"{pair.base}/p/{name}/reproduce?study=films")
    page.get_by_test_id("recompute").click()
    page.get_by_test_id("progress").get_by_text(re.compile("of 12 steps")).wait_for(timeout=90_000)
    (job,) = jobs(mine.jobs_path)
    for user, status in (("anna", 200), ("ben", 404)):
        given = cookie(pair, user)
        assert ask(pair, f"/p/{name}/share?store=no", Cookie=given).status == status
        assert ask(pair, f"/p/{name}/result?of=analysis-1-x&as=csv", Cookie=given).status == 404
        for path in ("jobs", f"jobs?job={job.id}", "reproduce?study=films"):
            request = urllib.request.Request(f"{pair.base}/p/{name}/{path}", headers={"Cookie": given})
            with urllib.request.urlopen(request, timeout=60) as response:
                told = response.read().decode()
            assert ("no project of this name" in told) is (user == "ben")
            assert user == "anna" or "Twelve films" not in told
    request = urllib.request.Request(f"{pair.base}/p/First-project/jobs?job={job.id}", headers={"Cookie": cookie(pair, "ben")})
    with urllib.request.urlopen(request, timeout=60) as response:
        told = response.read().decode()
    assert "no-jobs" in told
    assert job.id not in told

    pid = job.look().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    page.get_by_test_id("job-error").get_by_text("its process is gone").wait_for()
    assert page.get_by_test_id("progress").inner_text().startswith("killed after")
    assert page.get_by_test_id("recompute").is_enabled()
    page.get_by_test_id("station-magnet").click()
    page.get_by_test_id("step-film").wait_for()
    page.goto(f"{pair.base}/p/{name}/jobs")
    page.get_by_test_id(f"state-{job.id}").get_by_text("killed").wait_for()
    page.get_by_test_id(f"forget-{job.id}").click()
    page.get_by_test_id("no-jobs").wait_for()


@pytest.mark.parametrize(("who", "answer"), [("", b"403"), ("anna", b"101")])
def test_sockets_are_guarded_too(pair: Server, who: str, answer: bytes) -> None:
    port = urlsplit(pair.base).port
    lines = [
        f"GET {SOCKET} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Cookie: {cookie(pair, who) if who else 'none=1'}",
    ]
    with socket.create_connection(("127.0.0.1", port or 0), timeout=20) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert line.recv(64).split(b" ")[1] == answer


def test_it_listens_on_this_machine_only(pair: Server) -> None:
    port = f"{urlsplit(pair.base).port:04X}"
    table = Path("/proc/net/tcp")
    if not table.is_file():
        pytest.skip("this system has no table of sockets")
    local = [line.split()[1] for line in table.read_text().splitlines()[1:] if line.split()[3] == "0A"]
    assert [a for a in local if a.endswith(f":{port}")] == [f"0100007F:{port}"]


def test_users_and_ports_are_checked(tmp_path: Path) -> None:
    from anodefree.app import serve as server

    for users in (["../x"], [""], ["a b"], ["ok", "a/b"]):
        with pytest.raises(ConfigError, match="cannot be a user"):
            server._checked(users)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="cannot be used"):
            server._free(taken.getsockname()[1])
    assert Visitor.new("a").token != Visitor.new("a").token


def test_a_person_sees_the_page_remembers_dark_and_reloads(pair: Server, page: Any) -> None:
    page.goto(pair.urls["anna"])
    page.get_by_test_id("create-project").wait_for()
    assert "token" not in page.url
    assert page.title() == "Projects · anodefree"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_test_id("new-name").fill("<img src=x onerror=alert(1)>")
    page.get_by_test_id("create-project").click()
    page.get_by_test_id("nav-notes").click()
    page.get_by_test_id("notes").fill("# noted")
    page.get_by_test_id("save-notes").click()
    page.get_by_text("The notes are saved.").wait_for()
    page.get_by_test_id("scheme").click()
    page.get_by_role("option", name="Dark").click()
    page.wait_for_function("document.body.classList.contains('body--dark') && document.cookie.includes('scheme=dark')")
    page.reload()
    page.get_by_test_id("notes").wait_for()
    assert page.get_by_test_id("notes").input_value() == "# noted"
    assert page.get_by_test_id("project-name").inner_text() == "<img src=x onerror=alert(1)>"
    page.wait_for_function("document.body.classList.contains('body--dark')")
    page.goto(pair.base + "/p/nothing/notes")
    page.get_by_test_id("page-error").wait_for()
    assert "no project of this name" in page.get_by_test_id("page-error").inner_text()
