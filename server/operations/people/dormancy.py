"""Accounts that nobody uses: warned, then closed by the sweep.

An open account is a door that nobody watches. Time here is real time, that of the sign-ins, never
the movable clock of a demonstration.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db import invitations, notifications, people, tenants
from server.db.ids import new_id
from server.db.people import Member, Sleeper
from server.domain.people import DORMANT_NOTICE, DORMANT_WARNED, Account, Sleep, sleep_of
from server.operations.people.reading import is_alone
from server.operations.people.trail import record, record_cancelled
from server.queue import enqueue
from server.tenants.actors import Capacity, portal_acting_for
from server.tenants.transactions import Database, TenantTransaction

logger = structlog.get_logger()

BATCH = 100


async def settle_dormant(
    database: Database, *, now: datetime | None = None, limit: int = BATCH
) -> int:
    """Warn or close the accounts that sleep at `now`, one transaction each; answers how many.

    One that cannot be settled is told in the log and does not stop the others.
    """
    at = now or datetime.now(UTC)
    async with database.system_transaction("people.dormancy") as tx:
        found = await people.list_sleepers(
            tx,
            idle_since=at - DORMANT_WARNED,
            warned_before=at - DORMANT_NOTICE,
            limit=limit,
        )
        names = await tenants.get_tenants(tx, {one.tenant_id for one in found})
    return sum([await _settle(database, one, names[one.tenant_id].name, at) for one in found])


async def _settle(database: Database, one: Sleeper, tenant_name: str, at: datetime) -> bool:
    portal = portal_acting_for(one.tenant_id, tenant_name, Capacity(one.capacity))
    try:
        async with database.write_transaction(portal) as tx:
            return await _decide(tx, one, at)
    except SQLAlchemyError as error:
        logger.warning("dormancy_failed", membership_id=str(one.id), error=type(error).__name__)
        return False


async def _decide(tx: TenantTransaction, one: Sleeper, at: datetime) -> bool:
    """Look again under the locks: she may have signed in, or have become the last responsable."""
    responsables = await people.list_responsables(tx, for_update=True)
    member = await people.find_member(tx, one.id, for_update=True)
    if member is None or member.revoked_at is not None:
        return False
    account = Account(
        used_at=member.last_sign_in_at or member.created_at,
        warned_at=member.dormant_warned_at,
        is_last_responsable=is_alone(member, responsables),
    )
    sleep = sleep_of(account, at)
    if sleep is Sleep.TO_WARN:
        await _warn(tx, member, at)
    elif sleep is Sleep.TO_CLOSE:
        await _close(tx, member, at)
    return sleep in (Sleep.TO_WARN, Sleep.TO_CLOSE)


async def _warn(tx: TenantTransaction, member: Member, at: datetime) -> None:
    """To the organisme's mailbox and to its inbox, for the contingent of the person."""
    await people.update_member(tx, member.id, dormant_warned_at=at)
    await record(tx, "dormant_warned", member)
    notification_id = new_id()
    await notifications.insert_notification(
        tx,
        {
            "id": notification_id,
            "act_id": None,
            "sender_id": tx.actor.tenant_id,
            "recipient_id": tx.actor.tenant_id,
            "capacity": tx.actor.capacity.value,
            "contingent": member.contingents[0],
            "template": "membership.dormant",
            "subject_kind": "membership",
            "subject_id": member.id,
            "created_at": tx.now,
        },
    )
    await enqueue(tx.connection, "notifications.deliver", notification_id)


async def _close(tx: TenantTransaction, member: Member, at: datetime) -> None:
    await people.update_member(tx, member.id, revoked_at=at, ended_as="dormant")
    cancelled = await invitations.cancel(tx, at, invited_by=member.person_id)
    await record_cancelled(tx, cancelled)
    await record(tx, "dormant_closed", member)
