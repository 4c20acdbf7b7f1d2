"""Closures that a réservataire declares: shown to whoever sends it an offer (domain.md §5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.db import closures as rows
from server.db.closures import DeclaredClosure
from server.db.ids import new_id
from server.domain.calendar import Closure
from server.domain.closures import declaring_motifs, withdrawing_motifs
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, NotFound
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class DeclareClosure:
    """First and last day, both closed; a reason that names nobody."""

    first_day: date
    last_day: date
    reason: str


async def list_own(tx: TenantTransaction) -> list[DeclaredClosure]:
    """Those of the actor's organisme that are not over, in order."""
    require(tx.actor, Permission.CLOSURE_READ)
    return await rows.list_closures(tx, tx.actor.tenant_id, local_day(tx.now), own=True)


async def list_of(tx: TenantTransaction, reservataire_id: UUID) -> list[DeclaredClosure]:
    """Those of a réservataire that are not over, for whoever sends it offers."""
    require(tx.actor, Permission.ORIENTATION_READ)
    return await rows.list_closures(tx, reservataire_id, local_day(tx.now), own=False)


async def declare(tx: TenantTransaction, command: DeclareClosure) -> DeclaredClosure:
    """In advance; the offers already sent do not change. Codes: `domain.closures`."""
    require(tx.actor, Permission.CLOSURE_DECLARE)
    days = Closure(
        first_day=command.first_day, last_day=command.last_day, reason=command.reason.strip()
    )
    known = [one.days for one in await list_own(tx)]
    if motifs := declaring_motifs(days, known, local_day(tx.now)):
        raise Invalid(*motifs)
    made = DeclaredClosure(
        id=new_id(),
        tenant_id=tx.actor.tenant_id,
        first_day=days.first_day,
        last_day=days.last_day,
        reason=days.reason,
        declared_at=tx.now,
        declared_by=tx.actor.person_name,
    )
    await rows.insert_closure(tx, vars(made))
    return made


async def withdraw(tx: TenantTransaction, closure_id: UUID) -> DeclaredClosure:
    """One that has not begun; the offers that were sent meanwhile keep it. Code: closure_begun."""
    require(tx.actor, Permission.CLOSURE_DECLARE)
    found = next((one for one in await list_own(tx) if one.id == closure_id), None)
    if found is None:
        raise NotFound
    if motifs := withdrawing_motifs(found.days, local_day(tx.now)):
        raise Conflict(*motifs)
    if not await rows.withdraw_closure(tx, closure_id, at=tx.now, by=tx.actor.person_name):
        raise NotFound
    return found
