"""The dwellings of a bailleur: finding one, and all that happened to it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from server.db.orientations import OrientationFilter
from server.db.paging import PageRequest
from server.domain.deadlines import local_day
from server.operations import journal, orientations, vacancies
from server.pages import views
from server.pages.views import View
from server.pages.visits import Visit, page
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/logements"
FULL = 50


async def list_dwellings(visit: Visit) -> Response:
    text, insee = visit.query("q"), visit.query("commune")
    async with visit.reading() as tx:
        found = await vacancies.search_dwellings(tx, text, insee=insee or None)
        communes = await vacancies.list_communes(tx)
        today = local_day(tx.now)
    rows = [
        {
            "href": f"{PATH}/{one.id}",
            "title": views.dwelling_title(one),
            "reference": one.reference,
            "verdict": views.verdict(one, today),
        }
        for one in found
    ]
    return visit.render(
        "logements.html",
        title="Logements",
        block="liste",
        rows=rows,
        is_full=len(rows) >= FULL,
        q=text,
        commune=insee,
        communes=[{"value": code, "label": name} for code, name in communes.items()],
        chips=_chips(text, insee, communes),
        is_own=visit.actor.capacity is Capacity.BAILLEUR,
    )


def _chips(text: str, insee: str, communes: dict[str, str]) -> list[View]:
    chips = []
    if text:
        href = views.address(PATH, commune=insee)
        chips.append({"label": f"« {text} »", "href": href})
    if insee:
        href = views.address(PATH, q=text)
        chips.append({"label": f"Commune : {communes.get(insee, 'inconnue')}", "href": href})
    return chips


async def show(visit: Visit) -> Response:
    """A dwelling and its journal: the whole one for its bailleur, its slice for a réservataire."""
    async with visit.reading() as tx:
        dwelling = await vacancies.get_dwelling(tx, visit.path_id())
        today = local_day(tx.now)
        wanted = OrientationFilter(dwelling_id=dwelling.id)
        offers = await orientations.list_page(tx, PageRequest(first=20), wanted)
        entries = await journal.timeline(tx, visit.page_request(50), dwelling_id=dwelling.id)
        opened = await _open_vacancy(tx, visit)
        rows = [views.offer_view(one, tx.now, tx.actor.capacity) for one in offers.items]
    title = views.dwelling_title(dwelling)
    visit.breadcrumb = [{"label": "Logements", "href": PATH}, {"label": title}]
    verdict = views.verdict(dwelling, today)
    more = views.address(f"{PATH}/{dwelling.id}", apres=entries.end_cursor)
    return visit.render(
        "logement.html",
        title=title,
        rows=views.dwelling_rows(dwelling),
        verdict=verdict,
        offers=rows,
        events=views.timeline(entries.items),
        more_href=more if entries.has_next else "",
        vacancy_href=opened,
        register_href=_register_href(visit, verdict, opened),
        is_own=visit.actor.capacity is Capacity.BAILLEUR,
    )


async def _open_vacancy(tx: TenantTransaction, visit: Visit) -> str:
    """Where the current vacancy is read, for the bailleur alone."""
    if tx.actor.capacity is not Capacity.BAILLEUR:
        return ""
    found = await vacancies.list_page(
        tx, PageRequest(first=1), state="open", dwelling_id=visit.path_id()
    )
    return f"/liberations/{found.items[0].id}" if found.items else ""


def _register_href(visit: Visit, verdict: View, opened: str) -> str:
    if opened or not verdict["is_in"] or not may(visit.actor, Permission.VACANCY_REGISTER):
        return ""
    return f"/liberations/nouvelle?logement={visit.path_id()}"


ROUTES = [
    Route(PATH, page(list_dwellings)),
    Route(PATH + "/{id}", page(show)),
]
