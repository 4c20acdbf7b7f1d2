"""Reading the bilans: those of one's own, those that were given."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from server.db import bilans as rows
from server.db.paging import Page, PageRequest, Sort
from server.errors import Conflict, Motif, NotFound
from server.operations.bilans.content import Content
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

PREPARING = Motif(
    code="bilan_preparing",
    message="Ce bilan est en cours de préparation : il sera disponible dans un instant.",
)


async def get(tx: TenantTransaction, bilan_id: UUID) -> rows.Bilan:
    require(tx.actor, Permission.BILAN_READ)
    found = await rows.find_bilan(tx, bilan_id)
    if found is None:
        raise NotFound
    return found


async def list_all(
    tx: TenantTransaction,
    *,
    year: int | None = None,
    bailleur_id: UUID | None = None,
    limit: int = 100,
    sort: Sort | None = None,
) -> list[rows.Bilan]:
    """Newest years first, newest versions first, unless `sort` says otherwise."""
    require(tx.actor, Permission.BILAN_READ)
    return await rows.list_bilans(tx, year=year, bailleur_id=bailleur_id, limit=limit, sort=sort)


async def list_page(tx: TenantTransaction, request: PageRequest) -> Page[rows.Bilan]:
    """The last published first."""
    require(tx.actor, Permission.BILAN_READ)
    return await rows.page_bilans(tx, request)


async def content(tx: TenantTransaction, bilan_id: UUID) -> Content:
    """The frozen JSON of a version (see `operations.bilans.content`)."""
    require(tx.actor, Permission.BILAN_READ)
    found = await rows.read_content(tx, bilan_id)
    if found is None:
        raise NotFound
    return found


async def deliveries(
    tx: TenantTransaction, bilan_ids: Iterable[UUID]
) -> dict[UUID, list[rows.Delivery]]:
    """To whom each bilan was given, as far as the actor may know: its own, unless it gave it."""
    require(tx.actor, Permission.BILAN_READ)
    return await rows.list_deliveries(tx, bilan_ids)


async def workbook(tx: TenantTransaction, bilan_id: UUID) -> bytes:
    """The XLSX; its first opening by a recipient is dated, so `tx` must be a write transaction."""
    await get(tx, bilan_id)
    found = await rows.read_workbook(tx, bilan_id)
    if found is None:
        raise Conflict(PREPARING)
    if tx.actor.capacity is not Capacity.BAILLEUR:
        await rows.mark_opened(tx, bilan_id, tx.actor.tenant_id, tx.now)
    return found
