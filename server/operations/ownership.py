"""In whose context a job works: it knows an id, the rows belong to a bailleur."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal
from uuid import UUID

from server.db import bilans, imports, scenarios, tenants, urgences
from server.db.paging import Executor
from server.errors import NotFound
from server.tenants.actors import Actor, Capacity, portal_acting_for
from server.tenants.transactions import Transaction

Owned = Literal["bilan", "import", "scenario", "urgence"]
FINDERS: Mapping[Owned, Callable[[Executor, UUID], Awaitable[UUID | None]]] = {
    "bilan": bilans.find_owner,
    "import": imports.find_owner,
    "scenario": scenarios.find_owner,
    "urgence": urgences.find_owner,
}


async def owner_of(tx: Transaction, kind: Owned, subject_id: UUID) -> Actor:
    """The portal acting for the bailleur of this row (role system)."""
    owner_id = await FINDERS[kind](tx, subject_id)
    if owner_id is None:
        raise NotFound
    return await bailleur(tx, owner_id)


async def bailleur(tx: Transaction, tenant_id: UUID) -> Actor:
    found = await tenants.get_tenants(tx, [tenant_id])
    return portal_acting_for(tenant_id, found[tenant_id].name, Capacity.BAILLEUR)
