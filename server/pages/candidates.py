"""Presenting candidates on an offer, taking one back: a NUD and its priority, nothing else."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from server.db.candidates import Elsewhere
from server.db.orientations import Orientation
from server.domain import labels
from server.domain.candidates import MAX_CANDIDATES
from server.domain.orientations import State
from server.errors import Conflict, Invalid, Motif
from server.operations import candidates
from server.operations.candidates import NewCandidate, PresentCandidates
from server.pages import views
from server.pages.orientations.showing import show_offer
from server.pages.visits import Form, Visit, page

LINE = ("nud", "dalo", "origine", "quartile", "critere")


def _typed(form: Form) -> dict[str, str]:
    names = [f"{name}_{number}" for number in range(1, MAX_CANDIDATES + 1) for name in LINE]
    return {name: form.text(name) for name in (*names, "dernier") if form.text(name)}


def _numbers(typed: dict[str, str]) -> list[int]:
    """The lines in which something was typed."""
    return [
        number
        for number in range(1, MAX_CANDIDATES + 1)
        if any(f"{name}_{number}" in typed for name in ("nud", "dalo", "critere"))
    ]


def _candidate(typed: dict[str, str], number: int) -> NewCandidate:
    quartile = typed.get(f"quartile_{number}", "unknown")
    origin = typed.get(f"origine_{number}", "reservataire")
    return NewCandidate(
        nud=typed.get(f"nud_{number}", ""),
        is_dalo=f"dalo_{number}" in typed,
        dalo_origin=origin if origin in labels.DALO_ORIGINS else "reservataire",
        first_quartile=quartile if quartile in labels.FIRST_QUARTILE else "unknown",
        criterion=typed.get(f"critere_{number}") or None,
    )


def _fields(numbers: list[int]) -> dict[str, str]:
    """From the index of a candidate in the command to the line of the form."""
    names = {"nud": "nud", "criteria": "critere"}
    return {
        f"candidates.{index}.{theirs}": f"{ours}_{number}"
        for index, number in enumerate(numbers)
        for theirs, ours in names.items()
    }


async def present(visit: Visit) -> Response:
    """Add the lines that were filled, all or none."""
    form = Form(data=await visit.form())
    offer_id, typed = visit.path_id(), _typed(form)
    numbers = _numbers(typed)
    try:
        async with visit.writing() as tx:
            row = await candidates.present(tx, _command(form, offer_id, typed, numbers))
            elsewhere = await candidates.count_elsewhere(tx, offer_id)
    except (Invalid, Conflict) as error:
        motifs = _placed(views.renamed(error.motifs, _fields(numbers)), numbers)
        return await show_offer(visit, motifs=motifs, typed=typed, status=error.status)
    return visit.redirect(
        f"/orientations/{offer_id}", message=_presented(row, len(numbers)) + _warned(elsewhere)
    )


def _warned(elsewhere: Elsewhere) -> str:
    """One household on two live offers, or one that has signed a lease: allowed, and told."""
    live, housed = elsewhere.live, elsewhere.housed
    told = []
    if live == 1:
        told.append("un de ces ménages est aussi présenté pour un autre logement en cours.")
    elif live:
        told.append(f"{live} de ces ménages sont aussi présentés pour d'autres logements en cours.")
    if housed == 1:
        told.append(
            "un de ces ménages a signé un bail : sa demande doit être radiée (R441-2-8), vérifiez."
        )
    elif housed:
        told.append(
            f"{housed} de ces ménages ont signé un bail : leurs demandes doivent être radiées "
            "(R441-2-8), vérifiez."
        )
    return "".join(f" Attention : {one}" for one in told)


def _command(
    form: Form, offer_id: UUID, typed: dict[str, str], numbers: list[int]
) -> PresentCandidates:
    version = form.integer("version", required=False)
    form.check()
    return PresentCandidates(
        orientation_id=offer_id,
        candidates=tuple(_candidate(typed, number) for number in numbers),
        is_final="dernier" in typed,
        expected_version=version,
    )


def _placed(motifs: tuple[Motif, ...], numbers: list[int]) -> tuple[Motif, ...]:
    """An empty form points at its first line."""
    if numbers:
        return motifs
    return views.renamed(
        (Motif(code=one.code, message=one.message, field="nud_1") for one in motifs), {}
    )


def _presented(row: Orientation, added: int) -> str:
    first = "Candidat présenté." if added == 1 else f"{added} candidats présentés."
    if row.state == State.CANDIDATES_COMPLETE:
        return f"{first} La liste est complète."
    return f"{first} {labels.plural(row.candidate_count, 'candidat')} à ce jour."


async def take_back(visit: Visit) -> Response:
    offer_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            await candidates.withdraw(tx, offer_id, visit.path_id("candidat"))
    except Conflict as error:
        return await show_offer(visit, motifs=error.motifs, status=error.status)
    return visit.redirect(f"/orientations/{offer_id}", message="Candidat retiré.")


ROUTES = [
    Route("/orientations/{id}/candidats", page(present), methods=["POST"]),
    Route("/orientations/{id}/candidats/{candidat}/retirer", page(take_back), methods=["POST"]),
]
