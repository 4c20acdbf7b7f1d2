"""Whether an offer arrived, and what follows when it did not (art. 5.3, domain.md Q5)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from server.db import conventions, deliveries
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.domain import orientations as law
from server.errors import Conflict, Motif
from server.operations.journal import record
from server.operations.orientations.acts import (
    act_on,
    locked,
    perform,
    tell_bailleur,
    tell_reservataire,
)
from server.operations.orientations.reading import effective_state
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

UNDELIVERED = "orientation.undelivered"
MARKED = "Adresse signalée en erreur par le bailleur."
NOT_TO_MARK = Motif(
    code="delivery_not_marked",
    message="Cette offre n'attend plus de réponse, ou son envoi est déjà signalé en échec.",
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The mail that carries an offer never reached `address`; `error` says why, in French."""

    notification_id: UUID
    orientation_id: UUID
    address: str | None
    error: str


async def fail(tx: TenantTransaction, failure: Failure) -> bool:
    """Stop the clock of an offer that did not arrive and tell the bailleur at once.

    Once for each mail; False if it was known. An offer accepted meanwhile stays so: the bailleur
    reads that its mail came back, and rectifies if it must.
    """
    row = await locked(tx, failure.orientation_id)
    if not await deliveries.fail_delivery(tx, failure.notification_id, failure.error):
        return False
    if failure.address is not None:
        await conventions.mark_mailbox(tx, row.convention_id, failure.address, tx.now)
    entry = await record(tx, act_on(row, UNDELIVERED, reason=failure.error))
    await tell_bailleur(tx, entry, row, UNDELIVERED)
    return True


async def mark_failed(tx: TenantTransaction, orientation_id: UUID) -> None:
    """The bailleur knows that the address is wrong, though no mail came back (Q5)."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, orientation_id)
    is_awaited = effective_state(row, tx.now) is law.State.SENT
    if not is_awaited or row.delivery_id is None or row.delivery == law.Delivery.FAILED:
        raise Conflict(NOT_TO_MARK)
    agreed = await conventions.find_record(tx, row.convention_id)
    failure = Failure(
        notification_id=row.delivery_id,
        orientation_id=row.id,
        address=agreed.mailbox if agreed and row.holder_id is None else None,
        error=MARKED,
    )
    await fail(tx, failure)


async def resend(
    tx: TenantTransaction, orientation_id: UUID, *, expected_version: int | None = None
) -> Orientation:
    """Send the offer again, to the address of the convention: its two working days begin now."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, orientation_id)
    delivery_id = new_id()
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.resend(facts, now=tx.now, expected_version=expected_version),
        extra={
            "delivery": law.Delivery.PENDING.value,
            "delivery_id": delivery_id,
            "delivered_at": None,
            "delivery_error": None,
        },
    )
    await tell_reservataire(tx, entry, fresh, "orientation.resend", notification_id=delivery_id)
    return fresh
