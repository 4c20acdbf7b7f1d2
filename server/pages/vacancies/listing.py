"""The freed dwellings of a bailleur, those still to be offered first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from server.db.dwellings import Vacancy
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import Page, PageRequest, Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain import orientations as workflow
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.operations import orientations, vacancies
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.sorting import asked_page, column, sort_of
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/liberations"
LIST = {"label": "Libérations", "href": PATH}
ORDERS = ("enregistree", "libre", "commune")
BATCH = 500  # vacancies whose offers are read at once

COLUMNS = (
    Column(code="reference", label="Référence", description="Votre référence du logement."),
    Column(
        code="logement", label="Logement", description="Typologie, financement, adresse, commune."
    ),
    Column(code="insee", label="Code INSEE", description="Code de la commune du logement."),
    Column(code="commune", label="Commune", description="Commune du logement."),
    Column(
        code="nature",
        label="Nature",
        description="Ce que la libération devient : flux, mutation interne, part du bailleur…",
    ),
    Column(
        code="conge_le", label="Congé reçu le", kind=Kind.DATE, description="Jour du congé reçu."
    ),
    Column(
        code="libre_le",
        label="Libre le",
        kind=Kind.DATE,
        description="Jour où le logement est libre.",
    ),
    Column(
        code="enregistree_le",
        label="Enregistrée le",
        kind=Kind.DATE,
        description="Jour de l'enregistrement sur le portail, qui compte pour le flux.",
    ),
    Column(code="etat", label="État", description="Où en est la libération, à l'édition."),
    Column(
        code="reservataire",
        label="Dernière offre à",
        description="Réservataire de la dernière offre, avec son contingent.",
    ),
    Column(
        code="envoyee_le",
        label="Dernière offre le",
        kind=Kind.DATE,
        description="Jour de l'envoi de la dernière offre.",
    ),
)
STEPS = ["Logement", "Dates", "Orientation", "Vérifier et envoyer"]


async def list_vacancies(visit: Visit) -> Response:
    """To whom has what is free not been offered yet?"""
    everything = visit.query("vue") == "toutes"
    async with visit.reading() as tx:
        waiting = await vacancies.count_awaiting(tx)
        communes = await vacancies.list_communes(tx)
        found = await _list(visit, tx, asked_page(visit, ORDERS))
        offers = await _offers_of(tx, [one.id for one in found.items])
    return visit.render(
        "liberations.html",
        title="Libérations",
        block="liste",
        exports=export_links(visit, PATH),
        tabs=_tabs(visit, waiting, everything=everything),
        rows=[_row(one, offers.get(one.id), visit) for one in found.items],
        columns=_columns(visit),
        everything=everything,
        commune=visit.query("commune"),
        communes=[{"value": code, "label": name} for code, name in communes.items()],
        chips=_chips(visit, communes),
        keep={name: value for name in ("vue", "tri") if (value := visit.query(name))},
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        first_href="" if not visit.query("apres") else _address(visit),
        together=waiting > 1,
        can_register=may(visit.actor, Permission.VACANCY_REGISTER),
    )


async def _list(visit: Visit, tx: TenantTransaction, request: PageRequest) -> Page[Vacancy]:
    return await vacancies.list_page(
        tx,
        request,
        awaiting=visit.query("vue") != "toutes",
        insee=visit.query("commune") or None,
    )


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        communes = await vacancies.list_communes(tx)
        found = await every(lambda request: _list(visit, tx, request), sort_of(visit, ORDERS))
        offers: dict[UUID, Orientation] = {}
        for start in range(0, len(found), BATCH):
            ids = [one.id for one in found[start : start + BATCH]]
            offers |= await _offers_of(tx, ids)
    rows = [_export_row(one, offers.get(one.id), visit) for one in found]
    view = "Toutes" if visit.query("vue") == "toutes" else "À orienter"
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, communes)]
    return export_response(visit, "Libérations", COLUMNS, rows, [("Vue", view), *filters])


def _export_row(vacancy: Vacancy, offer: Orientation | None, visit: Visit) -> View:
    dwelling = vacancy.dwelling
    return {
        "reference": dwelling.reference,
        "logement": views.dwelling_title(dwelling),
        "insee": dwelling.insee,
        "commune": dwelling.commune_name,
        "nature": views.capital(labels.VACANCY_NATURES[vacancy.nature]),
        "conge_le": vacancy.notice_on,
        "libre_le": vacancy.free_on,
        "enregistree_le": vacancy.registered_on,
        "etat": badge(vacancy, offer, visit)["text"],
        "reservataire": views.reservataire_of(offer) if offer else None,
        "envoyee_le": offer.sent_on if offer else None,
    }


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS) or Sort(code="enregistree", is_descending=True)
    return [
        column(visit, "Logement", "commune", current),
        column(visit, "Libre", "libre", current),
        column(visit, "Enregistrée", "enregistree", current, falls=True),
        {"label": "État"},
        {"label": "Dernière offre"},
    ]


def _chips(visit: Visit, communes: dict[str, str]) -> list[View]:
    insee = visit.query("commune")
    if not insee:
        return []
    name = communes.get(insee, "inconnue")
    href = _address(visit, commune="")
    return [{"name": "Commune", "value": name, "label": f"Commune : {name}", "href": href}]


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("vue", "commune", "tri")}
    return views.address(PATH, **{**kept, **changed})


def _tabs(visit: Visit, waiting: int, *, everything: bool) -> list[View]:
    return [
        {
            "label": "À orienter",
            "href": _address(visit, vue=""),
            "count": waiting,
            "current": not everything,
        },
        {"label": "Toutes", "href": _address(visit, vue="toutes"), "current": everything},
    ]


async def _offers_of(tx: TenantTransaction, ids: list[UUID]) -> dict[UUID, Orientation]:
    """The last offer of each vacancy."""
    if not ids:
        return {}
    wanted = OrientationFilter(vacancy_ids=tuple(ids))
    found = await every(lambda request: orientations.list_page(tx, request, wanted))
    return {one.vacancy_id: one for one in reversed(found)}


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
