"""A scenario kept, changed, shown to a party, thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from server.db.paging import Executor
from server.db.tables import scenario_draws, scenario_figures, scenario_shares, scenarios


async def insert_scenario(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(scenarios).values(**values))


async def lock_revision(db: Executor, scenario_id: UUID) -> int | None:
    """Of a scenario of the actor's, held until the end of the transaction."""
    rows = await db.execute(
        select(scenarios.c.revision)
        .where(scenarios.c.id == scenario_id)
        .with_for_update(key_share=True)
    )
    found: int | None = rows.scalar_one_or_none()
    return found


async def update_scenario(db: Executor, scenario_id: UUID, **values: Any) -> None:
    """The revision moves with every change: whoever edits an older one is told."""
    await db.execute(
        update(scenarios)
        .where(scenarios.c.id == scenario_id)
        .values(revision=scenarios.c.revision + 1, **values)
    )


async def put_figures(db: Executor, scenario_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """All of them: what was expected before is replaced."""
    table = scenario_figures
    await db.execute(delete(table).where(table.c.scenario_id == scenario_id))
    if rows:
        await db.execute(insert(table), list(rows))


async def put_drawn(
    db: Executor, scenario_id: UUID, position: int, drawn: dict[str, Any] | None
) -> None:
    table = scenario_figures
    await db.execute(
        update(table)
        .where(table.c.scenario_id == scenario_id, table.c.position == position)
        .values(drawn=drawn)
    )


async def delete_scenario(db: Executor, scenario_id: UUID) -> None:
    for table in (scenario_draws, scenario_shares, scenario_figures):
        await db.execute(delete(table).where(table.c.scenario_id == scenario_id))
    await db.execute(delete(scenarios).where(scenarios.c.id == scenario_id))


async def insert_share(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(scenario_shares).values(**values))


async def revoke_share(db: Executor, share_id: UUID, at: datetime) -> UUID | None:
    """The organisme that no longer reads; None if the share does not run."""
    table = scenario_shares
    rows = await db.execute(
        update(table)
        .where(table.c.id == share_id, table.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(table.c.tenant_id)
    )
    found: UUID | None = rows.scalar_one_or_none()
    return found
