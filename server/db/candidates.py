"""Queries on candidates: the NUD, flags and criteria, never a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from server.db.columns import LIVE_STATES
from server.db.paging import Executor
from server.db.tables import candidates, orientations
from server.domain.orientations import State


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A household presented for a dwelling, known by its NUD alone (domain.md §6.5)."""

    id: UUID
    orientation_id: UUID
    bailleur_id: UUID
    reservataire_id: UUID
    contingent: str
    nud: str
    is_dalo: bool
    dalo_origin: str | None
    first_quartile: str
    criterion: str | None
    position: int
    presented_by: str
    presented_at: datetime
    withdrawn_at: datetime | None


async def list_candidates(
    db: Executor, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[Candidate]]:
    """Candidates still presented, by orientation and in the order of the réservataire."""
    rows = await db.execute(
        select(candidates)
        .where(
            candidates.c.orientation_id.in_(set(orientation_ids)),
            candidates.c.withdrawn_at.is_(None),
        )
        .order_by(candidates.c.position, candidates.c.id)
    )
    found: dict[UUID, list[Candidate]] = {}
    for row in rows:
        found.setdefault(row.orientation_id, []).append(Candidate(**row._mapping))
    return found


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Households of a list that other offers have too: still `live`, or `housed` by a lease, whose
    application is radiated (R441-2-8).
    """

    live: int
    housed: int


async def count_elsewhere(db: Executor, orientation_id: UUID) -> Elsewhere:
    """Of those presented there, as far as the actor may see the other orientations."""
    here, there = candidates.alias("here"), candidates.alias("there")
    households = func.count(func.distinct(here.c.nud))
    rows = await db.execute(
        select(
            households.filter(orientations.c.state.in_(LIVE_STATES)).label("live"),
            households.filter(
                orientations.c.state == State.LEASED.value,
                orientations.c.attributed_candidate_id == there.c.id,
            ).label("housed"),
        )
        .join(there, (there.c.nud == here.c.nud) & (there.c.orientation_id != orientation_id))
        .join(orientations, orientations.c.id == there.c.orientation_id)
        .where(
            here.c.orientation_id == orientation_id,
            here.c.withdrawn_at.is_(None),
            there.c.withdrawn_at.is_(None),
        )
    )
    return Elsewhere(**rows.one()._mapping)


async def insert_candidates(db: Executor, rows: list[dict[str, Any]]) -> None:
    await db.execute(insert(candidates), rows)


async def withdraw_candidate(
    db: Executor, orientation_id: UUID, candidate_id: UUID, at: datetime
) -> bool:
    changed = await db.execute(
        update(candidates)
        .where(
            candidates.c.id == candidate_id,
            candidates.c.orientation_id == orientation_id,
            candidates.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at)
    )
    return bool(changed.rowcount == 1)
