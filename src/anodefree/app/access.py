"""Who may speak to the server: a token in the address becomes a cookie; whoever has neither is refused, sockets too."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

USER: Final = "anodefree.user"
"""Where a request's scope says who speaks."""
TOKEN: Final = "token"
REQUEST_BYTES: Final = 2 * 2**30
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' {sockets}; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Visitor:
    """One user: the token of the printed address, and the secret that the browser keeps in its place."""

    name: str
    token: str
    secret: str

    @classmethod
    def new(cls, name: str) -> Visitor:
        """Fresh secrets; they last as long as the server."""
        return cls(name, secrets.token_urlsafe(32), secrets.token_urlsafe(32))


class TooLarge(Exception):
    """A request's body goes on beyond its bound."""


class Guard:
    """Wraps the whole server. Lets through who is known and came by the right address; everything else is 403."""

    def __init__(
        self,
        app: Application,
        *,
        visitors: tuple[Visitor, ...],
        port: int,
        owner: Callable[[str], str | None] = lambda client: None,
        request_bytes: int = REQUEST_BYTES,
    ) -> None:
        """`owner` says to which user an open page belongs, by the page's id."""
        self.app, self.visitors, self.owner, self.request_bytes = app, visitors, owner, request_bytes
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.cookie = f"anodefree_{port}"  # browsers do not tell cookies of two ports apart
        self.policy = _POLICY.format(sockets=" ".join(f"ws://{h}" for h in sorted(self.hosts)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one socket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        if not self._from_here(headers):
            await _refuse(scope, receive, send, 403, "This address is not served here.")
            return
        if scope["type"] == "http" and scope["method"] == "GET" and (target := self._exchange(scope)) is not None:
            await send({"type": "http.response.start", "status": 303, "headers": target})
            await send({"type": "http.response.body", "body": b""})
            return
        user = self._who(headers)
        if user is None or not self._own_page(scope, user):
            await _refuse(scope, receive, send, 403, "Open the address that `anodefree app` printed: it holds your token.")
            return
        scope[USER] = user
        await self._pass_on(scope, headers, receive, send)

    async def _pass_on(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        """To the pages, with the body bounded and the answer marked."""
        said = headers.get("content-length", "0")
        if not said.isdigit() or int(said) > self.request_bytes:
            await _refuse(scope, receive, send, 413, "This is more than one request may bring.")
            return
        begun = False
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > self.request_bytes:
                    raise TooLarge
            return message

        async def marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), *self._marks()]
            await send(message)

        try:
            await self.app(scope, bounded, marked)
        except TooLarge:
            if not begun:
                await _refuse(scope, receive, send, 413, "This is more than one request may bring.")

    def _from_here(self, headers: dict[str, str]) -> bool:
        """The Host is ours (no foreign name that was pointed at this machine), and so is the page that asks, if it says."""
        origin = headers.get("origin")
        return headers.get("host") in self.hosts and (origin is None or origin in {f"http://{h}" for h in self.hosts})

    def _exchange(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """For an address with a right token: the headers that set the cookie and lead to the same address without it."""
        query = scope.get("query_string", b"").decode("latin-1")
        given = parse_qs(query).get(TOKEN, [""])[0]
        found = _match(given, [(v.token, v) for v in self.visitors])
        if found is None:
            return None
        rest = urlencode([(k, v) for k, v in parse_qsl(query) if k != TOKEN])
        path = "/" + scope["path"].lstrip("/\\")  # two slashes would name another host
        location = (path if path.isascii() and path.isprintable() else "/") + (f"?{rest}" if rest else "")
        cookie = f"{self.cookie}={found.secret}; Path=/; HttpOnly; SameSite=Strict"
        pairs = (("location", location), ("set-cookie", cookie), ("content-length", "0"), ("referrer-policy", "no-referrer"))
        return [(n.encode(), v.encode("latin-1")) for n, v in pairs]

    def _who(self, headers: dict[str, str]) -> str | None:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except CookieError:
            return None
        found = _match(jar[self.cookie].value if self.cookie in jar else "", [(v.secret, v) for v in self.visitors])
        return found.name if found else None

    def _own_page(self, scope: Scope, user: str) -> bool:
        """Whether an open page that the request speaks for (a socket, an upload) belongs to the same user."""
        parts = scope["path"].split("/")
        named = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("client_id", [])
        if parts[1:3] == ["_nicegui", "client"] and len(parts) > 3:
            named = [*named, parts[3]]
        return all(self.owner(client) in (None, user) for client in named)

    def _marks(self) -> list[tuple[bytes, bytes]]:
        """What a browser is told to forbid itself."""
        return [
            (b"content-security-policy", self.policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]


def _match(given: str, known: list[tuple[str, Visitor]]) -> Visitor | None:
    """Every known secret is compared in constant time, whether an earlier one fitted or not."""
    found = None
    for secret, visitor in known:
        if hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            found = visitor
    return found


def _headers(scope: Scope) -> dict[str, str]:
    return {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in scope.get("headers", ())}


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = why.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
