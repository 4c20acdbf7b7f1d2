"""Queries on what an EPCI must receive, and on the files of its dossier for the CIL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select, update

from server.db.paging import Executor
from server.db.tables import (
    annexes,
    bilan_agreements,
    bilan_deliveries,
    bilans,
    epcis,
    lec_territories,
    tenants,
)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A bailleur that published an annexe 1 of a year in an EPCI: it owes the bilan of the year."""

    bailleur_id: UUID
    bailleur_name: str
    epci_siren: str
    epci_name: str
    year: int


@dataclass(frozen=True, kw_only=True)
class EpciRights:
    """Why bilans go to an EPCI: its territory is LEC, or bailleurs agreed (domain.md Q24)."""

    is_lec: bool
    agreed: frozenset[UUID]


async def list_expected(db: Executor) -> list[Expected]:
    """As far as the actor may read the annexes, by name."""
    rows = await db.execute(
        select(
            annexes.c.bailleur_id,
            tenants.c.name.label("bailleur_name"),
            annexes.c.epci_siren,
            epcis.c.name.label("epci_name"),
            annexes.c.year,
        )
        .distinct()
        .join(tenants, tenants.c.id == annexes.c.bailleur_id)
        .join(epcis, epcis.c.siren == annexes.c.epci_siren)
        .where(annexes.c.published_at.is_not(None))
        .order_by(tenants.c.name, epcis.c.name, annexes.c.year.desc())
    )
    return [Expected(**row._mapping) for row in rows]


async def read_rights(db: Executor, tenant_id: UUID, on: date) -> EpciRights:
    """Those of an EPCI on a day, in one statement."""
    column = lec_territories.c
    is_lec = exists(
        select(column.epci_siren).where(
            column.epci_siren.in_(select(tenants.c.siren).where(tenants.c.id == tenant_id)),
            column.from_on <= on,
            or_(column.to_on.is_(None), column.to_on >= on),
        )
    )
    agreed = select(func.array_agg(bilan_agreements.c.bailleur_id)).where(
        bilan_agreements.c.tenant_id == tenant_id, bilan_agreements.c.since_on <= on
    )
    row = (
        await db.execute(select(is_lec.label("is_lec"), agreed.scalar_subquery().label("agreed")))
    ).one()
    return EpciRights(is_lec=row.is_lec, agreed=frozenset(row.agreed or ()))


async def read_workbooks(db: Executor, bilan_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The printed bilans, without those that are being prepared."""
    rows = await db.execute(
        select(bilans.c.id, bilans.c.workbook).where(
            bilans.c.id.in_(bilan_ids), bilans.c.workbook.is_not(None)
        )
    )
    return {row.id: row.workbook for row in rows}


async def mark_opened(
    db: Executor, bilan_ids: Collection[UUID], tenant_id: UUID, at: datetime
) -> None:
    """Date the first opening of each by this recipient."""
    await db.execute(
        update(bilan_deliveries)
        .where(
            bilan_deliveries.c.bilan_id.in_(bilan_ids),
            bilan_deliveries.c.tenant_id == tenant_id,
            bilan_deliveries.c.opened_at.is_(None),
        )
        .values(opened_at=at)
    )
