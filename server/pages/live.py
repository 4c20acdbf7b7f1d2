"""The stream of an open page: « something has changed », and the page asks again what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.live import RESYNC, Audience, Hub
from server.pages.visits import session_cookie
from server.tenants.sessions import find_signed_in

HEARTBEAT_SECONDS = 15.0
CHECK_SECONDS = 60.0
CHANGED, MISSED = "portail-maj", "portail-reprise"
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
        events(hub, audience, is_same),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _audience(request: Request) -> Audience | None:
    """For whom the session acts now; looking does not make the session last."""
    state = request.app.state
    secret = request.cookies.get(session_cookie(state.settings), "")
    signed_in = await find_signed_in(state.database, secret, touch=False) if secret else None
    if signed_in is None or signed_in.current is None:
        return None
    return Audience(tenant_id=signed_in.current.tenant_id, capacity=signed_in.current.capacity)


async def events(
    hub: Hub, audience: Audience, is_same: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """Names of events, a beat when there are none, an end when the session or the server ends."""
    clock = asyncio.get_running_loop().time
    check_at = clock() + CHECK_SECONDS
    with hub.subscribed(audience) as subscription:
        yield BEAT
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
    if not nouns:
        return BEAT
    name = MISSED if RESYNC in nouns else CHANGED
    return f"event: {name}\ndata: {' '.join(nouns)}\n\n"


ROUTES = [Route("/direct", stream)]
