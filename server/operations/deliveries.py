"""What becomes of a mail, and what it means for the offer that it carries (domain.md Q5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog

from server.db import deliveries, letters
from server.db import notifications as rows
from server.db.notifications import Notification
from server.operations import orientations
from server.operations.ownership import bailleur
from server.queue import enqueue
from server.tenants.transactions import Database, Transaction

EXHAUSTED = "Le serveur de messagerie n'a pas pris le message."

logger = structlog.get_logger()


async def note(tx: Transaction, row: Notification, state: str, error: str | None) -> None:
    """The end of one try, in its own transaction (role system).

    A mail that is kept is read where it was written: it arrived when it was told.
    """
    if state == "uncertain":
        await letters.insert_letter(tx, row, state, error or EXHAUSTED, tx.now)
    elif state != "failed":
        await letters.settle_letter(tx, row.id, tx.now)
    if state in ("sent", "kept"):
        await deliveries.note_arrival(tx, row.id, tx.now if state == "sent" else row.created_at)
    else:
        await deliveries.note_trouble(tx, row.id, error)


async def give_up(database: Database, row: Notification, error: str, **written: Any) -> None:
    """The mail will not go: it says so, and the bailleur of the offer that it carries is told."""
    async with database.system_transaction("notifications.give_up") as tx:
        await rows.update_notification(
            tx, row.id, processed_at=tx.now, state="failed", error=error, **written
        )
        await letters.insert_letter(tx, row, "failed", error, tx.now)
        if await deliveries.find_carried(tx, row.id):
            await enqueue(tx.connection, "orientations.undelivered", row.id)
    logger.warning("mail_failed", notification_id=str(row.id), template=row.template)


async def exhaust(database: Database, notification_id: UUID) -> None:
    """After the last try: nothing goes any more by itself."""
    async with database.system_transaction("notifications.give_up") as tx:
        row = await rows.find_notification(tx, notification_id)
    if row is not None and row.state not in ("sent", "kept", "muted"):
        await give_up(database, row, row.error or EXHAUSTED)


async def report(database: Database, notification_id: UUID) -> None:
    """Tell the bailleur that the mail of its offer never arrived; once, however often it runs."""
    async with database.system_transaction("orientations.undelivered") as tx:
        row = await rows.find_notification(tx, notification_id)
        carried = await deliveries.find_carried(tx, notification_id)
        if row is None or carried is None or row.state != "failed":
            return
        orientation_id, bailleur_id = carried
        owner = await bailleur(tx, bailleur_id)
    failure = orientations.Failure(
        notification_id=notification_id,
        orientation_id=orientation_id,
        address=row.address,
        error=row.error or EXHAUSTED,
    )
    async with database.write_transaction(owner) as own:
        await orientations.fail(own, failure)


async def bounce(database: Database, notification_id: UUID, error: str) -> bool:
    """A mail that was sent came back: it failed after all; False if there is none to fail."""
    async with database.system_transaction("notifications.bounce") as tx:
        row = await rows.find_notification(tx, notification_id)
    if row is None or row.state not in ("sent", "uncertain"):
        return False
    await give_up(database, row, error)
    return True


async def find_returned(database: Database, message_id: str) -> UUID | None:
    """The notification whose mail had this Message-ID, if any."""
    async with database.system_transaction("notifications.bounce") as tx:
        return await deliveries.find_by_message_id(tx, message_id)
