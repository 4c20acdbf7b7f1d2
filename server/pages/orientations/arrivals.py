"""What the page of an offer says of its arrival: to its bailleur, with what there is to do."""

from __future__ import annotations

from server.db.orientations import Orientation
from server.domain import labels
from server.domain.delivery_labels import RESTARTS
from server.domain.orientations import Delivery, State
from server.operations import conventions
from server.pages.views import View
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction


async def arrival_of(tx: TenantTransaction, row: Orientation, state: State) -> View | None:
    """None once the offer is answered; what went wrong and the address only for its bailleur."""
    if state is not State.SENT:
        return None
    mine = tx.actor.capacity is Capacity.BAILLEUR
    has_failed = row.delivery == Delivery.FAILED
    address = await _address(tx, row) if mine and has_failed else ""
    return {
        "has_failed": has_failed and mine,
        "is_pending": row.delivery == Delivery.PENDING and mine,
        "error": row.delivery_error or "",
        "address": address,
        "can_correct": row.holder_id is None,
        "can_resend": has_failed and may(tx.actor, Permission.ORIENTATION_SEND),
        "can_mark": mine
        and not has_failed
        and row.delivery_id is not None
        and may(tx.actor, Permission.ORIENTATION_SEND),
    }


async def _address(tx: TenantTransaction, row: Orientation) -> str:
    return (await conventions.get_record(tx, row.convention_id)).mailbox or ""


def arrival_rows(row: Orientation) -> list[View]:
    """When the mail arrived, and why the answer is counted from another day than the sending."""
    rows = []
    if row.delivered_at is not None:
        instant = labels.french_instant(row.delivered_at)
        rows.append({"term": "Courriel remis", "value": instant})
    why = RESTARTS.get(row.answer_receipt.get("restart", ""))
    if why is not None:
        rows.append({"term": "Délai recommencé", "value": why})
    return rows
