"""What an organisme's machines have called in the last thirty days, errors included.

A day, an access, the fields asked for, an outcome, a number: not a variable, not a name of a
household, nothing that a client typed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from server.db import calls as rows
from server.db.calls import Call, CallFilter
from server.db.ids import new_id
from server.db.paging import Page, PageRequest
from server.domain.deadlines import local_day
from server.tenants.actors import Actor
from server.tenants.permissions import Permission, require
from server.tenants.transactions import Database, TenantTransaction, Transaction

KEPT_DAYS = 30
LONGEST_OPERATION = 120


async def count(database: Database, actor: Actor, *, operation: str, outcome: str) -> None:
    """One call more of this machine today; `operation`: fields of the schema, `outcome`: a code."""
    at = datetime.now(UTC)
    async with database.identity_transaction() as tx:
        await rows.count_call(
            tx,
            {
                "id": new_id(),
                "tenant_id": actor.tenant_id,
                "capacity": actor.capacity.value,
                "contingents": sorted(actor.contingents),
                "caller_id": actor.machine_id,
                "caller_name": actor.person_name,
                "day": local_day(at),
                "operation": operation[:LONGEST_OPERATION],
                "outcome": outcome,
                "last_at": at,
            },
        )


async def list_calls(tx: TenantTransaction, request: PageRequest, wanted: CallFilter) -> Page[Call]:
    require(tx.actor, Permission.MACHINES_MANAGE)
    return await rows.list_calls(tx, request, wanted)


async def list_callers(tx: TenantTransaction, wanted: CallFilter) -> dict[UUID, str]:
    require(tx.actor, Permission.MACHINES_MANAGE)
    return await rows.list_callers(tx, wanted.since)


async def list_outcomes(tx: TenantTransaction, wanted: CallFilter) -> list[str]:
    require(tx.actor, Permission.MACHINES_MANAGE)
    return await rows.list_outcomes(tx, wanted.since)


async def forget_old(tx: Transaction, at: datetime) -> int:
    """Delete the counts of more than thirty days (role system)."""
    return await rows.delete_old_calls(tx, local_day(at) - timedelta(days=KEPT_DAYS))
