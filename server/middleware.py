"""What holds for every request: size, origin, headers, and nothing raw ever shown."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars, get_contextvars, unbind_contextvars

from server.logs import security

logger = structlog.get_logger()

MAX_BODY = 256 * 1024
LARGER: tuple[tuple[re.Pattern[str], int], ...] = (
    # the stock of a bailleur: 60 000 lines of the RPLS
    (re.compile(r"/patrimoine/imports"), 24 * 1024 * 1024 + MAX_BODY),
    # the signed scan of a convention: a PDF of 10 MB, and the rest of its form
    (re.compile(r"/conventions/[^/]+/documents"), 10 * 1024 * 1024 + MAX_BODY),
)
"""The doors of files, with their own cap in bytes."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " frame-src 'self'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


class TooLarge(Exception):
    """The body passed the cap while it was being read."""


class BodyLimit:
    """Refuses a body over its cap, 256 kB save for files, before anybody parses it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced, cap = Headers(scope=scope).get("content-length", "0"), _cap(scope["path"])
        if not announced.isdecimal() or len(announced) > len(str(cap)) or int(announced) > cap:
            await _too_large(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > cap:
                raise TooLarge
            return message

        try:
            await self.app(scope, counted, send)
        except TooLarge:
            await _too_large(scope, receive, send)


def _cap(path: str) -> int:
    return next((cap for door, cap in LARGER if door.fullmatch(path)), MAX_BODY)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    told = (
        "Envoi trop volumineux : 256 ko au plus, "
        "10 Mo pour un document signé, 24 Mo pour un patrimoine."
    )
    answer = PlainTextResponse(told, status_code=413)
    await answer(scope, receive, send)


class SameOrigin:
    """Unsafe methods only from our own pages: Sec-Fetch-Site, else Origin; a call without cookie
    (a machine with its token) has nothing that another site could borrow.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        parts = urlsplit(public_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or self._is_ours(scope):
            await self.app(scope, receive, send)
            return
        security("cross_site_refused")
        answer = PlainTextResponse("Requête refusée : elle vient d'un autre site.", status_code=403)
        await answer(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is not None:
            return origin == self.origin
        return "cookie" not in headers


class SecurityHeaders:
    """Strict headers on every answer; personal pages are never stored."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self.headers = dict(HEADERS)
        if is_https:
            self.headers["strict-transport-security"] = STRICT_TRANSPORT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                is_static = scope["path"].startswith("/static/")
                headers.setdefault("cache-control", "no-cache" if is_static else "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


QUIET = ("/static/", "/livez")
EXPORTS = (".xlsx", ".csv", ".ics", ".pdf", ".zip")
NOTED = ("operation", "decision", "cost")
"""What the API notes of a request (`logs.note`), beside what is bound here."""
CLOSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class Traced:
    """One line a request: which route, whose, how long, how it ended; its number in the answer.

    The route is the one declared, never the address typed, which may carry a name or a NUD.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self.app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        request_id, started = secrets.token_hex(8), time.perf_counter()
        with bound_contextvars(request=request_id, person="", tenant=""):
            try:
                await self.app(scope, receive, watched)
            finally:
                milliseconds = round((time.perf_counter() - started) * 1000)
                _write(scope, status, milliseconds)
                unbind_contextvars(*NOTED)  # a task may serve the next request


def _write(scope: Scope, status: int, milliseconds: int) -> None:
    route = getattr(scope.get("route"), "path", "")
    facts = {"method": scope["method"], "route": route, "status": status}
    if route.endswith(EXPORTS) and status == HTTPStatus.OK:
        security("export", **facts)
    if status in CLOSED and get_contextvars().get("person"):
        security("access_refused", **facts)
    logger.info("request", milliseconds=milliseconds, **facts)


LastAnswer = Callable[[Request, Exception], Awaitable[Response]]


class LastResort:
    """What nobody foresaw becomes a page with a number, under the headers of every other page."""

    def __init__(self, app: ASGIApp, answer: LastAnswer) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            answer = await self.answer(Request(scope), error)
            await answer(scope, receive, send)


def new_incident() -> str:
    """A number that a user can tell, and the logs can find."""
    return secrets.token_hex(4)
