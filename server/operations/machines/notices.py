"""Thirty days and seven days before an access ends, its organisme is told, once each."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db import machines as rows
from server.db import notifications
from server.db.ids import new_id
from server.db.machines import DueNotice
from server.domain.machines import NOTICE_DAYS
from server.errors import PortalError
from server.operations.machines.calls import forget_old
from server.queue import enqueue
from server.tenants.actors import Capacity, portal_acting_for
from server.tenants.transactions import Database, TenantTransaction

logger = structlog.get_logger()

BATCH = 100
TEMPLATE = "machine.expiring"


async def give_due_notices(database: Database, *, at: datetime | None = None) -> int:
    """Tell of what ends soon, one transaction each, and forget old calls; answers how many told.

    `at` replaces the real time, in which accesses end; only tests pass it.
    """
    now = at or datetime.now(UTC)
    given = 0
    for days in sorted(NOTICE_DAYS):  # at seven days or less, the notice of thirty is too late
        async with database.system_transaction("machines.notices") as tx:
            due = await rows.list_due_notices(tx, now, days=days, limit=BATCH)
        given += sum([await _give(database, one, days) for one in due])
    async with database.system_transaction("machines.calls") as tx:
        await forget_old(tx, now)
    return given


async def _give(database: Database, due: DueNotice, days: int) -> bool:
    owner = portal_acting_for(due.tenant_id, due.tenant_name, Capacity(due.capacity))
    try:
        async with database.write_transaction(owner) as tx:
            if not await rows.mark_noticed(tx, due.kind, due.id, days):
                return False
            for contingent in due.contingents:
                await _announce(tx, due, contingent)
            return True
    except (PortalError, SQLAlchemyError) as error:
        logger.warning("notice_failed", machine_id=str(due.id), error=type(error).__name__)
        return False


async def _announce(tx: TenantTransaction, due: DueNotice, contingent: str) -> None:
    """To the people of each contingent that the access is for; no act of the journal."""
    notification_id = new_id()
    await notifications.insert_notification(
        tx,
        {
            "id": notification_id,
            "act_id": None,
            "sender_id": due.tenant_id,
            "recipient_id": due.tenant_id,
            "capacity": due.capacity,
            "contingent": contingent,
            "template": TEMPLATE,
            "subject_kind": "machine",
            "subject_id": due.id,
            "created_at": tx.now,
        },
    )
    await enqueue(tx.connection, "notifications.deliver", notification_id)
