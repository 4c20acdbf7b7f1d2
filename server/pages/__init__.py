"""HTML: request in, template out."""

from starlette.routing import Route

from server.pages import access, flux, vacancies

ROUTES: list[Route] = [
    *access.ROUTES,
    *flux.ROUTES,
    *vacancies.ROUTES,
]
