"""Queries on the closures that a réservataire declares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from server.db.paging import Executor
from server.db.tables import closures
from server.domain.calendar import Closure


@dataclass(frozen=True, kw_only=True)
class DeclaredClosure:
    """A closure that stands; `declared_by` is read by its own organisme only."""

    id: UUID
    tenant_id: UUID
    first_day: date
    last_day: date
    reason: str
    declared_at: datetime
    declared_by: str = ""

    @property
    def days(self) -> Closure:
        return Closure(first_day=self.first_day, last_day=self.last_day, reason=self.reason)


_SHARED = (
    closures.c.id,
    closures.c.tenant_id,
    closures.c.first_day,
    closures.c.last_day,
    closures.c.reason,
    closures.c.declared_at,
)


async def insert_closure(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(closures).values(**values))


async def list_closures(
    db: Executor, tenant_id: UUID, since: date, *, own: bool
) -> list[DeclaredClosure]:
    """Of a réservataire, those that were not over on this day, in order."""
    columns = (*_SHARED, closures.c.declared_by) if own else _SHARED
    rows = await db.execute(
        select(*columns)
        .where(
            closures.c.tenant_id == tenant_id,
            closures.c.last_day >= since,
            closures.c.withdrawn_at.is_(None),
        )
        .order_by(closures.c.first_day, closures.c.id)
    )
    return [DeclaredClosure(**row._mapping) for row in rows]


async def withdraw_closure(db: Executor, closure_id: UUID, *, at: datetime, by: str) -> bool:
    done = await db.execute(
        update(closures)
        .where(closures.c.id == closure_id, closures.c.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_by=by)
    )
    return bool(done.rowcount)
