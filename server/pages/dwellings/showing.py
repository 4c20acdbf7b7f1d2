"""One dwelling: what it is, whether it is in the flux, all that happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from starlette.responses import Response

from server.db.assiette import Exclusion, Zone
from server.db.dwellings import Dwelling
from server.db.orientations import OrientationFilter
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.dwellings import enters_on
from server.domain.stock_labels import EXCLUSION_CHOICES, ZONES
from server.operations import assiette, journal, orientations, vacancies
from server.pages import views
from server.pages.dwellings.listing import LIST, PATH
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction


async def show(visit: Visit) -> Response:
    """A dwelling and its journal: the whole one for its bailleur, its slice for a réservataire."""
    async with visit.reading() as tx:
        dwelling = await vacancies.get_dwelling(tx, visit.path_id())
        today = local_day(tx.now)
        wanted = OrientationFilter(dwelling_id=dwelling.id)
        offers = await orientations.list_page(tx, PageRequest(first=20), wanted)
        entries = await journal.timeline(tx, visit.page_request(50), dwelling_id=dwelling.id)
        opened = await _open_vacancy(tx, visit)
        past = await assiette.past_of(tx, dwelling)
        rows = [views.offer_view(one, tx.now, tx.actor.capacity) for one in offers.items]
    title = views.dwelling_title(dwelling)
    visit.breadcrumb = [LIST, {"label": title}]
    verdict = views.verdict(dwelling, today)
    more = views.address(f"{PATH}/{dwelling.id}", apres=entries.end_cursor)
    return visit.render(
        "logement.html",
        title=title,
        dwelling_id=str(dwelling.id),
        rows=[*views.dwelling_rows(dwelling), *_area(past.zone)],
        milestones=milestones(dwelling, past.exclusions, past.qpv_changes),
        exclusion_href=_exclusion_href(visit, dwelling),
        exclusion_label="Modifier l'exclusion" if dwelling.exclusion else "Exclure de l'assiette",
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


def _exclusion_href(visit: Visit, dwelling: Dwelling) -> str:
    is_social = dwelling.kind == "social" and dwelling.left_on is None
    can_date = may(visit.actor, Permission.EXCLUSION_DATE)
    return f"{PATH}/{dwelling.id}/exclusion" if is_social and can_date else ""


def _area(zone: Zone | None) -> list[View]:
    if zone is None:
        return []
    since = labels.french_day(zone.from_on)
    return [{"term": "Zonage", "value": f"{views.capital(ZONES[zone.zone])}, depuis le {since}"}]


# --- What has a date without being an act ----------------------------------------------------


def milestones(
    dwelling: Dwelling, exclusions: Iterable[Exclusion], qpv: Sequence[tuple[date, bool]]
) -> list[View]:
    """Delivery, entry in the assiette, exclusions, areas, departure: the latest first."""
    found = [*_life(dwelling), *_excluded(dwelling, exclusions), *_areas(qpv)]
    return [
        {
            "when": views.capital(labels.french_day(day)),
            "iso": day.isoformat(),
            "title": title,
            "who": "",
            "detail": detail,
            "tone": tone,
        }
        for day, title, detail, tone in sorted(found, key=lambda one: one[0], reverse=True)
    ]


Milestone = tuple[date, str, str, str]


def _life(dwelling: Dwelling) -> Iterator[Milestone]:
    delivered = dwelling.delivered_on
    if delivered is not None:
        detail = "Première mise en location gérée en stock, hors flux (art. 3)."
        yield delivered, "Livraison", detail, "info"
        if dwelling.kind == "social":
            yield enters_on(delivered), "Entrée dans l'assiette", "", "success"
    if dwelling.left_on is not None:
        yield dwelling.left_on, "Sortie du patrimoine", "", "neutral"


def _excluded(dwelling: Dwelling, exclusions: Iterable[Exclusion]) -> Iterator[Milestone]:
    """What was excluded before the portal knew it is so since the dwelling is there."""
    origin = dwelling.delivered_on or date(max(dwelling.built_year, 1), 1, 1)
    for one in exclusions:
        reason = EXCLUSION_CHOICES[one.code]
        if one.from_on == origin:
            reason = f"{reason}. Date d'origine non connue : comptée depuis la construction."
        if one.until_on == one.from_on:
            yield one.from_on, "Exclusion saisie par erreur, annulée", reason, "neutral"
            continue
        yield one.from_on, "Exclusion de l'assiette", reason, "warning"
        if one.until_on is not None:
            yield one.until_on, "Fin de l'exclusion", reason, "success"


def _areas(changes: Sequence[tuple[date, bool]]) -> Iterator[Milestone]:
    for day, is_qpv in changes:
        title = "Entrée en quartier prioritaire" if is_qpv else "Sortie du quartier prioritaire"
        yield day, title, "", "info"
