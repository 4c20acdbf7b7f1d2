"""Reading offers, each party with its own eyes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.db import orientations
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import Page, PageRequest
from server.domain import orientations as law
from server.domain.orientations import OrientationFacts, State
from server.errors import NotFound
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


def facts_of(row: Orientation) -> OrientationFacts:
    return OrientationFacts(
        state=State(row.state),
        version=row.version,
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
    )


def effective_state(row: Orientation, now: datetime) -> State:
    """The state in law now, even when the sweep has not recorded it yet."""
    return law.effective_state(facts_of(row), now)


def _is_own(tx: TenantTransaction) -> bool:
    return tx.actor.capacity is Capacity.BAILLEUR


def _sees_address(tx: TenantTransaction) -> bool:
    return tx.actor.capacity in (Capacity.BAILLEUR, Capacity.RESERVATAIRE)


async def get(tx: TenantTransaction, orientation_id: UUID) -> Orientation:
    require(tx.actor, Permission.ORIENTATION_READ)
    found = await orientations.find_orientation(
        tx, orientation_id, own=_is_own(tx), with_address=_sees_address(tx)
    )
    if found is None:
        raise NotFound
    return found


async def list_page(
    tx: TenantTransaction, request: PageRequest, wanted: OrientationFilter | None = None
) -> Page[Orientation]:
    require(tx.actor, Permission.ORIENTATION_READ)
    return await orientations.list_orientations(
        tx,
        request,
        wanted or OrientationFilter(),
        own=_is_own(tx),
        with_address=_sees_address(tx),
    )


async def counts(tx: TenantTransaction) -> dict[str, int]:
    """How many orientations the actor sees in each stored state."""
    require(tx.actor, Permission.ORIENTATION_READ)
    return await orientations.count_by_state(tx)
