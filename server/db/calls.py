"""Queries on what machines have called: counts a day, no variable, no personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import api_calls

SUCCESS = "ok"


@dataclass(frozen=True, kw_only=True)
class Call:
    """How many times a machine called an operation on a day, with one outcome."""

    id: UUID
    caller_id: UUID
    caller_name: str
    day: date
    operation: str
    outcome: str
    call_count: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class CallFilter:
    """`outcome`: a code, "ok", or "errors" for all that is not."""

    since: date
    caller_id: UUID | None = None
    day: date | None = None
    outcome: str | None = None


COLUMNS = (
    api_calls.c.id,
    api_calls.c.caller_id,
    api_calls.c.caller_name,
    api_calls.c.day,
    api_calls.c.operation,
    api_calls.c.outcome,
    api_calls.c.call_count,
    api_calls.c.last_at,
)
ORDERS = {
    "jour": api_calls.c.day,
    "acces": api_calls.c.caller_name,
    "operation": api_calls.c.operation,
    "dernier": api_calls.c.last_at,
}
NEWEST = Sort(code="dernier", is_descending=True)


async def count_call(db: Executor, values: dict[str, Any]) -> None:
    """One more (role identity)."""
    statement = upsert(api_calls).values(**values)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "caller_id", "day", "operation", "outcome"],
            set_={
                "call_count": api_calls.c.call_count + 1,
                "last_at": statement.excluded.last_at,
            },
        )
    )


async def list_calls(db: Executor, request: PageRequest, wanted: CallFilter) -> Page[Call]:
    """What the organisme's machines have called, the newest first unless told otherwise."""
    order = sorted_by(request, ORDERS, NEWEST)
    statement = select(*COLUMNS, order.key.label("cursor_at")).where(
        api_calls.c.day >= wanted.since
    )
    if wanted.caller_id is not None:
        statement = statement.where(api_calls.c.caller_id == wanted.caller_id)
    if wanted.day is not None:
        statement = statement.where(api_calls.c.day == wanted.day)
    if wanted.outcome == "errors":
        statement = statement.where(api_calls.c.outcome != SUCCESS)
    elif wanted.outcome is not None:
        statement = statement.where(api_calls.c.outcome == wanted.outcome)

    def read(row: Any) -> Call:
        values = dict(row._mapping)
        values.pop("cursor_at")
        return Call(**values)

    return await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=api_calls.c.id,
        request=request,
        read=read,
        ascending=not order.is_descending,
    )


async def list_callers(db: Executor, since: date) -> dict[UUID, str]:
    """Who has called: identifiers and names, for the filter of the list."""
    rows = await db.execute(
        select(api_calls.c.caller_id, api_calls.c.caller_name)
        .where(api_calls.c.day >= since)
        .distinct()
        .order_by(api_calls.c.caller_name)
    )
    return {row.caller_id: row.caller_name for row in rows}


async def list_outcomes(db: Executor, since: date) -> list[str]:
    rows = await db.execute(select(api_calls.c.outcome).where(api_calls.c.day >= since).distinct())
    return sorted(row.outcome for row in rows)


async def delete_old_calls(db: Executor, before: date) -> int:
    """Forget the counts before this day (role system, older than thirty days only)."""
    removed = await db.execute(delete(api_calls).where(api_calls.c.day < before))
    return int(removed.rowcount)
