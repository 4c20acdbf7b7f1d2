"""What the bailleur does when a search ended without candidate, or when the réservataire gave the
dwelling up (convention, art. 5.3, T11 and T17).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.db import dwellings
from server.db.orientations import Orientation
from server.domain import orientations as law
from server.domain.deadlines import local_day
from server.domain.orientations import State
from server.errors import Conflict, Motif
from server.operations.orientations.acts import Decide, locked, perform, tell_reservataire
from server.operations.orientations.receipts import search_values
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

ENGAGED_ELSEWHERE = Motif(
    code="live_orientation_exists",
    message="Ce logement est déjà engagé : une autre orientation a suivi, ou il n'est plus libre.",
)


async def _follow(
    tx: TenantTransaction,
    orientation_id: UUID,
    decide: Decide,
    *,
    template: str,
    extra: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
) -> Orientation:
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, orientation_id)
    if row.state == State.RENOUNCED:
        await _check_free(tx, row)
    fresh, entry = await perform(tx, row, decide, extra=extra, facts=facts)
    await tell_reservataire(tx, entry, fresh, template)
    return fresh


async def _check_free(tx: TenantTransaction, row: Orientation) -> None:
    """A renounced offer holds the dwelling no more: another one may have followed."""
    vacancy = await dwellings.find_vacancy(
        tx, row.vacancy_id, on=local_day(tx.now), for_update=True
    )
    is_open = vacancy is not None and vacancy.state == "open" and vacancy.nature == "flux"
    if not is_open or await dwellings.has_live_orientation(tx, row.vacancy_id):
        raise Conflict(ENGAGED_ELSEWHERE)


async def search_on_behalf(
    tx: TenantTransaction, orientation_id: UUID, *, expected_version: int | None = None
) -> Orientation:
    """The bailleur searches for the réservataire's account, without a set period (T11a)."""
    return await _follow(
        tx,
        orientation_id,
        lambda facts: law.search_on_behalf(facts, now=tx.now, expected_version=expected_version),
        template="orientation.search_on_behalf",
        extra=search_values(None),
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
    """More working days for the réservataire, counted from today (T11c); the journal keeps their
    number, and how many times they were granted.
    """
    return await _follow(
        tx,
        orientation_id,
        lambda facts: law.extend(facts, now=tx.now, days=days, expected_version=expected_version),
        template="orientation.extend",
        facts={"days": days},
    )
