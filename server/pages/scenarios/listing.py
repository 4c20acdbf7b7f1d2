"""The simulations: those that a bailleur made, or those that one is shown."""

from __future__ import annotations

from starlette.responses import Response

from server.db.paging import PageRequest
from server.documents.exports import Column, Kind
from server.domain import labels
from server.operations import scenarios
from server.operations.scenarios import Listed
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.scenarios.words import PATH, draw_view, place_of
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may

OWN_LEAD = (
    "Que recevrait chacun l'an prochain si un droit, un taux, une exclusion ou un programme "
    "changeait ? La réponse vient tout de suite, sans rien changer à vos annexes."
)
READER_LEAD = "Les simulations que vos bailleurs vous montrent. Rien n'y est signé."
COLUMNS = (
    Column(code="nom", label="Nom", description="Nom donné par le bailleur."),
    Column(code="bailleur", label="Bailleur", description="Bailleur qui a fait la simulation."),
    Column(code="annee", label="Année", kind=Kind.INTEGER, description="Année simulée."),
    Column(code="perimetre", label="Périmètre", description="EPCI, ou tout le patrimoine."),
    Column(code="changements", label="Changements", kind=Kind.INTEGER, description="Leur nombre."),
    Column(
        code="liberations",
        label="Libérations attendues",
        kind=Kind.DECIMAL,
        description="Logements du flux attendus dans l'année.",
    ),
    Column(
        code="modifiee_le", label="Modifiée le", kind=Kind.INSTANT, description="Dernière fois."
    ),
)


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await scenarios.list_page(tx, PageRequest(after=visit.query("apres") or None))
    is_own = visit.actor.capacity is Capacity.BAILLEUR
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Simulations"}]
    return visit.render(
        "simulations.html",
        title="Simulations",
        lead=OWN_LEAD if is_own else READER_LEAD,
        is_own=is_own,
        can_prepare=may(visit.actor, Permission.SCENARIO_PREPARE),
        exports=export_links(visit, PATH),
        rows=[_row(one) for one in found.items],
        options=[{"value": str(one.row.id), "label": _option(one)} for one in found.items],
        next_href=views.address(PATH, apres=found.end_cursor) if found.has_next else "",
    )


def _option(one: Listed) -> str:
    return f"{one.row.name} ({one.row.year}, {place_of(one.row)})"


def _row(one: Listed) -> View:
    draw = draw_view(one.draw)
    return {
        "href": f"{PATH}/{one.row.id}",
        "name": one.row.name,
        "bailleur": one.row.bailleur_name,
        "place": f"{one.row.year}, {place_of(one.row)}",
        "changes": len(one.row.changes),
        "changed": labels.french_day(one.row.changed_at.date()),
        "badge": draw["badge"] if draw else {"text": "Pas encore tirée", "tone": "neutral"},
        "shares": one.share_count,
    }


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await every(lambda request: scenarios.list_page(tx, request))
    return export_response(visit, "Simulations", COLUMNS, map(_export_row, found))


def _export_row(one: Listed) -> View:
    return {
        "nom": one.row.name,
        "bailleur": one.row.bailleur_name,
        "annee": one.row.year,
        "perimetre": place_of(one.row),
        "changements": len(one.row.changes),
        "liberations": one.row.tables["vacancies"],
        "modifiee_le": one.row.changed_at,
    }
