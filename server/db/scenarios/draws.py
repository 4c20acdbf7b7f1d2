"""Drawn years of a scenario: asked for, added block after block, stopped."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import cast, delete, insert, select, update
from sqlalchemy.dialects.postgresql import BYTEA

from server.db.paging import Executor
from server.db.tables import scenario_draws


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How far it is; `revision` is that of the scenario whose years are drawn."""

    scenario_id: UUID
    state: str
    revision: int
    seed: int
    wanted: int
    done: int
    parties: list[str] | None
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None


_HEAD = tuple(
    scenario_draws.c[name]
    for name in (
        *("scenario_id", "state", "revision", "seed", "wanted", "done", "parties"),
        *("asked_at", "asked_by", "ended_at"),
    )
)


async def find_draws(db: Executor, ids: Collection[UUID]) -> dict[UUID, Draw]:
    rows = await db.execute(select(*_HEAD).where(scenario_draws.c.scenario_id.in_(ids)))
    return {row.scenario_id: Draw(**row._mapping) for row in rows}


async def read_years(db: Executor, scenario_id: UUID) -> tuple[dict[str, Any] | None, bytes]:
    """The sums, and what each party received in each year."""
    rows = await db.execute(
        select(scenario_draws.c.tally, scenario_draws.c.served).where(
            scenario_draws.c.scenario_id == scenario_id
        )
    )
    row = rows.one_or_none()
    return (row.tally, row.served) if row else (None, b"")


async def insert_draw(db: Executor, values: dict[str, Any]) -> None:
    """In the place of the one before."""
    await delete_draw(db, values["scenario_id"])
    await db.execute(insert(scenario_draws).values(**values))


async def delete_draw(db: Executor, scenario_id: UUID) -> None:
    await db.execute(delete(scenario_draws).where(scenario_draws.c.scenario_id == scenario_id))


async def move_draw(
    db: Executor, scenario_id: UUID, *, given: tuple[str, ...], **values: Any
) -> bool:
    """False if it is in none of the `given` states."""
    statement = update(scenario_draws).where(
        scenario_draws.c.scenario_id == scenario_id, scenario_draws.c.state.in_(given)
    )
    moved = await db.execute(statement.values(**values).returning(scenario_draws.c.scenario_id))
    return moved.first() is not None


async def append_years(
    db: Executor, draw: Draw, *, years: int, served: bytes, tally: dict[str, Any],
    parties: list[str],
) -> bool:  # fmt: skip
    """One block after `draw.done` years; False if it was stopped, asked again or added already."""
    table = scenario_draws.c
    moved = await db.execute(
        update(scenario_draws)
        .where(
            table.scenario_id == draw.scenario_id,
            table.state == "running",
            table.done == draw.done,
            table.asked_at == draw.asked_at,
        )
        .values(
            done=draw.done + years,
            served=table.served.op("||")(cast(served, BYTEA)),
            tally=tally,
            parties=parties,
        )
        .returning(table.scenario_id)
    )
    return moved.first() is not None
