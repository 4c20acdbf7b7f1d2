"""The declaration of accessibility, fed from the grid of the criteria."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.pages.visits import Visit, public_page
from server.reference.rgaa import Criterion, Grid, load_grid

GRID = load_grid()
TONES = {"c": "success", "nc": "danger", "na": "neutral", "nt": "warning"}


async def declaration(visit: Visit) -> Response:
    await visit.look_around()
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Accessibilité"}]
    return visit.render(
        "accessibilite.html",
        title="Accessibilité : non conforme",
        grid=GRID,
        counts=_counts(GRID),
        topics=[_topic(name, criteria) for name, criteria in GRID.topics.items()],
        tones=TONES,
        contact=visit.settings.mail_from,
    )


def _counts(grid: Grid) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": len(grid.of(status))} for status, label in grid.statuses.items()
    ]


def _topic(name: str, criteria: list[Criterion]) -> dict[str, Any]:
    number = criteria[0].number.partition(".")[0]
    return {"id": f"thematique-{number}", "title": f"{number}. {name}", "criteria": criteria}


ROUTES = [Route("/accessibilite", public_page(declaration))]
