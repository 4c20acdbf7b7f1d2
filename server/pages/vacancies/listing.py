"""The freed dwellings of a bailleur, those still to be offered first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from server.db.dwellings import Vacancy
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.domain import labels
from server.domain import orientations as workflow
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.operations import orientations, vacancies
from server.pages import views
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

LIST = {"label": "Libérations", "href": "/liberations"}
STEPS = ["Logement", "Dates", "Orientation", "Vérifier et envoyer"]


async def list_vacancies(visit: Visit) -> Response:
    """To whom has what is free not been offered yet?"""
    everything = visit.query("vue") == "toutes"
    async with visit.reading() as tx:
        waiting = await vacancies.count_awaiting(tx)
        found = await vacancies.list_page(tx, visit.page_request(), awaiting=not everything)
        offers = await _offers_of(tx, [one.id for one in found.items])
    return visit.render(
        "liberations.html",
        title="Libérations",
        tabs=_tabs(waiting, everything=everything),
        rows=[_row(one, offers.get(one.id), visit) for one in found.items],
        everything=everything,
        next_href=_next(everything=everything, cursor=found.end_cursor if found.has_next else ""),
        is_first=not visit.query("apres"),
        can_register=may(visit.actor, Permission.VACANCY_REGISTER),
    )


def _tabs(waiting: int, *, everything: bool) -> list[View]:
    return [
        {
            "label": "À orienter",
            "href": "/liberations",
            "count": waiting,
            "current": not everything,
        },
        {"label": "Toutes", "href": "/liberations?vue=toutes", "current": everything},
    ]


def _next(*, everything: bool, cursor: str | None) -> str:
    if not cursor:
        return ""
    return views.address("/liberations", vue="toutes" if everything else "", apres=cursor)


async def _offers_of(tx: TenantTransaction, ids: list[UUID]) -> dict[UUID, Orientation]:
    """The last offer of each vacancy."""
    if not ids:
        return {}
    found = await orientations.list_page(
        tx, PageRequest(first=100), OrientationFilter(vacancy_ids=tuple(ids))
    )
    return {one.vacancy_id: one for one in reversed(found.items)}


def _row(vacancy: Vacancy, offer: Orientation | None, visit: Visit) -> View:
    return {
        "href": f"/liberations/{vacancy.id}",
        "title": views.dwelling_title(vacancy.dwelling),
        "reference": vacancy.dwelling.reference,
        "free": free_words(vacancy, visit),
        "registered": labels.french_day(vacancy.registered_on),
        "offer": views.offer_view(offer, now_of(visit), visit.actor.capacity) if offer else None,
        "badge": badge(vacancy, offer, visit),
    }


def now_of(visit: Visit) -> datetime:
    if visit.now is None:
        raise NotFound
    return visit.now


def free_words(vacancy: Vacancy, visit: Visit) -> str:
    word = "depuis le" if vacancy.free_on <= local_day(now_of(visit)) else "le"
    return f"{word} {labels.french_day(vacancy.free_on)}"


def badge(vacancy: Vacancy, offer: Orientation | None, visit: Visit) -> View:
    if vacancy.nature != "flux":
        text = views.capital(labels.VACANCY_NATURES[vacancy.nature])
        return {"text": text, "tone": "neutral"}
    state = orientations.effective_state(offer, now_of(visit)) if offer else None
    if vacancy.state == "open" and (state is None or state not in workflow.LIVE_STATES):
        return {"text": "À orienter", "tone": "warning"}
    if state is not None:
        return views.state_badge(state)
    return {"text": views.capital(labels.VACANCY_STATES[vacancy.state]), "tone": "neutral"}
