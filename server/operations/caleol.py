"""The commission: agenda, invitations, decisions, lease (art. 6.2; R441-3, R441-9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from server.db import caleol as rows
from server.db import candidates as candidate_rows
from server.db import dwellings, tenants
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.db.paging import Page, PageRequest
from server.domain import caleol as law
from server.domain import orientations as workflow
from server.domain.caleol import Decided, Decision, Outcome, Reason
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import orientations
from server.operations.journal import Act, Recipient, announce, record
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class PlanCaleol:
    """A session and the dwellings on its agenda, in order; a justification for each orientation
    with fewer than three candidates.
    """

    starts_at: datetime
    place: str
    orientation_ids: tuple[UUID, ...]
    mode: str = "on_site"
    justifications: dict[UUID, str] | None = None


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


@dataclass(frozen=True, kw_only=True)
class AgendaItem:
    """A dwelling of a session as the actor reads it: `offer` is None for whom it is hidden."""

    orientation_id: UUID
    position: int
    reservataire_name: str
    contingent: str
    offer: Orientation | None
    candidates: tuple[candidate_rows.Candidate, ...]
    decisions: tuple[rows.Decision, ...]


async def get(tx: TenantTransaction, session_id: UUID) -> rows.CaleolSession:
    require(tx.actor, Permission.CALEOL_READ)
    found = await rows.find_session(tx, session_id)
    if found is None:
        raise NotFound
    return found


async def list_page(
    tx: TenantTransaction, request: PageRequest, *, state: str | None = None
) -> Page[rows.CaleolSession]:
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_sessions(tx, request, state=state)


async def items_of(
    tx: TenantTransaction, session_ids: Iterable[UUID]
) -> dict[UUID, list[rows.CaleolItem]]:
    """The agendas, by session, as far as the actor may read them."""
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_items(tx, session_ids)


async def invitations_of(
    tx: TenantTransaction, session_ids: Iterable[UUID]
) -> dict[UUID, list[rows.Invitation]]:
    """Who is invited, by session; an invited organisme sees its own line."""
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_invitations(tx, session_ids)


async def candidates_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[candidate_rows.Candidate]]:
    """Those examined, by orientation; none for an EPCI, which sits without reading them."""
    if not may(tx.actor, Permission.CANDIDATES_READ):
        return {}
    return await candidate_rows.list_candidates(tx, orientation_ids)


async def decisions_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[rows.Decision]]:
    """What was decided, by orientation, as far as the actor may read the candidates."""
    if not may(tx.actor, Permission.CANDIDATES_READ):
        return {}
    return await rows.list_decisions(tx, orientation_ids)


async def agenda(tx: TenantTransaction, session_id: UUID) -> list[AgendaItem]:
    """The dwellings of a session in order, each with what the actor may read of it."""
    items = (await items_of(tx, [session_id])).get(session_id, [])
    ids = [item.orientation_id for item in items]
    names = await tenants.get_tenants(tx, {item.reservataire_id for item in items})
    offers = await orientations.visible_of(tx, ids)
    examined = await candidates_of(tx, ids)
    decided = await decisions_of(tx, ids)
    return [
        AgendaItem(
            orientation_id=item.orientation_id,
            position=item.position,
            reservataire_name=names[item.reservataire_id].name,
            contingent=item.contingent,
            offer=offers.get(item.orientation_id),
            candidates=tuple(examined.get(item.orientation_id, ())),
            decisions=tuple(
                one for one in decided.get(item.orientation_id, ()) if one.session_id == session_id
            ),
        )
        for item in items
    ]


# --- Planning ---------------------------------------------------------------------------------


def _plan_motifs(command: PlanCaleol, now: datetime) -> tuple[Motif, ...]:
    motifs = []
    if not command.place.strip():
        message = "Indiquez le lieu ou le lien de la séance."
        motifs.append(Motif(code="place_required", message=message, field="place"))
    if command.starts_at <= now:
        message = "La séance doit être à venir."
        motifs.append(Motif(code="session_in_past", message=message, field="starts_at"))
    if not command.orientation_ids:
        message = "Inscrivez au moins un logement à l'ordre du jour."
        motifs.append(Motif(code="agenda_empty", message=message, field="orientation_ids"))
    if command.mode not in ("on_site", "remote", "written"):
        motifs.append(
            Motif(code="mode_invalid", message="Ce mode de séance n'existe pas.", field="mode")
        )
    return tuple(motifs)


async def plan(tx: TenantTransaction, command: PlanCaleol) -> UUID:
    """Put orientations on the agenda of a new session and invite everybody concerned (T12)."""
    require(tx.actor, Permission.CALEOL_HOLD)
    motifs = _plan_motifs(command, tx.now)
    if motifs:
        raise Invalid(*motifs)
    session_id = new_id()
    agenda = [
        await _put_on_agenda(tx, orientation_id, (command.justifications or {}).get(orientation_id))
        for orientation_id in dict.fromkeys(command.orientation_ids)
    ]
    guests = await _guests(tx, agenda)
    session = {
        "id": session_id,
        "bailleur_id": tx.actor.tenant_id,
        "starts_at": command.starts_at,
        "place": command.place.strip(),
        "mode": command.mode,
    }
    items = [
        {
            "session_id": session_id,
            "orientation_id": row.id,
            "bailleur_id": row.bailleur_id,
            "reservataire_id": row.reservataire_id,
            "contingent": row.contingent,
            "position": position,
        }
        for position, row in enumerate(agenda, start=1)
    ]
    invitations = [
        {
            "id": new_id(),
            "session_id": session_id,
            "bailleur_id": tx.actor.tenant_id,
            "tenant_id": tenant_id,
            "capacity": capacity,
            "invited_at": tx.now,
        }
        for tenant_id, capacity in guests
    ]
    await rows.insert_session(tx, session, items, invitations)
    await _invite(tx, session_id, agenda, guests)
    return session_id


async def _put_on_agenda(
    tx: TenantTransaction, orientation_id: UUID, justification: str | None
) -> Orientation:
    row = await orientations.locked(tx, orientation_id)
    fresh, _ = await orientations.perform(
        tx,
        row,
        lambda facts: workflow.plan(facts, now=tx.now, justification=justification),
        extra={"justification": (justification or "").strip() or None},
    )
    return fresh


async def _guests(tx: TenantTransaction, agenda: list[Orientation]) -> list[tuple[UUID, str]]:
    """Réservataires of the agenda, communes of the dwellings (the maire sits, R441-9), préfet,
    presidents of LEC EPCI.
    """
    insees = {row.insee for row in agenda}
    communes = await tenants.find_commune_tenants(tx, insees)
    prefectures = await tenants.list_tenants(tx, "prefecture")
    sirens = (await tenants.epci_of_communes(tx, insees)).values()
    epcis = await tenants.find_epci_tenants(tx, sirens, lec_on=local_day(tx.now))
    guests = [(row.reservataire_id, "reservataire") for row in agenda]
    guests += [(one.id, "reservataire") for one in communes]
    guests += [(one.id, "prefecture") for one in prefectures]
    guests += [(one.id, "epci") for one in epcis]
    return list(dict.fromkeys(guests))


async def _invite(
    tx: TenantTransaction,
    session_id: UUID,
    agenda: list[Orientation],
    guests: list[tuple[UUID, str]],
) -> None:
    entry = await record(
        tx,
        Act(
            act="caleol.planned",
            subject_kind="caleol",
            subject_id=session_id,
            bailleur_id=tx.actor.tenant_id,
            to_state="planned",
            facts={"dwellings": len(agenda), "invitations": len(guests)},
        ),
    )
    contingents = {row.reservataire_id: row.contingent for row in agenda}
    await announce(
        tx,
        entry,
        [
            Recipient(
                tenant_id=tenant_id,
                capacity=capacity,
                contingent=contingents.get(tenant_id, "none")
                if capacity == "reservataire"
                else "none",
            )
            for tenant_id, capacity in guests
        ],
        template="caleol.planned",
        subject_kind="caleol",
        subject_id=session_id,
    )


# --- Deciding ---------------------------------------------------------------------------------


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
    session = await rows.find_session(tx, command.session_id, for_update=True)
    if session is None:
        raise NotFound
    row = await orientations.locked(tx, command.orientation_id)
    if row.state == workflow.State.IN_CALEOL:
        items = (await rows.list_items(tx, [session.id])).get(session.id, [])
        if row.id not in {item.orientation_id for item in items}:
            raise NotFound
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
        extra=_attribution(decided, held_on),
    )
    if not isinstance(decided, Decided):
        raise Invalid(*decided)
    if decided.is_attributed is None:
        message = "Aucune décision n'est prise : ajournez la séance au lieu de l'enregistrer."
        raise Conflict(Motif(code="nothing_decided", message=message))
    await _store_decisions(tx, session, fresh, present, command)
    await _close_session(tx, session)
    await announce(
        tx,
        entry,
        [orientations.reservataire_of(fresh)],
        template="orientation.decide",
        subject_kind="orientation",
        subject_id=fresh.id,
    )
    return fresh


def _attribution(decided: Decided | tuple[Motif, ...], held_on: date) -> dict[str, object]:
    if not isinstance(decided, Decided) or not decided.is_attributed:
        return {}
    return {"attributed_candidate_id": UUID(decided.ranking[0]), "attributed_on": held_on}


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
    waiting = [
        item
        for item in items
        if (await orientations.get(tx, item.orientation_id)).state == workflow.State.IN_CALEOL
    ]
    if not waiting:
        await rows.update_session(tx, session.id, state="held", minutes_at=tx.now)


# --- Lease ------------------------------------------------------------------------------------


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
    fresh, entry = await orientations.perform(
        tx,
        row,
        lambda facts: workflow.record_lease(
            facts, now=tx.now, signed_on=signed_on, expected_version=expected_version
        ),
        extra={"leased_on": signed_on},
    )
    await dwellings.update_vacancy(tx, fresh.vacancy_id, state="closed", closed_on=signed_on)
    await announce(
        tx,
        entry,
        [orientations.reservataire_of(fresh)],
        template="orientation.lease",
        subject_kind="orientation",
        subject_id=fresh.id,
    )
    return fresh
