"""The heartbeat of the portal: web and database answer; a long silence is kept as an outage."""

from __future__ import annotations

import structlog

from server.db import deliveries
from server.domain.outages import is_outage
from server.tenants.transactions import Database

logger = structlog.get_logger()


async def beat(database: Database) -> bool:
    """Note that the portal lives; True if it had been out of reach too long (domain.md Q5).

    The offers that await their answer are then counted anew, by the sweep or by the next act.
    """
    async with database.identity_transaction() as tx:
        last, now = await deliveries.beat(tx)
        is_found = is_outage(last, now)
        if is_found:
            await deliveries.insert_outage(tx, last, now)
    if is_found:
        logger.warning("outage", minutes=int((now - last).total_seconds() // 60))
    return is_found
