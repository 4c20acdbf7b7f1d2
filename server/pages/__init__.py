"""HTML: request in, template out."""

from starlette.routing import Route

from server.pages import (
    access,
    accessibility,
    caleol,
    candidates,
    dwellings,
    flux,
    live,
    orientations,
    urgences,
    vacancies,
)

ROUTES: list[Route] = [
    *access.ROUTES,
    *accessibility.ROUTES,
    *caleol.ROUTES,
    *candidates.ROUTES,
    *dwellings.ROUTES,
    *flux.ROUTES,
    *live.ROUTES,
    *orientations.ROUTES,
    *urgences.ROUTES,
    *vacancies.ROUTES,
]
