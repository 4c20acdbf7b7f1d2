"""Writing the ledgers: their rows locked, moves added, balances kept in step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor
from server.db.tables import ledger_balances, ledger_entries, ledger_moves, ledgers
from server.db.tables.ledgers import BASES


async def lock_positions(db: Executor, bailleur_id: UUID) -> dict[str, int]:
    """Basis → position of the ledgers of a bailleur, held until the end of the transaction."""
    await db.execute(
        upsert(ledgers).on_conflict_do_nothing(),
        [{"bailleur_id": bailleur_id, "basis": basis} for basis in BASES],
    )
    rows = await db.execute(
        select(ledgers.c.basis, ledgers.c.position)
        .where(ledgers.c.bailleur_id == bailleur_id)
        .order_by(ledgers.c.basis)
        .with_for_update(key_share=True)
    )
    return {row.basis: row.position for row in rows}


async def advance(
    db: Executor, bailleur_id: UUID, positions: Mapping[str, int], settled_at: datetime
) -> None:
    column = ledgers.c
    await db.execute(
        update(ledgers)
        .where(column.bailleur_id == bailleur_id)
        .values(
            position=case(dict(positions), value=column.basis, else_=column.position),
            settled_at=settled_at,
        )
    )


async def insert_moves(
    db: Executor, rows: list[dict[str, Any]], entries: list[dict[str, Any]]
) -> None:
    """The moves, and the part of each réservataire in them."""
    await db.execute(insert(ledger_moves), rows)
    if entries:
        await db.execute(insert(ledger_entries), entries)


async def add_balances(db: Executor, rows: list[dict[str, Any]]) -> None:
    """Add `due`, `received` and `moved` to the balances of these keys."""
    statement = upsert(ledger_balances)
    new = statement.excluded
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["bailleur_id", "basis", "year", "party", "family", "value"],
            set_={
                name: ledger_balances.c[name] + new[name] for name in ("due", "received", "moved")
            },
        ),
        rows,
    )
