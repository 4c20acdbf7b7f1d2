"""The check page before an offer goes, and the acts: sending it, or keeping the dwelling."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from server.domain import labels
from server.domain.flux import BAILLEUR, Advice
from server.errors import Conflict, Invalid, Motif, PortalError
from server.operations import orientations, vacancies
from server.operations.flux import split_party_key
from server.operations.orientations import SendOrientation
from server.operations.orientations.sending import receipt
from server.pages import views
from server.pages.vacancies.listing import LIST, STEPS
from server.pages.vacancies.proposal import (
    first_of,
    read_file,
    share_view,
    show_file,
    vacancy_view,
)
from server.pages.views import View
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.transactions import TenantTransaction

SEND_FIELDS = {"departure_motif": "motif"}
NATURES = {"mutation": "mutation", "part": "own", "own": "own"}
REASON = "Ce choix s'écarte de la proposition : indiquez votre motif."


@dataclass(frozen=True, kw_only=True)
class Choice:
    """To whom (`key`) or why kept (`nature`); the motif of a departure from the advice."""

    key: str = ""
    nature: str = ""
    motif: str = ""


def _invalid(code: str, message: str, field: str) -> Invalid:
    return Invalid(Motif(code=code, message=message, field=field))


def choose(advice: Advice, typed: dict[str, str]) -> Choice:
    """What the form asks for; Invalid says what is missing."""
    wanted, key, motif = typed["choix"], typed["reservataire"], typed["motif"]
    first = first_of(advice)
    if wanted in NATURES:
        return Choice(nature=NATURES[wanted], motif=motif)
    if wanted == "suivre" and first not in (None, BAILLEUR):
        return Choice(key=first or "")
    if wanted not in ("", "autre") or (not wanted and not key):
        raise _invalid("choice_required", "Choisissez à qui va ce logement.", "choix")
    if not _is_key(key):
        raise _invalid("party_required", "Choisissez un réservataire.", "reservataire")
    if key != first and not motif:
        raise _invalid("departure_motif_required", REASON, "motif")
    return Choice(key=key, motif=motif)


def _is_key(text: str) -> bool:
    reservataire, _, contingent = text.partition(":")
    return parse_uuid(reservataire) is not None and contingent in labels.CONTINGENTS


def _send_command(vacancy_id: UUID, choice: Choice) -> SendOrientation:
    reservataire_id, contingent = split_party_key(choice.key)
    return SendOrientation(
        vacancy_id=vacancy_id,
        reservataire_id=reservataire_id,
        contingent=contingent,
        departure_motif=choice.motif or None,
    )


async def check(visit: Visit) -> Response:
    """What will happen, and until when, before anything is sent."""
    typed = {name: visit.query(name) for name in ("choix", "reservataire", "motif")}
    try:
        return await _check_page(visit, typed)
    except (Invalid, Conflict) as error:
        return await _refused(visit, error, typed)


async def _check_page(visit: Visit, typed: dict[str, str]) -> Response:
    async with visit.reading() as tx:
        file = await read_file(tx, visit.path_id())
        if file.explained is None:
            raise Conflict(_TAKEN)
        choice = choose(file.explained.advice, typed)
        offer = await _offer_view(visit, tx, choice) if choice.key else None
    home = views.dwelling_title(file.vacancy.dwelling)
    visit.breadcrumb = [
        LIST,
        {"label": home, "href": f"/liberations/{file.vacancy.id}"},
        {"label": "Vérifier"},
    ]
    return visit.render(
        "orientation_verifier.html",
        title="Vérifier et envoyer" if offer else "Vérifier",
        steps=STEPS,
        vacancy=vacancy_view(file, visit),
        home=home,
        choice=choice,
        offer=offer,
        share=share_view(file.share),
        bailleur=visit.actor.tenant_name,
    )


_TAKEN = Motif(
    code="vacancy_not_available",
    message="Ce logement n'est plus à orienter : voyez ci-dessous où il en est.",
)


async def _offer_view(visit: Visit, tx: TenantTransaction, choice: Choice) -> View:
    command = _send_command(visit.path_id(), choice)
    preview = await orientations.preview_offer(tx, command, public_url=visit.settings.public_url)
    return {
        "party": preview.party_name,
        "mailbox": preview.mailbox,
        "deadline": views.deadline_view(
            tx.now,
            preview.answer.due_at,
            lead="Si vous envoyez maintenant, le silence vaudra acceptation le",
            consequence=views.IF_SILENT.format(days=preview.candidate_days),
        ),
        "receipt": views.receipt_view(receipt(preview.answer)),
        "message": preview.message,
    }


async def _refused(visit: Visit, error: PortalError, typed: dict[str, str]) -> Response:
    motifs = views.renamed(error.motifs, SEND_FIELDS)
    return await show_file(visit, motifs=motifs, typed=typed, status=error.status)


async def send(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    typed = {"choix": "autre", **{name: form.text(name) for name in ("reservataire", "motif")}}
    try:
        if not _is_key(typed["reservataire"]):
            raise _invalid("party_required", "Choisissez un réservataire.", "reservataire")
        choice = Choice(key=typed["reservataire"], motif=typed["motif"])
        async with visit.writing() as tx:
            sent_id = await orientations.send(tx, _send_command(visit.path_id(), choice))
            row = await orientations.get(tx, sent_id)
    except (Invalid, Conflict) as error:
        return await _refused(visit, error, typed)
    due = labels.french_deadline(row.answer_due_at)
    message = (
        f"Offre envoyée {views.to(views.reservataire_of(row))}. Réponse attendue jusqu'au {due}."
    )
    return visit.redirect(f"/orientations/{sent_id}", message=message)


async def keep(visit: Visit) -> Response:
    """Keep the dwelling out of the offers: an internal move, or the bailleur's own share."""
    form = Form(data=await visit.form())
    vacancy_id, motif = visit.path_id(), form.text("motif")
    typed = {"choix": form.text("nature"), "reservataire": "", "motif": motif}
    try:
        async with visit.writing() as tx:
            await vacancies.keep(tx, vacancy_id, nature=form.text("nature"), reason=motif)
    except (Invalid, Conflict) as error:
        return await _refused(visit, error, typed)
    return visit.redirect(f"/liberations/{vacancy_id}", message="Choix enregistré.")
