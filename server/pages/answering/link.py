"""The offer behind the link of a mail: seen without an account, answered by name and function.

Looking writes nothing, for mail scanners follow links; answering takes two forms, the second one
with what is about to happen under the eyes. No cookie is read nor set: nobody is signed in here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from starlette.responses import Response

from server.db.orientations import Orientation
from server.domain import labels
from server.domain.orientations import State
from server.errors import Conflict, Invalid, Motif, NotFound, PortalError, TooMany
from server.operations import answer_links, orientations
from server.operations.answer_links import LinkedAnswer, check_person
from server.pages import views
from server.pages.orientations.words import standing
from server.pages.visits import Form, Visit
from server.tenants.actors import Capacity
from server.tenants.answer_links import AnswerLink, unseal
from server.tenants.metering import Attempts

FIELDS = {"name": "nom", "function": "fonction"}
FIELD_NAMES = ("nom", "fonction", "reponse", "motif")
CHOICES = [
    {
        "value": "accepter",
        "label": "Nous acceptons ce logement",
        "hint": "Vos jours ouvrés pour présenter des candidats commencent aujourd'hui.",
    },
    {
        "value": "refuser",
        "label": "Nous refusons ce logement",
        "hint": "Le bailleur peut le proposer à un autre réservataire. Un refus ne se reprend pas.",
    },
]
INVALID_TITLE = "Ce lien n'est pas valable"
ENDED_TITLE = "Cette offre n'attend plus de réponse"
CLOSED_TITLE = "Ce lien ne permet plus de répondre"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the link shows now; `state` in law."""

    link: AnswerLink
    row: Orientation
    state: State
    is_open: bool
    now: datetime


def _nobody(visit: Visit) -> Visit:
    """Whoever is signed in in this browser answers here as nobody."""
    return replace(visit, signed_in=None)


async def _seen(visit: Visit) -> Seen | None:
    link = unseal(visit.settings.secret_key, visit.request.path_params["jeton"])
    if link is None:
        return None
    try:
        async with visit.database.read_transaction(link.holder()) as tx:
            found = await answer_links.find(tx, link)
            state = orientations.effective_state(found.row, tx.now)
            return Seen(link=link, row=found.row, state=state, is_open=found.is_open, now=tx.now)
    except NotFound:
        return None


def _measured(visit: Visit) -> Response | None:
    """A page of its own when this address asks too often."""
    client = visit.request.client
    attempts: Attempts = visit.request.app.state.link_attempts
    try:
        attempts.note(client.host if client else "")
    except TooMany as error:
        answer = _closed(visit, "Trop de demandes", error.message, status=error.status)
        answer.headers["retry-after"] = str(error.retry_after)
        return answer
    return None


async def show(visit: Visit) -> Response:
    visit = _nobody(visit)
    return _measured(visit) or _page(visit, await _seen(visit))


def _page(
    visit: Visit,
    seen: Seen | None,
    *,
    motifs: tuple[Motif, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    if seen is None:
        message = (
            "Il est incomplet, a été modifié, ou ne vient pas du portail. Ouvrez-le depuis le "
            "courriel d'origine, ou connectez-vous."
        )
        return _closed(visit, INVALID_TITLE, message, status=404)
    if seen.state is not State.SENT:
        said = standing(seen.row, seen.state, Capacity.RESERVATAIRE)
        return _closed(visit, ENDED_TITLE, _ended(seen, said), status=status, row=seen.row)
    if not seen.is_open:
        return _closed(
            visit, CLOSED_TITLE, answer_links.CLOSED.message, status=status, row=seen.row
        )
    return _render(
        visit,
        "offre.html",
        title="Répondre à une offre de logement",
        status=status,
        offer=_offer(seen),
        deadline=views.running_deadline(seen.row, seen.now),
        choices=CHOICES,
        motifs=motifs,
        typed={**dict.fromkeys(FIELD_NAMES, ""), **(typed or {})},
    )


def _ended(seen: Seen, said: str) -> str:
    """How it ended, without the dwelling: the link says no more than that."""
    tacit = views.acceptance_notice(seen.row, seen.now)
    if tacit:
        return tacit
    due_at = seen.row.candidates_due_at
    if seen.state is State.SEARCHING and due_at is not None:
        return (
            f"Offre acceptée. {said} Candidats attendus jusqu'au {labels.french_deadline(due_at)}."
        )
    return said


def _offer(seen: Seen) -> dict[str, Any]:
    row = seen.row
    return {
        "title": views.offer_title(row),
        "bailleur": row.bailleur_name,
        "reservataire": views.reservataire_of(row),
        "rows": views.dwelling_rows(row.dwelling) if row.dwelling else [],
        "candidate_days": row.candidate_days,
        "file": f"/orientations/{row.id}",
    }


def _closed(
    visit: Visit, title: str, message: str, *, status: int, row: Orientation | None = None
) -> Response:
    return _render(
        visit,
        "offre_close.html",
        title=title,
        status=status,
        text=message,
        href=f"/orientations/{row.id}" if row else "/connexion",
    )


def _render(visit: Visit, template: str, **context: Any) -> Response:
    answer = visit.render(template, action=visit.request.url.path, **context)
    answer.headers["x-robots-tag"] = "noindex, nofollow"
    return answer


async def answer(visit: Visit) -> Response:
    visit = _nobody(visit)
    too_many = _measured(visit)
    if too_many is not None:
        return too_many
    form = Form(data=await visit.form())
    seen = await _seen(visit)
    typed = {name: form.text(name) for name in FIELD_NAMES}
    if seen is None or seen.state is not State.SENT or not seen.is_open:
        return _page(visit, seen, status=409)
    try:
        given = _given(typed)
        if not form.flag("confirme"):
            return _check_page(visit, seen, typed)
        await answer_links.answer(visit.database, seen.link, given)
    except (Invalid, Conflict) as error:
        return await _refused(visit, error, typed)
    return visit.redirect(visit.request.url.path)


def _given(typed: dict[str, str]) -> LinkedAnswer:
    motifs: list[Motif] = []
    try:
        check_person(typed["nom"], typed["fonction"])
    except Invalid as error:
        motifs += error.motifs
    if typed["reponse"] not in {one["value"] for one in CHOICES}:
        message = "Choisissez votre réponse."
        motifs.append(Motif(code="answer_required", message=message, field="reponse"))
    if motifs:
        raise Invalid(*motifs)
    return LinkedAnswer(
        is_accepted=typed["reponse"] == "accepter",
        name=typed["nom"],
        function=typed["fonction"],
        motif=typed["motif"] or None,
    )


def _check_page(visit: Visit, seen: Seen, typed: dict[str, str]) -> Response:
    return _render(
        visit,
        "offre_verifier.html",
        title="Vérifier votre réponse",
        offer=_offer(seen),
        is_accepted=typed["reponse"] == "accepter",
        typed=typed,
    )


async def _refused(visit: Visit, error: PortalError, typed: dict[str, str]) -> Response:
    motifs = views.renamed(error.motifs, FIELDS)
    return _page(visit, await _seen(visit), motifs=motifs, typed=typed, status=error.status)
