"""HTML: request in, template out."""

from starlette.routing import Route

from server.pages import (
    access,
    accessibility,
    bilans,
    caleol,
    candidates,
    demo,
    department,
    dwellings,
    flux,
    graphiql,
    home,
    live,
    notifications,
    orientations,
    urgences,
    vacancies,
)

ROUTES: list[Route] = [
    *access.ROUTES,
    *accessibility.ROUTES,
    *bilans.ROUTES,
    *caleol.ROUTES,
    *candidates.ROUTES,
    *demo.ROUTES,
    *department.ROUTES,
    *dwellings.ROUTES,
    *flux.ROUTES,
    *graphiql.ROUTES,
    *home.ROUTES,
    *live.ROUTES,
    *notifications.ROUTES,
    *orientations.ROUTES,
    *urgences.ROUTES,
    *vacancies.ROUTES,
]
