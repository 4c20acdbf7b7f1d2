"""Reading candidates and what was decided of them: the one place, because it leaves a trace.

A préfecture reads the households recognised as DALO of every bailleur (domain.md §1.2). When the
file is not of its own contingents, who read it and when is written in the same request, and the
bailleur and the réservataire concerned read those lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.db import caleol, candidates, readings
from server.db.caleol import Decision
from server.db.candidates import Candidate
from server.db.paging import Page, PageRequest
from server.db.readings import Reading
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


async def candidates_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[Candidate]]:
    """Those presented, by orientation, as far as the actor may read them."""
    found = await candidates.list_candidates(tx, orientation_ids)
    _leave_trace(tx, found)
    return found


async def decisions_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[Decision]]:
    """What was decided of each, by orientation, as far as the actor may read them."""
    found = await caleol.list_decisions(tx, orientation_ids)
    _leave_trace(tx, found)
    return found


@dataclass(kw_only=True)
class _Trace:
    """The files read in one transaction, written when it ends."""

    ids: set[UUID]
    at: datetime

    async def __call__(self, tx: TenantTransaction) -> None:
        reading = {
            "at": self.at,
            "hour_at": self.at.replace(minute=0, second=0, microsecond=0),
            "actor_tenant_id": tx.actor.tenant_id,
            "person_name": tx.actor.person_name,
            "channel": tx.actor.channel.value,
        }
        await readings.insert_readings(tx, self.ids, reading)


def _leave_trace(tx: TenantTransaction, orientation_ids: Iterable[UUID]) -> None:
    ids = set(orientation_ids)
    if not ids or tx.actor.capacity is not Capacity.PREFECTURE:
        return
    for trace in tx.traces:
        if isinstance(trace, _Trace):
            trace.ids |= ids
            return
    tx.traces.append(_Trace(ids=ids, at=tx.now))


async def list_page(
    tx: TenantTransaction,
    request: PageRequest,
    *,
    orientation_id: UUID | None = None,
    dwelling_id: UUID | None = None,
) -> Page[Reading]:
    """Who read the nominative data of the actor's files, newest first; a préfecture: its own."""
    if tx.actor.capacity is Capacity.EPCI:  # no file, no candidate: nothing to be told of
        return Page(items=(), end_cursor=None, has_next=False)
    require(tx.actor, Permission.JOURNAL_READ)
    return await readings.list_readings(
        tx, request, orientation_id=orientation_id, dwelling_id=dwelling_id
    )
