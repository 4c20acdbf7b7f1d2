"""HTML: request in, template out."""

from starlette.routing import Route

from server.pages import access

ROUTES: list[Route] = [
    *access.ROUTES,
]
