"""Mails that did not go: who sent them reads why, and sends them again."""

from __future__ import annotations

from uuid import UUID

from server.db import letters as rows
from server.db.letters import DeadLetter
from server.errors import Conflict, Motif, NotFound
from server.queue import enqueue
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction, Transaction

OPERATOR = "Exploitant du portail"
IN_HAND = Motif(
    code="letter_in_hand",
    message="Ce courriel est parti, ou repart déjà : revenez dans un moment.",
)


async def list_failed(tx: TenantTransaction) -> list[DeadLetter]:
    """The mails of the organisme's acts that did not go; its responsables only."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    return await rows.list_letters(tx)


async def replay(tx: TenantTransaction, notification_id: UUID) -> None:
    """Send again, under the same Message-ID; twice in a row is refused."""
    known = {one.notification_id for one in await list_failed(tx)}
    if notification_id not in known:
        raise NotFound
    if not await rows.replay_letter(tx, notification_id, tx.actor.person_name, tx.now):
        raise Conflict(IN_HAND)
    await enqueue(tx.connection, "notifications.deliver", notification_id)


async def replay_any(tx: Transaction, notification_id: UUID) -> bool:
    """The operator's: whoever sent it (role system); False if there is nothing to send again."""
    if not await rows.replay_letter(tx, notification_id, OPERATOR, tx.now):
        return False
    await enqueue(tx.connection, "notifications.deliver", notification_id)
    return True
