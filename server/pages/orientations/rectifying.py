"""Correcting a wrong act: what is wrong, what the correction undoes in the counters, then done."""

from __future__ import annotations

from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain import labels
from server.domain.orientation_labels import MISTAKES
from server.domain.orientations import ENGAGED_STATES, CounterChange, Rectification
from server.domain.postings import is_refusal_undone
from server.errors import Conflict, Invalid, PortalError
from server.operations import ledger, orientations
from server.operations.orientations import Rectify
from server.pages import views
from server.pages.orientations.showing import LIST, offer_header, read_offer
from server.pages.views import View
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require

FIELDS = {"mistake": "erreur", "day": "jour", "reason": "motif"}
NAMES = ("erreur", "jour", "motif", "version")
HINTS = {
    "addressee": "L'offre est retirée et ne compte plus parmi celles de cet organisme.",
    "answer": "Le délai de présentation des candidats est recompté de la date exacte.",
    "attribution": "L'attribution compte dans l'année de sa date exacte.",
    "lease": "Le bail compte dans l'année de sa date exacte.",
}
UNPROCESSABLE = 422
PAST = (
    "Un bilan déjà publié pour cette année ne change pas de lui-même : publiez-en une version "
    "rectifiée."
)


def _command(offer_id: UUID, form: Form) -> Rectify:
    day = form.day("jour", required=False)
    version = form.integer("version", required=False)
    form.check()
    return Rectify(
        orientation_id=offer_id,
        mistake=form.text("erreur"),
        reason=form.text("motif"),
        day=day,
        expected_version=version,
    )


async def show(visit: Visit) -> Response:
    return await _page(visit, {})


async def _page(
    visit: Visit,
    typed: dict[str, str],
    error: PortalError | None = None,
    *,
    status: int | None = None,
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.ORIENTATION_SEND)
        offer = await read_offer(tx, visit.path_id())
    title = views.offer_title(offer.row)
    here = f"/orientations/{offer.row.id}"
    visit.breadcrumb = [LIST, {"label": title, "href": here}, {"label": "Rectifier"}]
    return visit.render(
        "orientation_rectifier.html",
        title="Rectifier un acte",
        status=status or (error.status if error else 200),
        home=title,
        here_offer=here,
        offer=offer_header(offer, visit.actor),
        mistakes=[
            {"value": code, "label": views.capital(words), "hint": HINTS[code]}
            for code, words in MISTAKES.items()
        ],
        motifs=views.renamed(error.motifs, FIELDS) if error else (),
        typed={**dict.fromkeys(NAMES, ""), **typed},
    )


async def check(visit: Visit) -> Response:
    """What the correction changes, before it is confirmed; nothing is written."""
    form = Form(data=FormData([(name, visit.query(name)) for name in NAMES]))
    typed = {name: form.text(name) for name in NAMES}
    try:
        async with visit.reading() as tx:
            require(tx.actor, Permission.ORIENTATION_SEND)
            decided = await orientations.rehearse_rectification(tx, _command(visit.path_id(), form))
            row = await orientations.get(tx, visit.path_id())
            is_refusal = is_refusal_undone(decided.from_state, decided.to_state)
            was_counted = is_refusal and await ledger.refusal_was_counted(tx, row.id)
            year = tx.now.year
    except (Invalid, Conflict) as error:
        return await _page(visit, typed, error, status=UNPROCESSABLE)  # nothing was attempted
    title, here = views.offer_title(row), f"/orientations/{row.id}"
    visit.breadcrumb = [LIST, {"label": title, "href": here}, {"label": "Rectifier"}]
    return visit.render(
        "orientation_rectification.html",
        title="Vérifier la rectification",
        home=title,
        action=f"{here}/rectifier",
        here_offer=here,
        rows=_rows(decided),
        changes=_changes(decided, views.reservataire_of(row), was_counted=was_counted),
        past=PAST if any(one.year < year for one in decided.changes) else "",
        reservataire=views.named(views.reservataire_of(row)),
        typed=typed,
    )


def _rows(decided: Rectification) -> list[View]:
    rows = [("À rectifier", views.capital(MISTAKES[decided.mistake.value]))]
    if decided.from_day and decided.day:
        rows += [
            ("Date enregistrée", labels.french_weekday(decided.from_day)),
            ("Date exacte", labels.french_weekday(decided.day)),
        ]
    if decided.from_state is not decided.to_state:
        rows += [
            ("État d'avant", views.capital(labels.ORIENTATION_STATES[decided.from_state])),
            ("État d'après", views.capital(labels.ORIENTATION_STATES[decided.to_state])),
        ]
    if decided.candidates is not None:
        until = labels.french_deadline(decided.candidates.due_at)
        rows.append(("Candidats attendus jusqu'au", until))
    rows.append(("Motif", decided.reason))
    return [{"term": term, "value": value} for term, value in rows]


def _changes(decided: Rectification, reservataire: str, *, was_counted: bool) -> list[str]:
    """What the counters of the year lose or gain, then the balances that the advice reads."""
    told = [_change(one, reservataire) for one in decided.changes]
    if was_counted:
        told.append(
            f"Compte du flux, {reservataire} : le refus qui lui avait été compté est effacé, dans "
            "toutes ses catégories."
        )
    elif decided.from_state in ENGAGED_STATES and decided.to_state not in ENGAGED_STATES:
        told.append(
            f"Compte du flux, {reservataire} : le logement reçu est rendu, dans toutes ses "
            "catégories ; il est de nouveau à orienter."
        )
    return told


def _change(one: CounterChange, reservataire: str) -> str:
    sign = "un de moins" if one.change < 0 else "un de plus"
    counted = labels.INDICATORS[one.indicator.value]
    return f"Logements {counted} en {one.year}, {reservataire} : {sign}."


async def rectify(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    offer_id = visit.path_id()
    typed = {name: form.text(name) for name in NAMES}
    try:
        async with visit.writing() as tx:
            require(tx.actor, Permission.ORIENTATION_SEND)
            row = await orientations.rectify(tx, _command(offer_id, form))
    except (Invalid, Conflict) as error:
        return await _page(visit, typed, error)
    told = views.named(views.reservataire_of(row))
    message = f"Rectification enregistrée : {told} en est prévenu."
    return visit.redirect(f"/orientations/{offer_id}", message=message)
