"""A call that is repeated acts once: the answer of the first is kept beside its act.

The key, the act and the answer are in one transaction: all three exist, or none. A refusal leaves
nothing, so that the same key may be tried again once its cause is gone.
"""

from __future__ import annotations

from server.db import requests
from server.db.requests import Call
from server.errors import Conflict, Motif
from server.tenants.transactions import Database, TenantTransaction

CONFLICT = Motif(
    code="idempotency_conflict",
    message="Cette clé d'idempotence a déjà servi pour un autre acte : prenez une clé nouvelle.",
)


def call_of(tx: TenantTransaction, *, key: str, input_hash: str) -> Call:
    """The act as its client names it: a key means something to that client only."""
    return Call(
        tenant_id=tx.actor.tenant_id,
        capacity=tx.actor.capacity.value,
        client=tx.actor.client,
        key=key,
        input_hash=input_hash,
    )


async def claim(tx: TenantTransaction, call: Call) -> str | None:
    """The answer kept for this call, as JSON; None if it is the first one, which may now act.

    Raise Conflict when the key came with another input. The same call under way is waited for.
    """
    if await requests.claim_key(tx, call):
        return None
    known = await requests.get_answer(tx, call)
    if known.input_hash != call.input_hash:
        raise Conflict(CONFLICT)
    return known.answer


async def keep(tx: TenantTransaction, call: Call, answer: str) -> None:
    await requests.keep_answer(tx, call, answer)


async def forget_old(database: Database) -> int:
    """What the sweep does of it: keys live 30 days."""
    async with database.system_transaction("requests") as tx:
        return await requests.forget_old(tx)
