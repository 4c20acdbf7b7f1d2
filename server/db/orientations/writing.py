"""Writing offers, and what the sweep reads of them under the lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    insert,
    literal_column,
    select,
    tuple_,
    union_all,
    update,
)

from server.db.orientations.awaiting import is_to_look_at
from server.db.orientations.reading import Orientation
from server.db.paging import Executor
from server.db.tables import orientations


async def lock_orientation(
    db: Executor, orientation_id: UUID, *, skip_locked: bool = False
) -> bool:
    """Lock the row until the end of the transaction; False if absent (or taken, if skipping)."""
    found = await db.execute(
        select(orientations.c.id)
        .where(orientations.c.id == orientation_id)
        .with_for_update(skip_locked=skip_locked, key_share=True)
    )
    return found.first() is not None


@dataclass(frozen=True, kw_only=True)
class DueOrientation:
    """A row whose legal date has passed; seen by the sweep, without any nominative column."""

    id: UUID
    bailleur_id: UUID
    due_at: datetime


async def list_due(
    db: Executor, now: datetime, *, limit: int, after: DueOrientation | None = None
) -> list[DueOrientation]:
    """Offers whose answer or candidates period has ended, the oldest first (role system); those
    that never arrived await (domain.md Q5).
    """
    arrived = orientations.c.delivery == literal_column("'delivered'")
    answers = _due("sent", orientations.c.answer_due_at, now, limit, after, arrived)
    presented = _due("searching", orientations.c.candidates_due_at, now, limit, after)
    due = union_all(answers, presented).subquery()
    rows = await db.execute(select(due).order_by(due.c.due_at, due.c.id).limit(limit))
    return [DueOrientation(**row._mapping) for row in rows]


async def list_to_restart(db: Executor, *, limit: int) -> list[DueOrientation]:
    """Offers that arrived on a later day, or met an outage: the domain says whether their answer
    is counted anew (role system).
    """
    due_at = orientations.c.answer_due_at.label("due_at")
    rows = await db.execute(
        select(orientations.c.id, orientations.c.bailleur_id, due_at)
        .where(is_to_look_at())
        .order_by(due_at, orientations.c.id)
        .limit(limit)
    )
    return [DueOrientation(**row._mapping) for row in rows]


def _due(
    state: str,
    due_at: Column[Any],
    now: datetime,
    limit: int,
    after: DueOrientation | None,
    *conditions: ColumnElement[bool],
) -> Select[Any]:
    """Read from the index of the offers that wait for this date, and no further than `limit`."""
    statement = select(orientations.c.id, orientations.c.bailleur_id, due_at.label("due_at")).where(
        orientations.c.state == literal_column(f"'{state}'"), due_at <= now, *conditions
    )
    if after is not None:
        statement = statement.where(tuple_(due_at, orientations.c.id) > (after.due_at, after.id))
    return select(statement.order_by(due_at, orientations.c.id).limit(limit).subquery())


async def insert_orientation(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(orientations).values(**values))


async def update_orientation(db: Executor, orientation: Orientation, **values: Any) -> bool:
    """Optimistic: False if somebody changed the row since it was read."""
    changed = await db.execute(
        update(orientations)
        .where(orientations.c.id == orientation.id, orientations.c.version == orientation.version)
        .values(version=orientations.c.version + 1, **values)
    )
    return bool(changed.rowcount == 1)
