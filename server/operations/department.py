"""The department as the préfecture sees it: its communes and what the flux brings there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.db import department
from server.db.department import CommuneFigures, Period
from server.domain.deadlines import local_day
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Every commune of the department since 1 January, and the bailleurs one may choose."""

    year: int
    on: date
    communes: tuple[CommuneFigures, ...]
    bailleurs: dict[UUID, str]
    bailleur_id: UUID | None


async def overview(tx: TenantTransaction, *, bailleur_id: UUID | None = None) -> Overview:
    """Two statements, whatever the number of dwellings; of one bailleur, if asked and known."""
    require(tx.actor, Permission.DEPARTMENT_READ)
    today = local_day(tx.now)
    period = Period(from_on=date(today.year, 1, 1), until_on=today, on=today, at=tx.now)
    bailleurs = await department.list_bailleurs(tx)
    chosen = bailleur_id if bailleur_id in bailleurs else None
    return Overview(
        year=today.year,
        on=today,
        communes=tuple(await department.count_by_commune(tx, period, bailleur_id=chosen)),
        bailleurs=bailleurs,
        bailleur_id=chosen,
    )
