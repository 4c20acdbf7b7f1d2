"""The life of an organisme: created, renamed, merged, by the operator, at a date.

What a date brings is recorded by the sweep: no developer is there that day.
"""

from __future__ import annotations

import structlog

from server.db import organismes as rows
from server.db.organismes import Merger
from server.domain.deadlines import local_day
from server.tenants.transactions import Database, Transaction

logger = structlog.get_logger()


async def apply_due(database: Database) -> int:
    """The sweep's part: names and mergers whose day has come; answers how many changed."""
    async with database.system_transaction("organismes.apply_due") as tx:
        return await apply(tx)


async def apply(tx: Transaction) -> int:
    """Record what is due by the business date, as the sweep or as the operator."""
    today = local_day(tx.now)
    changed = await rows.apply_names(tx, today)
    for merger in await rows.list_due_mergers(tx, today):
        changed += await _absorb(tx, merger)
    return changed


async def _absorb(tx: Transaction, merger: Merger) -> bool:
    """A is absorbed by B: the people of each get a seat in the other, with the same rights.

    The rows of A stay A's, under its name and its isolation: its history is read there, by the
    people of both, and nobody else. What was live there goes on there; nothing new is opened
    there, by permission (`CLOSING`) and by the policies of the database. Its conventions go on:
    an offer on a line of A is addressed to B and counts on the line of A (`addressing`), until
    the bailleurs sign and publish anew with B. An A that was a bailleur brings its stock into the
    file of B. Whoever lost a seat in one of them does not find it again through the other.
    """
    if not await rows.mark_absorbed(tx, merger):
        return False
    seats = await rows.bring_over(tx, merger, tx.now)
    logger.info(
        "organisme_absorbed",
        absorbed_id=str(merger.absorbed_id),
        into_id=str(merger.into_id),
        seats=seats,
    )
    return True
