"""The end of the session: told before it comes, put off by whoever is still there (RGAA 13.1)."""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.domain import labels
from server.errors import Forbidden
from server.pages.navigation import session_left
from server.pages.visits import Visit, page
from server.tenants.sessions import SignedIn, prolong_session

PATH = "/session/prolonger"


async def show(visit: Visit) -> Response:
    """Until when the session lasts: a page to read, or figures for the page that asks by itself."""
    if _wants_figures(visit):
        return _figures(_signed_in(visit))
    async with visit.reading():
        pass
    signed_in = _signed_in(visit)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Ma session"}]
    return visit.render(
        "session.html",
        title="Ma session",
        ends=labels.french_instant(signed_in.ends_at),
        latest=labels.french_instant(signed_in.session.expires_at),
        is_last=signed_in.is_last_hour,
    )


async def prolong(visit: Visit) -> Response:
    signed_in = await prolong_session(visit.database, _signed_in(visit))
    if _wants_figures(visit):
        return _figures(signed_in)
    ends = labels.french_instant(signed_in.ends_at)
    return visit.redirect(PATH, message=f"Votre session dure jusqu'au {ends}.")


def _signed_in(visit: Visit) -> SignedIn:
    if visit.signed_in is None:
        raise Forbidden("Votre session est terminée.")
    return visit.signed_in


def _wants_figures(visit: Visit) -> bool:
    return visit.request.headers.get("accept") == "application/json"


def _figures(signed_in: SignedIn) -> Response:
    return JSONResponse(asdict(session_left(signed_in)))


ROUTES = [
    Route(PATH, page(show), methods=["GET"]),
    Route(PATH, page(prolong), methods=["POST"]),
]
