"""Reading offers, each party with its own eyes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from server.db import caleol, orientations
from server.db.caleol import Decision
from server.db.orientations import Orientation, OrientationFilter, Scope
from server.db.paging import Page, PageRequest
from server.domain import orientations as law
from server.domain.closures import read_kept
from server.domain.orientations import OrientationFacts, State
from server.errors import NotFound
from server.operations import readings
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import TenantTransaction

MOST_EXPECTED = 50


def facts_of(row: Orientation) -> OrientationFacts:
    return OrientationFacts(
        state=State(row.state),
        version=row.version,
        clock_at=row.clock_at or row.sent_at,
        delivery=law.Delivery(row.delivery),
        delivered_at=row.delivered_at,
        outage_until=row.outage_until,
        answer_due_at=row.answer_due_at,
        candidates_due_at=row.candidates_due_at,
        acceptance=law.Acceptance(row.acceptance_mode) if row.acceptance_mode else None,
        accepted_on=row.accepted_on,
        attributed_on=row.attributed_on,
        candidate_count=row.candidate_count,
        has_dalo=row.has_dalo,
        searched_by=law.Searcher(row.searched_by),
        extension_count=row.extension_count,
        answer_days=row.answer_days,
        candidates_days=row.candidate_days,
        closures=read_kept(row.closures),
    )


def effective_state(row: Orientation, now: datetime) -> State:
    """The state in law now, even when the sweep has not recorded it yet."""
    return law.effective_state(facts_of(row), now)


def in_law(row: Orientation, now: datetime) -> OrientationFacts:
    """The facts as the law has them now, whatever the sweep has recorded."""
    return law.caught_up(facts_of(row), now)


def _is_own(tx: TenantTransaction) -> bool:
    return tx.actor.capacity is Capacity.BAILLEUR


def _is_party(tx: TenantTransaction) -> bool:
    """Who reads the address, and every candidate."""
    return tx.actor.capacity in (Capacity.BAILLEUR, Capacity.RESERVATAIRE)


async def get(tx: TenantTransaction, orientation_id: UUID) -> Orientation:
    require(tx.actor, Permission.ORIENTATION_READ)
    found = await orientations.find_orientation(
        tx, orientation_id, own=_is_own(tx), with_address=_is_party(tx)
    )
    if found is None:
        raise NotFound
    return found


async def list_page(
    tx: TenantTransaction,
    request: PageRequest,
    wanted: OrientationFilter | None = None,
    *,
    due_first: bool = False,
) -> Page[Orientation]:
    require(tx.actor, Permission.ORIENTATION_READ)
    return await orientations.list_orientations(
        tx,
        request,
        wanted or OrientationFilter(),
        own=_is_own(tx),
        with_address=_is_party(tx),
        due_first=due_first,
    )


EXPECTED = {
    Capacity.RESERVATAIRE: (State.SENT, State.SEARCHING),
    Capacity.BAILLEUR: (
        State.NO_CANDIDATE,
        State.CANDIDATES_COMPLETE,
        State.CANDIDATES_PARTIAL,
        State.ATTRIBUTED,
    ),
}
"""What waits for each side: the states in law in which it has something to do."""


async def expected(tx: TenantTransaction, contingent: str) -> tuple[Orientation, ...]:
    """The first offers that wait for the actor, the nearest deadline first."""
    states = EXPECTED.get(tx.actor.capacity, ())
    if not states:
        return ()
    answers = tx.actor.capacity is Capacity.RESERVATAIRE
    wanted = OrientationFilter(
        states=tuple(one.value for one in states),
        at=tx.now,
        addressee_id=tx.actor.tenant_id if answers else None,
        contingent=contingent if answers else None,
    )
    return (await list_page(tx, PageRequest(first=MOST_EXPECTED), wanted, due_first=True)).items


async def visible_of(tx: TenantTransaction, ids: Iterable[UUID]) -> dict[UUID, Orientation]:
    """Those of these offers that the actor may see, by id; none for who reads no orientation."""
    if not may(tx.actor, Permission.ORIENTATION_READ):
        return {}
    return await orientations.get_orientations(tx, ids, own=_is_own(tx), with_address=_is_party(tx))


async def search(tx: TenantTransaction, text: str) -> tuple[Orientation, ...]:
    """By reference, address, commune or party; nothing for an empty text."""
    require(tx.actor, Permission.ORIENTATION_READ)
    if not text.strip():
        return ()
    return await orientations.search_orientations(
        tx, text, own=_is_own(tx), with_address=_is_party(tx)
    )


async def scope(tx: TenantTransaction) -> Scope:
    """The communes and parties of the offers that the actor sees."""
    require(tx.actor, Permission.ORIENTATION_READ)
    return await orientations.list_scope(tx)


async def counts_in_law(tx: TenantTransaction) -> dict[str, int]:
    """How many orientations are the actor's in each state of the law now, swept or not.

    A réservataire is not counted the offers that another one answers in its place.
    """
    require(tx.actor, Permission.ORIENTATION_READ)
    is_answering = tx.actor.capacity is Capacity.RESERVATAIRE
    return await orientations.count_by_state(
        tx,
        at=tx.now,
        addressee_id=tx.actor.tenant_id if is_answering else None,
        sees_candidates=_is_party(tx),
    )


async def caleol_of(tx: TenantTransaction, row: Orientation) -> tuple[UUID | None, list[Decision]]:
    """The session on whose agenda the dwelling stands, and what was decided there."""
    require(tx.actor, Permission.CALEOL_READ)
    decided = (await readings.decisions_of(tx, [row.id])).get(row.id, [])
    return await caleol.find_session_of(tx, row.id), decided


async def counts(tx: TenantTransaction) -> dict[str, int]:
    """How many orientations the actor sees in each stored state."""
    require(tx.actor, Permission.ORIENTATION_READ)
    return await orientations.count_by_state(tx)
