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

from server.errors import PortalError
from server.live import Hub
from server.middleware import BodyLimit, SameOrigin, SecurityHeaders, new_incident
from server.pages import ROUTES as PAGES
from server.pages.access import offered_switches
from server.pages.rendering import Renderer
from server.pages.visits import open_visit, session_cookie
from server.schema import graphql_app
from server.settings import Settings
from server.tenants.actors import Actor, Channel
from server.tenants.oidc import Provider
from server.tenants.sessions import actor_of, find_machine, find_signed_in
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
}

logger = structlog.get_logger()


def create_app(settings: Settings) -> Starlette:
    """The ASGI application; it refuses to start with a powerful database login."""
    database = Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await database.refuse_power()
        async with app.state.hub.running():
            yield
        await database.close()

    async def authenticate(request: Request) -> Actor | None:
        return await _authenticate(request, settings, database)

    routes: list[BaseRoute] = [
        Route("/livez", _alive),
        *PAGES,
        Route("/graphql", graphql_app(database, authenticate)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityHeaders, is_https=settings.is_https),
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
    return app


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _authenticate(request: Request, settings: Settings, database: Database) -> Actor | None:
    """A bearer token or a session cookie; both at once is a confusion, so nobody."""
    authorization = request.headers.get("authorization", "")
    secret = request.cookies.get(session_cookie(settings), "")
    if authorization and secret:
        return None
    if authorization.lower().startswith("bearer "):
        return await find_machine(database, authorization[7:].strip())
    signed_in = await find_signed_in(database, secret) if secret else None
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
    return await _error_page(request, error.status, error.message, motifs=error.motifs)


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
    logger.error("incident", incident=incident, path=request.url.path, kind=type(error).__name__)
    if "text/html" not in request.headers.get("accept", ""):
        message = f"Une erreur inattendue est survenue (incident {incident})."
        return JSONResponse({"errors": [{"message": message}]}, status_code=500)
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
