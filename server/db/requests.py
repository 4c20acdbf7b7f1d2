"""Queries on the measure of calls and on the answers kept for a repeated call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from server.db.paging import Executor
from server.db.tables import call_budgets, kept_answers

# One statement: what came back since the last call, then the cost if it is there. The rows are
# taken in the order given, the organisme's first: two calls never wait for each other.
CHARGE = text(
    """
    with asked as materialized (
      select caller, room from unnest(cast(:callers as text[]), cast(:rooms as float8[]))
      with ordinality as one (caller, room, position) order by position
    )
    insert into call_budgets as b (tenant_id, caller, points, charged, refilled_at)
    select cast(:tenant as uuid), caller, room - :cost, :cost, clock_timestamp() from asked
    on conflict (tenant_id, caller) do update set (points, charged, refilled_at) = (
      select case when had.points >= :cost then had.points - :cost else had.points end,
             case when had.points >= :cost then :cost else 0 end,
             had.at
      from (
        select clock_timestamp() as at,
          least(
            excluded.points + excluded.charged,
            b.points + (excluded.points + excluded.charged) / :seconds
              * greatest(0, extract(epoch from clock_timestamp() - b.refilled_at))
          ) as points
      ) as had
    )
    returning b.caller, b.points, b.charged
    """
)


@dataclass(frozen=True, kw_only=True)
class Charged:
    """A bucket after a call: points left, and whether the cost was taken from it."""

    caller: str
    points: float
    is_granted: bool


async def charge(
    db: Executor, tenant_id: UUID, rooms: Mapping[str, int], *, cost: int, seconds: int
) -> list[Charged]:
    """Take `cost` points from each bucket (caller → points when full, full again in `seconds`)."""
    values = {
        "tenant": tenant_id,
        "callers": list(rooms),
        "rooms": [float(room) for room in rooms.values()],
        "cost": float(cost),
        "seconds": float(seconds),
    }
    rows = await db.execute(CHARGE, values)
    return [
        Charged(caller=row.caller, points=row.points, is_granted=row.charged > 0) for row in rows
    ]


# --- Answers kept for a repeated call -----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Call:
    """An act as its client names it; `input_hash` is a SHA-256 in hexadecimal."""

    tenant_id: UUID
    capacity: str
    client: str
    key: str
    input_hash: str


@dataclass(frozen=True, kw_only=True)
class KeptAnswer:
    """What was answered to the first call of a key, as the JSON that was sent."""

    input_hash: str
    answer: str


async def claim_key(db: Executor, call: Call) -> bool:
    """False when the key was used already; the same key used at this moment is waited for."""
    statement = insert(kept_answers).values(**vars(call)).on_conflict_do_nothing()
    return (await db.execute(statement.returning(kept_answers.c.key))).first() is not None


async def get_answer(db: Executor, call: Call) -> KeptAnswer:
    row = (
        await db.execute(
            select(kept_answers.c.input_hash, kept_answers.c.answer).where(*_named(call))
        )
    ).one()
    return KeptAnswer(**row._mapping)


async def keep_answer(db: Executor, call: Call, answer: str) -> None:
    await db.execute(update(kept_answers).where(*_named(call)).values(answer=answer))


def _named(call: Call) -> list[ColumnElement[bool]]:
    return [
        kept_answers.c[name] == getattr(call, name)
        for name in ("tenant_id", "capacity", "client", "key")
    ]


async def forget_old(db: Executor) -> int:
    """Answers of more than 30 days, buckets that are full again; role system, which sees no other.

    Answers how many answers were forgotten.
    """
    age = func.make_interval(0, 0, 0, 30)
    forgotten = await db.execute(
        delete(kept_answers).where(kept_answers.c.kept_at < func.now() - age)
    )
    day = func.make_interval(0, 0, 0, 1)
    await db.execute(delete(call_budgets).where(call_budgets.c.refilled_at < func.now() - day))
    return int(forgotten.rowcount)
