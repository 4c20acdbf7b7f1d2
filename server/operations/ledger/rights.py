"""Droits uniques follow their offers: kept while one holds its dwelling, given back when it ends.

Settled with each posting, in the context of the bailleur: an act of another party queues it, and
every sending begins by it. Whoever settles, and when, the counters are those of the offers (Q8).
"""

from __future__ import annotations

from uuid import UUID

from server.db import droits_uniques as rows
from server.errors import Conflict, Motif
from server.tenants.transactions import TenantTransaction


def spent(programme: str) -> Conflict:
    message = f"Le programme {programme} ne doit plus aucun droit unique disponible."
    return Conflict(Motif(code="droit_unique_spent", message=message, field="droit_unique_id"))


async def settle(tx: TenantTransaction) -> None:
    """Release what ended without a lease, reserve again what a renounced offer takes up again.

    Conflict droit_unique_spent when the right that was given back is owed to another offer.
    """
    for use in await rows.lock_stale(tx, tx.actor.tenant_id):
        if use.is_engaged:
            await _take_again(tx, use.id, use.droit_unique_id)
        else:
            await rows.count_use(tx, use.droit_unique_id, reserved=-1)
            await rows.update_use(tx, use.id, state="released", ended_at=tx.now)


async def _take_again(tx: TenantTransaction, use_id: UUID, right_id: UUID) -> None:
    right = await rows.lock_right(tx, right_id)
    if right is None or right.reserved + right.consumed >= right.granted:
        raise spent(right.programme if right else "")
    await rows.count_use(tx, right_id, reserved=1)
    await rows.update_use(tx, use_id, state="reserved", ended_at=None)
