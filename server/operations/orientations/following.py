"""What the bailleur does when a search ended without candidate (convention, art. 5.3, T11)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.db.orientations import Orientation
from server.domain import orientations as law
from server.operations.journal import announce
from server.operations.orientations.acts import Decide, locked, perform, reservataire_of
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

WITHOUT_PERIOD: dict[str, Any] = {"candidates_due_at": None, "candidates_last_day": None}


async def _follow(
    tx: TenantTransaction,
    orientation_id: UUID,
    decide: Decide,
    *,
    template: str,
    extra: dict[str, Any] | None = None,
) -> Orientation:
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, orientation_id)
    fresh, entry = await perform(tx, row, decide, extra=extra)
    await announce(
        tx,
        entry,
        [reservataire_of(fresh)],
        template=template,
        subject_kind="orientation",
        subject_id=fresh.id,
    )
    return fresh


async def search_on_behalf(
    tx: TenantTransaction, orientation_id: UUID, *, expected_version: int | None = None
) -> Orientation:
    """The bailleur searches for the réservataire's account, without a set period (T11a)."""
    return await _follow(
        tx,
        orientation_id,
        lambda facts: law.search_on_behalf(facts, now=tx.now, expected_version=expected_version),
        template="orientation.search_on_behalf",
        extra=WITHOUT_PERIOD,
    )


async def reorient(
    tx: TenantTransaction, orientation_id: UUID, *, expected_version: int | None = None
) -> Orientation:
    """The dwelling goes to another réservataire: it awaits an orientation again (T11b)."""
    return await _follow(
        tx,
        orientation_id,
        lambda facts: law.reorient(facts, now=tx.now, expected_version=expected_version),
        template="orientation.reorient",
    )


async def extend(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    days: int,
    expected_version: int | None = None,
) -> Orientation:
    """More working days for the réservataire, counted from today (T11c)."""
    return await _follow(
        tx,
        orientation_id,
        lambda facts: law.extend(facts, now=tx.now, days=days, expected_version=expected_version),
        template="orientation.extend",
    )
