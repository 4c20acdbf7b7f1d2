"""Recording what the commission decided of each candidate of a dwelling."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from starlette.responses import Response

from server.domain import labels
from server.domain.caleol import Outcome
from server.domain.orientations import State
from server.errors import Conflict, Invalid, Motif
from server.operations import caleol
from server.operations.caleol import CandidateDecision, RecordDecision
from server.pages.caleol.sessions import session_page
from server.pages.visits import Form, Visit, parse_uuid

MAX_CANDIDATES_TYPED = 20


async def decide(visit: Visit) -> Response:
    data = await visit.form()
    session_id, orientation_id = visit.path_id(), parse_uuid(str(data.get("orientation", "")))
    try:
        async with visit.writing() as tx:
            command = _decided(session_id, orientation_id, Form(data=data))
            row = await caleol.record_decision(tx, command)
    except (Invalid, Conflict) as error:
        motifs = [
            replace(one, field=f"{orientation_id}-{one.field}") if one.field else one
            for one in error.motifs
        ]
        return await session_page(visit, data=data, motifs=motifs, status=error.status)
    is_attributed = row.state == State.ATTRIBUTED
    message = "logement attribué" if is_attributed else "logement non attribué"
    return visit.redirect(f"/caleol/{session_id}", message=f"Décision enregistrée : {message}.")


def _decided(session_id: UUID, orientation_id: UUID | None, form: Form) -> RecordDecision:
    decisions = []
    for index in range(MAX_CANDIDATES_TYPED):
        candidate_id = parse_uuid(form.text(f"decisions.{index}.candidate"))
        if candidate_id is None:
            break
        decisions.append(_typed_decision(form, f"decisions.{index}", candidate_id))
    if not form.flag("confirme"):
        message = "Confirmez que vous avez relu ces décisions."
        form.motifs.append(Motif(code="confirmation_required", message=message, field="confirme"))
    form.check()
    return RecordDecision(
        session_id=session_id,
        orientation_id=orientation_id or UUID(int=0),
        decisions=tuple(decisions),
    )


def _typed_decision(form: Form, key: str, candidate_id: UUID) -> CandidateDecision:
    """What goes with another outcome is left out."""
    outcome = form.text(f"{key}.outcome")
    if outcome not in labels.OUTCOMES:
        number = int(key.rpartition(".")[2]) + 1
        message = f"Candidat {number} : choisissez la décision de la commission."
        form.motifs.append(Motif(code="outcome_required", message=message, field=f"{key}.outcome"))
    is_refusal = outcome in (Outcome.NOT_ATTRIBUTED, Outcome.INADMISSIBLE)
    is_conditional = outcome == Outcome.ATTRIBUTION_CONDITION
    reason = form.text(f"{key}.reason") if is_refusal else ""
    due_on = form.day(f"{key}.condition_due_on", required=False) if is_conditional else None
    return CandidateDecision(
        candidate_id=candidate_id,
        outcome=outcome,
        rank=form.integer(f"{key}.rank", required=False),
        reason=reason if reason in labels.REASONS else None,
        reason_text=form.text(f"{key}.reason_text") or None if is_refusal else None,
        condition=form.text(f"{key}.condition") or None if is_conditional else None,
        condition_until=due_on,
    )
