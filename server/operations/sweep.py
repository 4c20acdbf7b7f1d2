"""The sweep: records what the silence of the parties has done (art. 5.3).

The legal date is the deadline, whenever the sweep comes by: late, it changes nothing in law.
"""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db.orientations import DueOrientation, list_due
from server.errors import PortalError
from server.operations import orientations
from server.operations.ownership import bailleur
from server.tenants.actors import Actor
from server.tenants.transactions import Database

logger = structlog.get_logger()

BATCH = 100


async def record_due(database: Database, *, limit: int = BATCH) -> int:
    """Record the oldest due offers, one transaction each; answers how many changed.

    An offer that cannot be recorded is told in the log and does not stop the others.
    """
    async with database.system_transaction("sweep") as tx:
        due = await list_due(tx, tx.now, limit=limit)
        owners = {
            owner_id: await bailleur(tx, owner_id) for owner_id in {one.bailleur_id for one in due}
        }
    return sum([await _record(database, one, owners[one.bailleur_id]) for one in due])


async def _record(database: Database, due: DueOrientation, owner: Actor) -> bool:
    try:
        async with database.write_transaction(owner) as tx:
            return await orientations.record_due(tx, due.id)
    except (PortalError, SQLAlchemyError) as error:
        logger.warning("sweep_failed", orientation_id=str(due.id), error=type(error).__name__)
        return False
