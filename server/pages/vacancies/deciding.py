"""The check page before an offer goes, and the acts: sending it, or keeping the dwelling."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from server.db.dwellings import Vacancy
from server.domain import labels
from server.domain.advice import Advice
from server.domain.charte import Category
from server.domain.closures import days_words
from server.domain.deadlines import local_day
from server.domain.flux import BAILLEUR
from server.errors import Conflict, Invalid, Motif, PortalError
from server.operations import flux, orientations, vacancies
from server.operations.flux import split_party_key
from server.operations.ledger import Ground
from server.operations.orientations import SendOrientation
from server.operations.orientations.receipts import receipt
from server.pages import views
from server.pages.receipts import receipt_view
from server.pages.replacing import replacement
from server.pages.vacancies.listing import LIST, STEPS
from server.pages.vacancies.proposal import read_choice, share_view, show_file
from server.pages.views import View
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.transactions import TenantTransaction

SEND_FIELDS = {"departure_motif": "motif", "droit_unique_id": "droit"}
TYPED = ("choix", "reservataire", "droit", "motif")
NATURES = {**{one.value: one.value for one in Category}, "part": "own", "own": "own"}
REASON = "Ce choix s'écarte de la proposition : indiquez votre motif."


@dataclass(frozen=True, kw_only=True)
class Choice:
    """To whom (`key`), by which droit unique (`right`), or why kept (`nature`); the motif of a
    departure from the advice.
    """

    key: str = ""
    right: str = ""
    nature: str = ""
    motif: str = ""


def _invalid(code: str, message: str, field: str) -> Invalid:
    return Invalid(Motif(code=code, message=message, field=field))


def choose(advice: Advice, typed: dict[str, str]) -> Choice:
    """What the form asks for; Invalid says what is missing."""
    wanted, key, motif = typed["choix"], typed["reservataire"], typed["motif"]
    first = advice.first
    if wanted in NATURES:
        return Choice(nature=NATURES[wanted], motif=motif)
    if wanted == "droit":
        return _single(typed, is_motif_required=first != BAILLEUR)
    if wanted == "suivre" and first != BAILLEUR:
        return Choice(key=first)
    if wanted not in ("", "autre") or (not wanted and not key):
        raise _invalid("choice_required", "Choisissez à qui va ce logement.", "choix")
    if not _is_key(key):
        raise _invalid("party_required", "Choisissez un réservataire.", "reservataire")
    if key != first and not motif:
        raise _invalid("departure_motif_required", REASON, "motif")
    return Choice(key=key, motif=motif)


def _single(typed: dict[str, str], *, is_motif_required: bool) -> Choice:
    """A droit unique, taken on the bailleur's own share."""
    right, _, reservataire = typed["droit"].partition(":")
    if parse_uuid(right) is None or parse_uuid(reservataire) is None:
        raise _invalid("droit_unique_required", "Choisissez un droit unique.", "droit")
    if is_motif_required and not typed["motif"]:
        raise _invalid("departure_motif_required", REASON, "motif")
    return Choice(key=f"{reservataire}:none", right=typed["droit"], motif=typed["motif"])


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
        droit_unique_id=parse_uuid(choice.right.partition(":")[0]),
    )


async def check(visit: Visit) -> Response:
    """What will happen, and until when, before anything is sent."""
    typed = {name: visit.query(name) for name in TYPED}
    try:
        return await _check_page(visit, typed)
    except (Invalid, Conflict) as error:
        return await _refused(visit, error, typed)


async def _check_page(visit: Visit, typed: dict[str, str]) -> Response:
    async with visit.reading() as tx:
        ground = Ground(tx)
        vacancy, explained = await read_choice(tx, visit.path_id(), ground)
        if explained is None:
            raise Conflict(_TAKEN)
        choice = choose(explained.advice, typed)
        offer = await _offer_view(visit, tx, vacancy, choice, ground) if choice.key else None
        share = await _share_view(tx) if choice.nature == "mutation" else None
    home = views.dwelling_title(vacancy.dwelling)
    visit.breadcrumb = [
        LIST,
        {"label": home, "href": f"/liberations/{vacancy.id}"},
        {"label": "Vérifier"},
    ]
    return visit.render(
        "orientation_verifier.html",
        title="Vérifier et envoyer" if offer else "Vérifier",
        steps=STEPS,
        vacancy_id=vacancy.id,
        home=home,
        choice=choice,
        offer=offer,
        share=share,
        relocation=_relocation(choice.nature),
        bailleur=visit.actor.tenant_name,
    )


def _relocation(nature: str) -> str:
    """The operation for which it is kept, beside internal moves."""
    if nature not in set(Category) - {Category.MUTATION}:
        return ""
    return views.capital(labels.NATURES[nature])


_TAKEN = Motif(
    code="vacancy_not_available",
    message="Ce logement n'est plus à orienter : voyez ci-dessous où il en est.",
)


async def _share_view(tx: TenantTransaction) -> View:
    return share_view(await flux.own_mutation_share(tx, local_day(tx.now).year))


async def _offer_view(
    visit: Visit, tx: TenantTransaction, vacancy: Vacancy, choice: Choice, ground: Ground
) -> View:
    preview = await orientations.preview_offer(
        tx,
        _send_command(vacancy.id, choice),
        vacancy,
        public_url=visit.settings.public_url,
        ground=ground,
    )
    return {
        "party": preview.party_name,
        "mailbox": preview.mailbox,
        "programme": preview.programme,
        "replacement": replacement(preview.addressee_name, preview.holder_name, preview.decree)
        if preview.holder_name
        else "",
        "deadline": views.deadline_view(
            tx.now,
            preview.answer.due_at,
            lead="Si vous envoyez maintenant, le silence vaudra acceptation le",
            consequence=views.IF_SILENT.format(days=preview.candidate_days),
            closures=preview.answer.closures,
        ),
        "receipt": receipt_view(receipt(preview.answer)),
        "closures": [
            views.capital(f"{days_words(one)} : {one.reason}.") for one in preview.declared
        ],
        "is_suspended": bool(preview.answer.closures),
        "message": preview.message,
    }


async def _refused(visit: Visit, error: PortalError, typed: dict[str, str]) -> Response:
    motifs = views.renamed(error.motifs, SEND_FIELDS)
    return await show_file(visit, motifs=motifs, typed=typed, status=error.status)


async def send(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    typed = {name: form.text(name) for name in TYPED}
    typed["choix"] = "droit" if typed["droit"] else "autre"
    try:
        choice = _sent_choice(typed)
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


def _sent_choice(typed: dict[str, str]) -> Choice:
    """What the check page posts: whether a motif is missing, the act says it."""
    if typed["droit"]:
        return _single(typed, is_motif_required=False)
    if not _is_key(typed["reservataire"]):
        raise _invalid("party_required", "Choisissez un réservataire.", "reservataire")
    return Choice(key=typed["reservataire"], motif=typed["motif"])


async def keep(visit: Visit) -> Response:
    """Keep the dwelling out of the offers: an internal move, or the bailleur's own share."""
    form = Form(data=await visit.form())
    vacancy_id, motif = visit.path_id(), form.text("motif")
    typed = {"choix": form.text("nature"), "reservataire": "", "droit": "", "motif": motif}
    try:
        async with visit.writing() as tx:
            await vacancies.keep(tx, vacancy_id, nature=form.text("nature"), reason=motif)
    except (Invalid, Conflict) as error:
        return await _refused(visit, error, typed)
    return visit.redirect(f"/liberations/{vacancy_id}", message="Choix enregistré.")
