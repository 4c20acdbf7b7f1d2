"""The stream of an open page: « something has changed », and the page asks again what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.live import BELL, RESYNC, Audience, Hub
from server.pages.visits import session_cookie
from server.tenants.assurance import assurance_of
from server.tenants.sessions import find_signed_in

HEARTBEAT_SECONDS = 15.0
CHECK_SECONDS = 60.0
CHANGED, MISSED = "portail-maj", "portail-reprise"
MOST_DIGITS = 15
SEEN = "vu"
"""Parameter of the address: the instant, in milliseconds, before which the page was read."""
BEAT = ": .\n\n"


async def stream(request: Request) -> Response:
    """Open as long as the session that asked for it lives, and acts for the same organisme."""
    hub: Hub = request.app.state.hub
    if hub.is_full:
        return PlainTextResponse("Trop de pages ouvertes.", status_code=503)
    audience = await _audience(request)
    if audience is None:
        return PlainTextResponse("Session terminée.", status_code=401)

    async def is_same() -> bool:
        return await _audience(request) == audience

    return StreamingResponse(
        events(hub, audience, is_same, seen_at=_seen_at(request)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


def _seen_at(request: Request) -> float | None:
    """In seconds; None when the page does not say it."""
    text = request.query_params.get(SEEN, "")
    return (
        int(text) / 1000
        if text.isascii() and text.isdecimal() and len(text) < MOST_DIGITS
        else None
    )


async def _audience(request: Request) -> Audience | None:
    """For whom the session acts now; looking does not make the session last."""
    state = request.app.state
    secret = request.cookies.get(session_cookie(state.settings), "")
    if not secret:
        return None
    signed_in = await find_signed_in(
        state.database, secret, assurance=assurance_of(state.settings), touch=False
    )
    if signed_in is None or signed_in.current is None:
        return None
    return Audience(tenant_id=signed_in.current.tenant_id, capacity=signed_in.current.capacity)


async def events(
    hub: Hub,
    audience: Audience,
    is_same: Callable[[], Awaitable[bool]],
    *,
    seen_at: float | None = None,
) -> AsyncIterator[str]:
    """Names of events, a beat when there are none, an end when the session or the server ends.

    First of all, what happened since the page was read at `seen_at` and before it listened.
    """
    clock = asyncio.get_running_loop().time
    check_at = clock() + CHECK_SECONDS
    with hub.subscribed(audience) as subscription:
        yield BEAT
        if seen_at is not None and (news := hub.news_since(audience, seen_at)):
            yield _message((RESYNC,) if news == RESYNC else (news, BELL))
        while True:
            nouns = await subscription.next(HEARTBEAT_SECONDS)
            if subscription.is_ended:
                return
            if clock() >= check_at:
                if not await is_same():
                    return
                check_at = clock() + CHECK_SECONDS
            yield _message(nouns)


def _message(nouns: tuple[str, ...]) -> str:
    """The bell has an event of its own; the panels one for all the other nouns."""
    if not nouns:
        return BEAT
    others = tuple(noun for noun in nouns if noun != BELL)
    name = MISSED if RESYNC in others else CHANGED
    panels = f"event: {name}\ndata: {' '.join(others)}\n\n" if others else ""
    return panels + (f"event: {BELL}\ndata: {BELL}\n\n" if BELL in nouns else "")


ROUTES = [Route("/direct", stream)]
