"""Writing offers, and what the sweep reads of them under the lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

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
        .with_for_update(skip_locked=skip_locked)
    )
    return found.first() is not None


@dataclass(frozen=True, kw_only=True)
class DueOrientation:
    """A row whose legal date has passed; seen by the sweep, without any nominative column."""

    id: UUID
    bailleur_id: UUID


async def list_due(db: Executor, now: datetime, *, limit: int) -> list[DueOrientation]:
    """Offers whose answer or candidates period has ended, the oldest first (role system)."""
    answers = select(
        orientations.c.id,
        orientations.c.bailleur_id,
        orientations.c.answer_due_at.label("due_at"),
    ).where(orientations.c.state == "sent", orientations.c.answer_due_at <= now)
    presented = select(
        orientations.c.id,
        orientations.c.bailleur_id,
        orientations.c.candidates_due_at.label("due_at"),
    ).where(orientations.c.state == "searching", orientations.c.candidates_due_at <= now)
    due = answers.union_all(presented).subquery()
    rows = await db.execute(select(due.c.id, due.c.bailleur_id).order_by(due.c.due_at).limit(limit))
    return [DueOrientation(**row._mapping) for row in rows]


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
