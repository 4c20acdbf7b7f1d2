"""Several prepared offers at once: what the portal proposes for each freed dwelling, then sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.orientations import Orientation
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.deadlines import answer_deadline
from server.domain.flux import BAILLEUR
from server.errors import Forbidden, Invalid, Motif, PortalError
from server.operations import advice, orientations, vacancies
from server.operations.advice import Joint
from server.operations.flux import split_party_key
from server.operations.orientations import SendOrientation
from server.pages import views
from server.pages.orientations.showing import LIST
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.permissions import Permission, require

MOST = 25


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of one line: the offer that went, or why none did."""

    vacancy_id: UUID
    offer_id: UUID | None = None
    refusal: str = ""


async def prepare(visit: Visit) -> Response:
    """What would go, to whom and until when; nothing is written."""
    async with visit.reading() as tx:
        require(tx.actor, Permission.ORIENTATION_SEND)
        found = await advice.advise_together(tx)
        due_at = answer_deadline(tx.now).due_at
    rows = [_row(one) for one in found[:MOST]]
    visit.breadcrumb = [LIST, {"label": "Envoyer plusieurs offres"}]
    return visit.render(
        "orientations_envoyer.html",
        title="Envoyer plusieurs offres",
        rows=rows,
        ready=sum(bool(one["key"]) for one in rows),
        deadline=labels.french_deadline(due_at),
        has_more=len(found) > MOST,
    )


def _row(one: Joint) -> View:
    """What the whole list proposes; none where the dwelling would stay with the bailleur."""
    is_ready = one.party_key != BAILLEUR
    first = one.explained.advice.proposals[0]
    why = "Échangé avec un autre logement de la liste." if one.is_exchanged else first.sentence
    return {
        "id": str(one.vacancy.id),
        "title": views.dwelling_title(one.vacancy.dwelling),
        "href": f"/liberations/{one.vacancy.id}",
        "key": one.party_key if is_ready else "",
        "party": one.explained.names.get(one.party_key, ""),
        "why": why,
    }


async def send(visit: Visit) -> Response:
    """Each offer its own transaction and its own result; what fails stops nothing."""
    require(visit.actor, Permission.ORIENTATION_SEND)
    data = await visit.form()
    chosen = [found for text in data.getlist("liberation") if (found := parse_uuid(str(text)))]
    if not chosen:
        message = "Choisissez au moins une offre à envoyer."
        raise Invalid(Motif(code="choice_required", message=message))
    done = [await _send_one(visit, one, data) for one in list(dict.fromkeys(chosen))[:MOST]]
    return await _told(visit, done)


async def _send_one(visit: Visit, vacancy_id: UUID, data: FormData) -> Sent:
    key = str(data.get(f"proposition-{vacancy_id}", ""))
    if parse_uuid(key.partition(":")[0]) is None:
        return Sent(vacancy_id=vacancy_id, refusal="Aucun réservataire n'est proposé.")
    reservataire_id, contingent = split_party_key(key)
    command = SendOrientation(
        vacancy_id=vacancy_id, reservataire_id=reservataire_id, contingent=contingent
    )
    try:
        async with visit.writing() as tx:
            return Sent(vacancy_id=vacancy_id, offer_id=await orientations.send(tx, command))
    except Forbidden:
        raise
    except PortalError as error:
        return Sent(vacancy_id=vacancy_id, refusal=_why(error))


def _why(error: PortalError) -> str:
    if error.code == "departure_motif_required":
        return "La proposition du portail a changé entre-temps : ouvrez la libération."
    return error.message


async def _told(visit: Visit, done: list[Sent]) -> Response:
    async with visit.reading() as tx:
        offers = await orientations.visible_of(tx, [one.offer_id for one in done if one.offer_id])
        kept = await vacancies.list_page(tx, PageRequest(first=100), awaiting=True)
    titles = {one.id: views.dwelling_title(one.dwelling) for one in kept.items}
    by_vacancy = {one.vacancy_id: one for one in offers.values()}
    lines = [_line(one, by_vacancy, titles) for one in done]
    visit.breadcrumb = [LIST, {"label": "Offres envoyées"}]
    return visit.render(
        "orientations_resultat.html",
        title="Offres envoyées",
        lines=lines,
        done=sum(one["is_done"] for one in lines),
        back="/liberations",
    )


def _line(one: Sent, offers: Mapping[UUID, Orientation], titles: Mapping[UUID, str]) -> View:
    offer = offers.get(one.vacancy_id)
    if offer is None:
        return {
            "title": titles.get(one.vacancy_id, "Libération qui n'est plus à orienter"),
            "href": f"/liberations/{one.vacancy_id}" if one.vacancy_id in titles else "",
            "party": "—",
            "is_done": False,
            "detail": one.refusal,
        }
    return {
        "title": views.offer_title(offer),
        "href": f"/orientations/{offer.id}",
        "party": views.reservataire_of(offer),
        "is_done": True,
        "detail": f"Réponse attendue jusqu'au {labels.french_deadline(offer.answer_due_at)}.",
    }
