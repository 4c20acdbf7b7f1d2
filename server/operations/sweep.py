"""The sweep: records what the silence of the parties has done (art. 5.3).

The legal date is the deadline, whenever the sweep comes by: late, it changes nothing in law. It
comes late on purpose, so that an answer given in time, and being written, never finds it first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db.orientations import DueOrientation, list_due, list_to_restart
from server.errors import PortalError
from server.operations import conventions, machines, organismes, orientations, people, recalling
from server.operations.ownership import bailleur
from server.tenants.actors import Actor
from server.tenants.transactions import Database, Transaction

logger = structlog.get_logger()

BATCH = 100
GRACE = timedelta(seconds=3)
"""An answer given at the last instant has this long to be written: more than a lock is waited."""


def _never() -> bool:
    return False


async def record_due(
    database: Database, *, batch: int = BATCH, is_stopped: Callable[[], bool] = _never
) -> int:
    """Record every due offer, the oldest first, one transaction each; answers how many changed.

    An offer that cannot be recorded is told in the log and does not stop the others; several
    workers may sweep at once. `is_stopped` is asked after each batch.
    """
    await _organismes(database)
    await _machines(database)
    await _people(database)
    await _conventions(database)
    recorded, last = await _restart(database, batch), None
    while True:
        async with database.system_transaction("sweep") as tx:
            due = await list_due(tx, tx.now - GRACE, limit=batch, after=last)
            owners = await _owners(tx, due)
        recorded += sum([await _record(database, one, owners[one.bailleur_id]) for one in due])
        if len(due) < batch or is_stopped():
            await _recall(database)
            return recorded
        last = due[-1]


async def _recall(database: Database) -> None:
    """Reminders and digests, after what silence has done: none recalls a period that is over."""
    try:
        await recalling.remind_due(database)
        await recalling.digest_due(database)
    except SQLAlchemyError as error:
        logger.warning("recalling_failed", error=type(error).__name__)


async def _restart(database: Database, limit: int) -> int:
    """Before any silence is recorded, the clocks that a late mail or an outage starts anew."""
    async with database.system_transaction("sweep") as tx:
        found = await list_to_restart(tx, limit=limit)
        owners = await _owners(tx, found)
    return sum([await _record(database, one, owners[one.bailleur_id]) for one in found])


async def _owners(tx: Transaction, due: list[DueOrientation]) -> dict[UUID, Actor]:
    return {owner_id: await bailleur(tx, owner_id) for owner_id in {one.bailleur_id for one in due}}


async def _organismes(database: Database) -> None:
    """Names and mergers whose day has come, first: the acts that follow are in their light."""
    try:
        await organismes.apply_due(database)
    except SQLAlchemyError as error:
        logger.warning("organismes_failed", error=type(error).__name__)


async def _machines(database: Database) -> None:
    """An access that ends soon is told; nothing of the law waits for it."""
    try:
        await machines.give_due_notices(database)
    except SQLAlchemyError as error:
        logger.warning("notices_failed", error=type(error).__name__)


async def _people(database: Database) -> None:
    """Accounts that nobody uses are warned, then closed: in real time, that of the sign-ins."""
    try:
        await people.settle_dormant(database)
    except SQLAlchemyError as error:
        logger.warning("dormancy_failed", error=type(error).__name__)


async def _conventions(database: Database) -> None:
    """Renewals and terms that come near are told to both parties, once each."""
    try:
        await conventions.remind_due(database)
    except SQLAlchemyError as error:
        logger.warning("reminders_failed", error=type(error).__name__)


async def _record(database: Database, due: DueOrientation, owner: Actor) -> bool:
    try:
        async with database.write_transaction(owner) as tx:
            return await orientations.record_due(tx, due.id)
    except (PortalError, SQLAlchemyError) as error:
        logger.warning("sweep_failed", orientation_id=str(due.id), error=type(error).__name__)
        return False
