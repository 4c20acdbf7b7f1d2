"""After the commission: the candidates in turn, their ten days, the lease or its failure.

R441-10 and convention art. 6.2: T14, T15 and T16.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import caleol as rows
from server.db import candidate_offers, dwellings
from server.db import candidates as candidate_rows
from server.db.candidate_offers import CandidateOffer
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.domain import orientations as workflow
from server.domain.caleol import ATTRIBUTIONS, Outcome
from server.domain.deadlines import REPLY_DAYS, Deadline
from server.domain.orientations import OrientationFacts, Ranking, Reply, Transition, Verdict
from server.errors import Conflict, Invalid, Motif
from server.operations import droits_uniques, orientations
from server.operations.journal import record
from server.operations.orientations.receipts import receipt
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

ALREADY_TOLD = Motif(
    code="candidate_already_told",
    message="La proposition a déjà été notifiée à ce candidat.",
)


@dataclass(frozen=True, kw_only=True)
class TellCandidate:
    """The dwelling is proposed in writing to the candidate that has it, for `days` days."""

    orientation_id: UUID
    notified_on: date
    days: int = REPLY_DAYS


@dataclass(frozen=True, kw_only=True)
class RecordReply:
    """What this candidate answered, accepted or refused, and when; a reason if it gave one."""

    orientation_id: UUID
    reply: str
    replied_on: date
    reason: str | None = None


async def offers_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[CandidateOffer]]:
    """What the candidates were told, by orientation; for its two parties only."""
    require(tx.actor, Permission.ORIENTATION_READ)
    if tx.actor.capacity not in (Capacity.BAILLEUR, Capacity.RESERVATAIRE):
        return {}
    return await candidate_offers.list_offers(tx, orientation_ids)


def ranking_of(
    row: Orientation, decisions: Iterable[rows.Decision], offers: Iterable[CandidateOffer]
) -> Ranking | None:
    """Those retained, in turn; None before an attribution."""
    retained = sorted(
        (one for one in decisions if Outcome(one.outcome) in ATTRIBUTIONS),
        key=lambda one: one.rank or 1,
    )
    order = tuple(str(one.candidate_id) for one in retained)
    current = str(row.attributed_candidate_id)
    if current not in order:
        return None
    told = tuple(
        workflow.CandidateOffer(
            candidate=str(one.candidate_id),
            notified_on=one.notified_on,
            due_at=one.due_at,
            reply=Reply(one.reply) if one.reply else None,
        )
        for one in offers
    )
    return Ranking(order=order, current=current, offers=told)


async def _retained(tx: TenantTransaction, row: Orientation) -> Ranking:
    """The ranking of an attributed dwelling; an empty one elsewhere, whose state says no."""
    decisions = (await rows.list_decisions(tx, [row.id])).get(row.id, [])
    offers = (await candidate_offers.list_offers(tx, [row.id])).get(row.id, [])
    return ranking_of(row, decisions, offers) or Ranking(order=("",), current="")


async def tell(tx: TenantTransaction, command: TellCandidate) -> Orientation:
    """The candidate that has the dwelling was told: its period runs (R441-10, T14)."""
    require(tx.actor, Permission.LEASE_RECORD)
    row = await orientations.locked(tx, command.orientation_id)
    ranking = await _retained(tx, row)
    told = workflow.tell(
        orientations.facts_of(row),
        ranking,
        now=tx.now,
        notified_on=command.notified_on,
        days=command.days,
    )
    if not isinstance(told, Deadline):
        raise Conflict(*told)
    try:
        await candidate_offers.insert_offer(
            tx,
            {
                "id": new_id(),
                **_party(row),
                "candidate_id": UUID(ranking.current),
                "rank": ranking.rank,
                "notified_on": command.notified_on,
                "due_at": told.due_at,
                "last_day": told.last_day,
                "receipt": receipt(told),
                "recorded_at": tx.now,
            },
        )
    except IntegrityError as error:
        raise Conflict(ALREADY_TOLD) from error
    facts = {"rank": ranking.rank, "last_day": told.last_day.isoformat()}
    await _note(tx, row, "orientation.candidate_told", facts)
    return row


async def hear(tx: TenantTransaction, command: RecordReply) -> Orientation:
    """What the candidate answered; accepting is not signing yet (R441-10)."""
    require(tx.actor, Permission.LEASE_RECORD)
    if command.reply not in {one.value for one in Reply}:
        message = "Indiquez si le candidat accepte ou refuse."
        raise Invalid(Motif(code="reply_invalid", message=message, field="reply"))
    row = await orientations.locked(tx, command.orientation_id)
    ranking = await _retained(tx, row)
    facts = orientations.facts_of(row)
    motifs = workflow.hear(facts, ranking, now=tx.now, replied_on=command.replied_on)
    if motifs:
        raise Conflict(*motifs)
    offers = (await candidate_offers.list_offers(tx, [row.id]))[row.id]
    offer = next(one for one in offers if str(one.candidate_id) == ranking.current)
    await candidate_offers.keep_reply(
        tx,
        offer.id,
        reply=command.reply,
        replied_on=command.replied_on,
        reply_reason=(command.reason or "").strip() or None,
    )
    act = f"orientation.candidate_{command.reply}"
    await _note(tx, row, act, {"rank": ranking.rank, "on": command.replied_on.isoformat()})
    return row


async def next_rank(
    tx: TenantTransaction, orientation_id: UUID, *, expected_version: int | None = None
) -> Orientation:
    """The next candidate retained receives the dwelling (T14); the 25 % follow it (L441-1)."""
    require(tx.actor, Permission.LEASE_RECORD)
    row = await orientations.locked(tx, orientation_id)
    ranking = await _retained(tx, row)

    def decide(facts: OrientationFacts) -> Verdict:
        return workflow.next_rank(facts, ranking, now=tx.now, expected_version=expected_version)

    present = (await candidate_rows.list_candidates(tx, [row.id])).get(row.id, [])
    following = next((one for one in present if str(one.id) == ranking.following), None)
    extra = {
        "attributed_candidate_id": following.id,
        "attributed_is_priority": following.is_dalo or following.criterion is not None,
    } if following else {}  # fmt: skip
    fresh, entry = await orientations.perform(tx, row, decide, extra=extra)
    await orientations.tell_reservataire(tx, entry, fresh, "orientation.next_rank")
    return fresh


async def fail_lease(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    reason: str,
    expected_version: int | None = None,
) -> Orientation:
    """No retained candidate takes the dwelling: its vacancy awaits an orientation again (T16)."""
    require(tx.actor, Permission.LEASE_RECORD)
    row = await orientations.locked(tx, orientation_id)
    ranking = await _retained(tx, row)
    fresh, entry = await orientations.perform(
        tx,
        row,
        lambda facts: workflow.fail_lease(
            facts, ranking, now=tx.now, reason=reason, expected_version=expected_version
        ),
    )
    await orientations.tell_reservataire(tx, entry, fresh, "orientation.fail_lease")
    return fresh


async def record_lease(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    signed_on: date,
    expected_version: int | None = None,
) -> Orientation:
    """The lease is signed: the vacancy ends, the attribution counts (T15)."""
    require(tx.actor, Permission.LEASE_RECORD)
    row = await orientations.locked(tx, orientation_id)
    ranking = await _retained(tx, row)

    def decide(facts: OrientationFacts) -> Verdict:
        verdict = workflow.record_lease(
            facts, now=tx.now, signed_on=signed_on, expected_version=expected_version
        )
        if not isinstance(verdict, Transition):
            return verdict
        return workflow.leasing_motifs(ranking, signed_on=signed_on) or verdict

    fresh, entry = await orientations.perform(tx, row, decide, extra={"leased_on": signed_on})
    is_single = await droits_uniques.consume(tx, fresh.id)
    nature = {"nature": "droit_unique"} if is_single else {}
    await dwellings.update_vacancy(
        tx, fresh.vacancy_id, state="closed", closed_on=signed_on, **nature
    )
    await orientations.tell_reservataire(tx, entry, fresh, "orientation.lease")
    return fresh


def _party(row: Orientation) -> dict[str, object]:
    return {
        "orientation_id": row.id,
        "bailleur_id": row.bailleur_id,
        "reservataire_id": row.reservataire_id,
        "contingent": row.contingent,
    }


async def _note(
    tx: TenantTransaction, row: Orientation, act: str, facts: dict[str, object]
) -> None:
    """A line of the journal: the rank, never the household."""
    await record(
        tx,
        orientations.act_on(
            row,
            act,
            facts=facts,
        ),
    )
