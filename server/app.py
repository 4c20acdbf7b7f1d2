"""The web application: routes, middleware, start and stop, errors as pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from server.callers import CountedCalls, find_caller
from server.errors import PortalError, TooMany
from server.heartbeat import beating
from server.live import Hub
from server.logs import security
from server.middleware import (
    BodyLimit,
    LastResort,
    SameOrigin,
    SecurityHeaders,
    Traced,
    new_incident,
)
from server.pages import ROUTES as PAGES
from server.pages.access import offered_switches
from server.pages.rendering import Renderer
from server.pages.visits import open_visit, session_cookie
from server.schema import RequestError, graphql_app
from server.settings import Settings
from server.tenants.actors import Actor, Channel
from server.tenants.assurance import assurance_of
from server.tenants.bearers import Bearers
from server.tenants.metering import Attempts, Budget
from server.tenants.oidc import Provider
from server.tenants.sessions import actor_of, find_signed_in
from server.tenants.transactions import Database

STATIC = Path(__file__).resolve().parents[1] / "web" / "static"
TITLES = {
    401: "Connexion nécessaire",
    403: "Accès refusé",
    404: "Page introuvable",
    405: "Action impossible",
    409: "Action impossible",
    413: "Envoi trop volumineux",
    422: "Saisie à corriger",
    429: "Trop de demandes",
    503: "Demande trop longue",
}
SIGN_INS, SIGN_IN_SECONDS = 60, 300
LINK_OPENINGS, LINK_SECONDS = 60, 300
"""An office behind one address opens the links of its mails, its scanner included."""
TOO_MANY_OPENINGS = "Trop d'ouvertures de liens depuis votre réseau : patientez un instant."
"""Departures and returns of one address, a whole town hall behind it perhaps."""

AMBIGUOUS_CODE = "credentials_ambiguous"
AMBIGUOUS = "Présentez un jeton ou une session, pas les deux : qui appelle ne serait pas certain."

logger = structlog.get_logger()


def create_app(settings: Settings) -> Starlette:
    """The ASGI application; it refuses to start with a powerful database login."""
    database = Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await database.refuse_power()
        async with beating(database, settings), app.state.hub.running():
            yield
        await database.close()

    routes: list[BaseRoute] = [
        Route("/livez", _alive),
        *PAGES,
        _api(settings, database),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Traced),
            Middleware(SecurityHeaders, is_https=settings.is_https),
            Middleware(LastResort, answer=_unexpected),
            Middleware(BodyLimit),
            Middleware(SameOrigin, public_url=settings.public_url),
            Middleware(GZipMiddleware, minimum_size=1000),
        ],
        exception_handlers=_ERRORS,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.hub = Hub(settings.database_url)
    app.state.renderer = Renderer()
    app.state.provider = Provider(settings=settings)
    app.state.attempts = Attempts(most=SIGN_INS, seconds=SIGN_IN_SECONDS)
    app.state.link_attempts = Attempts(
        most=LINK_OPENINGS, seconds=LINK_SECONDS, message=TOO_MANY_OPENINGS
    )
    return app


def _api(settings: Settings, database: Database) -> Route:
    """The API, within the measure of each organisme; what machines call is counted."""
    bearers = Bearers(database=database, issuer=settings.machine_issuer)
    budget = Budget(points=settings.api_points, seconds=settings.api_seconds)

    async def authenticate(request: Request) -> Actor | None:
        return await _authenticate(request, settings, database, bearers)

    return Route("/graphql", CountedCalls(graphql_app(database, authenticate, budget), database))


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _authenticate(
    request: Request, settings: Settings, database: Database, bearers: Bearers
) -> Actor | None:
    """A bearer token or a session cookie; both at once is a confusion, refused as such."""
    secret = request.cookies.get(session_cookie(settings), "")
    if "authorization" in request.headers and secret:
        raise RequestError(400, AMBIGUOUS_CODE, AMBIGUOUS)
    if "authorization" in request.headers:
        return await find_caller(request, bearers)
    assurance = assurance_of(settings)
    signed_in = await find_signed_in(database, secret, assurance=assurance) if secret else None
    if signed_in is None or signed_in.current is None:
        return None
    return actor_of(signed_in.current, Channel.API)


# --- Errors as pages ----------------------------------------------------------------------------


async def _error_page(
    request: Request, status: int, message: str, *, motifs: tuple[object, ...] = (),
    incident_id: str = "",
) -> Response:  # fmt: skip
    visit = await open_visit(request)
    answer = visit.render(
        "error.html",
        title=TITLES.get(status, "Erreur du portail"),
        status=status,
        message=message,
        motifs=motifs,
        incident_id=incident_id,
        switches=offered_switches(visit, status),
    )
    if visit.wants_fragment:
        answer.headers["HX-Retarget"] = "#contenu"
        answer.headers["HX-Reselect"] = "#contenu"
        answer.headers["HX-Reswap"] = "outerHTML"
    return answer


async def _portal_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, PortalError):
        raise error
    answer = await _error_page(request, error.status, error.message, motifs=error.motifs)
    if isinstance(error, TooMany):
        security("limit_hit", code=error.code)
        answer.headers["retry-after"] = str(error.retry_after)
    return answer


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code < 400:  # noqa: PLR2004 - the beginning of the errors of HTTP
        return Response(status_code=error.status_code, headers=error.headers)
    message = {404: "Cette page n'existe pas.", 405: "Cette adresse ne répond pas à cet appel."}
    return await _error_page(
        request, error.status_code, message.get(error.status_code, "La demande est mal formée.")
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    """The last resort: an incident number for the user, the type of the error for the log."""
    incident = new_incident()
    logger.error("incident", incident=incident, kind=type(error).__name__)
    if "text/html" not in request.headers.get("accept", ""):
        message = f"Une erreur inattendue est survenue (incident {incident})."
        told = {"message": message, "extensions": {"code": "unexpected", "incident": incident}}
        return JSONResponse({"errors": [told]}, status_code=500)
    renderer: Renderer = request.app.state.renderer
    html = renderer.page(
        "error.html",
        {
            "status": 500,
            "page_title": "Erreur du portail",
            "message": "Une erreur inattendue est survenue.",
            "incident_id": incident,
        },
    )
    return HTMLResponse(html, status_code=500)


_ERRORS = {PortalError: _portal_error, HTTPException: _http_error, Exception: _unexpected}
