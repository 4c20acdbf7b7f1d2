"""Reminders before silence decides, and the digest of working mornings: once each, never twice."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db import choices as rows
from server.db.choices import AwaitedOffer, Reader
from server.db.ids import new_id
from server.db.notifications import insert_notification
from server.documents.mails import Message
from server.documents.messages import Reader as MailReader
from server.documents.messages import digest_message
from server.domain import orientations as law
from server.domain.deadlines import local_day
from server.domain.mail_kinds import REMINDER
from server.domain.reminders import Stage, due_stage, is_digest_time
from server.errors import NotFound, PortalError
from server.operations import orientations
from server.operations.journal import record
from server.operations.ownership import bailleur
from server.queue import enqueue
from server.tenants.actors import Actor, Capacity, portal_acting_for
from server.tenants.permissions import Permission, may
from server.tenants.transactions import Database, TenantTransaction

logger = structlog.get_logger()


async def remind_due(database: Database) -> int:
    """Recall the deadlines that call for it now, one transaction each; answers how many."""
    async with database.system_transaction("orientations.remind") as tx:
        awaited = await rows.list_awaited(tx, local_day(tx.now))
        due = [
            (one, stage)
            for one in awaited
            if (stage := due_stage(one.start_on, one.last_day, tx.now)) is not None
            and stage.value not in one.given
        ]
        owners = {
            owner_id: await bailleur(tx, owner_id)
            for owner_id in {one.bailleur_id for one, _ in due}
        }
    return sum([await _remind(database, one, stage, owners[one.bailleur_id]) for one, stage in due])


async def _remind(database: Database, one: AwaitedOffer, stage: Stage, owner: Actor) -> bool:
    try:
        async with database.write_transaction(owner) as tx:
            was_new = await rows.insert_given(tx, one, stage.value, tx.now)
            if was_new:
                await _tell(tx, one)
            return was_new
    except (PortalError, SQLAlchemyError) as error:
        logger.warning("reminder_failed", orientation_id=str(one.id), error=type(error).__name__)
        return False


async def _tell(tx: TenantTransaction, one: AwaitedOffer) -> None:
    row = await orientations.get(tx, one.id)
    facts = {"last_day": one.last_day.isoformat()}
    entry = await record(tx, orientations.act_on(row, REMINDER, facts=facts), by_portal=True)
    await orientations.tell_reservataire(tx, entry, row, REMINDER)


async def digest_due(database: Database) -> int:
    """Write the digests of this working morning, for who chose one; answers how many."""
    async with database.system_transaction("notifications.digest") as tx:
        if not is_digest_time(tx.now):
            return 0
        readers = await rows.list_readers(tx, local_day(tx.now))
    return sum([await _digest(database, one) for one in readers])


async def _digest(database: Database, reader: Reader) -> int:
    actor = portal_acting_for(reader.tenant_id, reader.tenant_name, Capacity(reader.capacity))
    try:
        async with database.write_transaction(actor) as tx:
            return sum([await _write(tx, reader, one) for one in reader.contingents])
    except (PortalError, SQLAlchemyError) as error:
        logger.warning("digest_failed", tenant=str(reader.tenant_id), error=type(error).__name__)
        return 0


async def _write(tx: TenantTransaction, reader: Reader, contingent: str) -> bool:
    """Nothing to do, nothing is sent; the row says all the same that the morning is done."""
    digest_id = new_id()
    values = {
        "id": digest_id,
        "tenant_id": reader.tenant_id,
        "capacity": reader.capacity,
        "contingent": contingent,
        "person_id": reader.person_id,
        "day": local_day(tx.now),
        "address": reader.address,
    }
    if not await rows.insert_digest(tx, values) or not await _has_tasks(tx, contingent):
        return False
    notification_id = new_id()
    await insert_notification(
        tx,
        {
            "id": notification_id,
            "sender_id": reader.tenant_id,
            "recipient_id": reader.tenant_id,
            "capacity": reader.capacity,
            "contingent": contingent,
            "template": "digest.morning",
            "subject_kind": "digest",
            "subject_id": digest_id,
            "created_at": tx.now,
        },
    )
    await enqueue(tx.connection, "notifications.deliver", notification_id)
    return True


async def _has_tasks(tx: TenantTransaction, contingent: str) -> bool:
    """Whether something waits for this organisme in this contingent."""
    if not may(tx.actor, Permission.ORIENTATION_READ):
        return False
    return bool(await orientations.expected(tx, contingent))


async def digest_of(
    tx: TenantTransaction, digest_id: UUID, contingent: str, reader: MailReader
) -> tuple[Message, str | None]:
    """The digest as its reader sees it now, and the address that replaces the mailbox."""
    found = await rows.find_digest(tx, digest_id)
    if found is None:
        raise NotFound
    waiting = []
    for one in await orientations.expected(tx, contingent):
        facts = law.caught_up(orientations.facts_of(one), tx.now)
        running = {
            law.State.SENT: facts.answer_due_at,
            law.State.SEARCHING: facts.candidates_due_at,
        }
        waiting.append((one, facts.state, running.get(facts.state)))
    return digest_message(found.day, waiting, reader), found.address
