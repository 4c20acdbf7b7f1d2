"""What the commission decided, then the lease (art. 6.2; R441-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.db import caleol as rows
from server.db import candidates as candidate_rows
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.domain import caleol as law
from server.domain import orientations as workflow
from server.domain.caleol import Decided, Decision, Outcome, Reason
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import orientations
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class CandidateDecision:
    """What the commission decided of one candidate."""

    candidate_id: UUID
    outcome: str
    rank: int | None = None
    reason: str | None = None
    reason_text: str | None = None
    condition: str | None = None
    condition_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class RecordDecision:
    """The decisions of a session on one dwelling."""

    session_id: UUID
    orientation_id: UUID
    decisions: tuple[CandidateDecision, ...]


def _code_motifs(command: RecordDecision) -> Iterator[Motif]:
    """Codes that no form of ours offers; the law checks what they mean together."""
    for index, one in enumerate(command.decisions):
        if one.outcome not in {code.value for code in Outcome}:
            message = "Choisissez une des décisions prévues (art. R441-3)."
            field = f"decisions.{index}.outcome"
            yield Motif(code="outcome_invalid", message=message, field=field)
        if one.reason and one.reason not in {code.value for code in Reason}:
            message = "Choisissez un des motifs prévus (art. L441-2-2)."
            field = f"decisions.{index}.reason"
            yield Motif(code="reason_invalid", message=message, field=field)


def _decision(one: CandidateDecision) -> Decision:
    return Decision(
        candidate=str(one.candidate_id),
        outcome=Outcome(one.outcome),
        rank=one.rank,
        reason=Reason(one.reason) if one.reason else None,
        reason_text=one.reason_text,
        condition=one.condition,
        condition_due_on=one.condition_until,
    )


async def record_decision(tx: TenantTransaction, command: RecordDecision) -> Orientation:
    """Record the decisions on one dwelling (T13); the minutes go out to its réservataire."""
    require(tx.actor, Permission.CALEOL_HOLD)
    unknown = tuple(_code_motifs(command))
    if unknown:
        raise Invalid(*unknown)
    session, row = await _on_agenda(tx, command)
    present = (await candidate_rows.list_candidates(tx, [row.id])).get(row.id, [])
    held_on = local_day(session.starts_at)
    decided = law.check_decisions(
        [str(one.id) for one in present],
        [_decision(one) for one in command.decisions],
        held_on=held_on,
    )
    fresh, entry = await orientations.perform(
        tx,
        row,
        lambda facts: workflow.decide(
            facts,
            now=tx.now,
            is_attributed=isinstance(decided, Decided) and bool(decided.is_attributed),
            held_on=held_on,
        ),
        extra=_attribution(decided, present, held_on),
    )
    _check_decided(decided)
    await _store_decisions(tx, session, fresh, present, command)
    await _close_session(tx, session)
    await orientations.tell_reservataire(tx, entry, fresh, "orientation.decide")
    return fresh


async def _on_agenda(
    tx: TenantTransaction, command: RecordDecision
) -> tuple[rows.CaleolSession, Orientation]:
    """The session and the dwelling, locked; a dwelling of another session looks absent."""
    session = await rows.find_session(tx, command.session_id, for_update=True)
    if session is None:
        raise NotFound
    row = await orientations.locked(tx, command.orientation_id)
    if row.state == workflow.State.IN_CALEOL:
        items = (await rows.list_items(tx, [session.id])).get(session.id, [])
        if row.id not in {item.orientation_id for item in items}:
            raise NotFound
    return session, row


def _check_decided(decided: Decided | tuple[Motif, ...]) -> None:
    if not isinstance(decided, Decided):
        raise Invalid(*decided)
    if decided.is_attributed is None:
        message = "Aucune décision n'est prise : ajournez la séance au lieu de l'enregistrer."
        raise Conflict(Motif(code="nothing_decided", message=message))


def _attribution(
    decided: Decided | tuple[Motif, ...],
    present: list[candidate_rows.Candidate],
    held_on: date,
) -> dict[str, object]:
    """Who is attributed; what counts for the 25 % (L441-1) is kept without the household."""
    if not isinstance(decided, Decided) or not decided.is_attributed:
        return {}
    first = next(one for one in present if str(one.id) == decided.ranking[0])
    return {
        "attributed_candidate_id": first.id,
        "attributed_is_priority": first.is_dalo or first.criterion is not None,
        "attributed_on": held_on,
    }


async def _store_decisions(
    tx: TenantTransaction,
    session: rows.CaleolSession,
    row: Orientation,
    present: list[candidate_rows.Candidate],
    command: RecordDecision,
) -> None:
    is_dalo = {one.id: one.is_dalo for one in present}
    await rows.insert_decisions(
        tx,
        [
            {
                "id": new_id(),
                "session_id": session.id,
                "orientation_id": row.id,
                "bailleur_id": row.bailleur_id,
                "reservataire_id": row.reservataire_id,
                "contingent": row.contingent,
                "is_dalo": is_dalo[one.candidate_id],
                "decided_at": tx.now,
                **vars(one),
                "rank": _decision(one).effective_rank,
            }
            for one in command.decisions
        ],
    )


async def _close_session(tx: TenantTransaction, session: rows.CaleolSession) -> None:
    """Held once every dwelling of its agenda is decided."""
    items = (await rows.list_items(tx, [session.id])).get(session.id, [])
    agenda = await orientations.visible_of(tx, (item.orientation_id for item in items))
    if all(row.state != workflow.State.IN_CALEOL for row in agenda.values()):
        await rows.update_session(tx, session.id, state="held", minutes_at=tx.now)
