"""Queries on urgency allocations (art. 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, update

from server.db.paging import Executor, Page, PageRequest, fetch_page
from server.db.tables import communes, tenants, urgences


@dataclass(frozen=True, kw_only=True)
class Urgence:
    """A dwelling asked for a crisis, and what the préfecture decided."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    vacancy_id: UUID
    dwelling_id: UUID
    insee: str
    commune_name: str
    dwelling_label: str
    kind: str
    title: str
    households: int
    requested_at: datetime
    state: str
    proposed_reservataire_id: UUID | None
    proposed_reservataire_name: str | None
    proposed_contingent: str
    decided_at: datetime | None
    decision_reason: str | None
    charged_reservataire_id: UUID | None
    charged_reservataire_name: str | None
    charged_contingent: str
    applied_at: datetime | None
    version: int


_BAILLEUR = tenants.alias("bailleur")
_PROPOSED = tenants.alias("proposed")
_CHARGED = tenants.alias("charged")


def _statement() -> Select[Any]:
    return (
        select(
            *(column for column in urgences.c if column.name != "decided_by"),
            urgences.c.requested_at.label("cursor_at"),
            _BAILLEUR.c.name.label("bailleur_name"),
            _PROPOSED.c.name.label("proposed_reservataire_name"),
            _CHARGED.c.name.label("charged_reservataire_name"),
            communes.c.name.label("commune_name"),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == urgences.c.bailleur_id)
        .join(communes, communes.c.insee == urgences.c.insee)
        .outerjoin(_PROPOSED, _PROPOSED.c.id == urgences.c.proposed_reservataire_id)
        .outerjoin(_CHARGED, _CHARGED.c.id == urgences.c.charged_reservataire_id)
    )


def _urgence(row: Row[Any]) -> Urgence:
    values = dict(row._mapping)
    values.pop("cursor_at")
    return Urgence(**values)


async def list_urgences(
    db: Executor, request: PageRequest, *, state: str | None = None
) -> Page[Urgence]:
    statement = _statement()
    if state:
        statement = statement.where(urgences.c.state == state)
    return await fetch_page(
        db,
        statement,
        instant=urgences.c.requested_at,
        row_id=urgences.c.id,
        request=request,
        read=_urgence,
    )


async def find_urgence(
    db: Executor, urgence_id: UUID, *, for_update: bool = False
) -> Urgence | None:
    statement = _statement().where(urgences.c.id == urgence_id)
    if for_update:
        statement = statement.with_for_update(of=urgences)
    row = (await db.execute(statement)).one_or_none()
    return _urgence(row) if row else None


async def find_owner(db: Executor, urgence_id: UUID) -> UUID | None:
    """Whose rows it is about (role system, which reads nothing else of it)."""
    row = (
        await db.execute(select(urgences.c.bailleur_id).where(urgences.c.id == urgence_id))
    ).one_or_none()
    return row.bailleur_id if row else None


async def has_pending(db: Executor, vacancy_id: UUID) -> bool:
    found = await db.execute(
        select(urgences.c.id).where(
            urgences.c.vacancy_id == vacancy_id, urgences.c.state == "requested"
        )
    )
    return found.first() is not None


async def insert_urgence(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(urgences).values(**values))


async def update_urgence(db: Executor, urgence: Urgence, **values: Any) -> bool:
    """Optimistic: False if somebody changed the row since it was read."""
    changed = await db.execute(
        update(urgences)
        .where(urgences.c.id == urgence.id, urgences.c.version == urgence.version)
        .values(version=urgences.c.version + 1, **values)
    )
    return bool(changed.rowcount == 1)


async def mark_applied(db: Executor, urgence_id: UUID, at: datetime) -> bool:
    """The bailleur's side of an approved urgency, once."""
    changed = await db.execute(
        update(urgences)
        .where(urgences.c.id == urgence_id, urgences.c.applied_at.is_(None))
        .values(applied_at=at)
    )
    return bool(changed.rowcount == 1)
