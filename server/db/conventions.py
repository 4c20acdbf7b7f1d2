"""Queries on conventions and their perimeters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from server.db.paging import Executor
from server.db.tables import convention_communes, conventions, tenants


@dataclass(frozen=True, kw_only=True)
class Convention:
    """A convention between a bailleur and a réservataire; `mailbox` blank blocks sending."""

    id: UUID
    bailleur_id: UUID
    reservataire_id: UUID
    reservataire_name: str
    state: str
    starts_on: date
    ended_on: date | None
    mailbox: str | None
    answer_days: int
    candidate_days: int
    mutation_rate_bp: int
    indicator: str
    charte_version: str
    perimeter: frozenset[str]


_PERIMETER = (
    select(func.array_agg(convention_communes.c.insee))
    .where(convention_communes.c.convention_id == conventions.c.id)
    .scalar_subquery()
    .label("perimeter")
)


async def list_conventions(
    db: Executor, *, bailleur_id: UUID | None = None, reservataire_id: UUID | None = None
) -> list[Convention]:
    """Those that the actor may see; the caller keeps the ones in force on its day."""
    statement = (
        select(
            conventions.c.id,
            conventions.c.bailleur_id,
            conventions.c.reservataire_id,
            tenants.c.name.label("reservataire_name"),
            conventions.c.state,
            conventions.c.starts_on,
            conventions.c.ended_on,
            conventions.c.mailbox,
            conventions.c.answer_days,
            conventions.c.candidate_days,
            conventions.c.mutation_rate_bp,
            conventions.c.indicator,
            conventions.c.charte_version,
            _PERIMETER,
        )
        .join(tenants, tenants.c.id == conventions.c.reservataire_id)
        .order_by(tenants.c.name, conventions.c.starts_on.desc())
    )
    if bailleur_id is not None:
        statement = statement.where(conventions.c.bailleur_id == bailleur_id)
    if reservataire_id is not None:
        statement = statement.where(conventions.c.reservataire_id == reservataire_id)
    rows = await db.execute(statement)
    return [
        Convention(**{**row._mapping, "perimeter": frozenset(row.perimeter or ())}) for row in rows
    ]
