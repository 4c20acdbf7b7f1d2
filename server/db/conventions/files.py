"""The avenants of a convention and its signed papers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor
from server.db.tables import convention_amendments, convention_scans, tenants
from server.domain.convention_terms import Change


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """An avenant: proposed by the bailleur, signed by the réservataire, then by the bailleur,
    which puts it in force that day.
    """

    id: UUID
    convention_id: UUID
    number: int
    reason: str
    summary: str
    changes: tuple[Change, ...]
    proposed_on: date
    reservataire_signed_on: date | None
    reservataire_signatory: str | None
    bailleur_signed_on: date | None
    bailleur_signatory: str | None


async def list_amendments(db: Executor, convention_id: UUID) -> list[Amendment]:
    rows = await db.execute(
        select(convention_amendments)
        .where(convention_amendments.c.convention_id == convention_id)
        .order_by(convention_amendments.c.number)
    )
    return [_amendment(row) for row in rows]


def _amendment(row: Any) -> Amendment:
    values = dict(row._mapping)
    values.pop("bailleur_id")
    values.pop("reservataire_id")
    return Amendment(**{**values, "changes": tuple(Change(**one) for one in row.changes)})


async def insert_amendment(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(convention_amendments).values(values))


async def sign_amendment(db: Executor, amendment_id: UUID, side: str, on: date, by: str) -> bool:
    """False if this party had signed it already."""
    column = convention_amendments.c[f"{side}_signed_on"]
    changed: Any = await db.execute(
        update(convention_amendments)
        .where(convention_amendments.c.id == amendment_id, column.is_(None))
        .values({f"{side}_signed_on": on, f"{side}_signatory": by})
    )
    return bool(changed.rowcount == 1)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A kept paper, without its content; `size` in bytes."""

    id: UUID
    convention_id: UUID
    kind: str
    sha256: str
    size: int
    kept_at: datetime
    kept_by_name: str


_SCAN = (
    convention_scans.c.id,
    convention_scans.c.convention_id,
    convention_scans.c.kind,
    convention_scans.c.sha256,
    convention_scans.c.size,
    convention_scans.c.kept_at,
    tenants.c.name.label("kept_by_name"),
)


async def list_scans(db: Executor, convention_id: UUID) -> list[Scan]:
    rows = await db.execute(
        select(*_SCAN)
        .join(tenants, tenants.c.id == convention_scans.c.kept_by_id)
        .where(convention_scans.c.convention_id == convention_id)
        .order_by(convention_scans.c.id)
    )
    return [Scan(**row._mapping) for row in rows]


async def find_scan(db: Executor, convention_id: UUID, scan_id: UUID) -> tuple[Scan, bytes] | None:
    row = (
        await db.execute(
            select(*_SCAN, convention_scans.c.content)
            .join(tenants, tenants.c.id == convention_scans.c.kept_by_id)
            .where(
                convention_scans.c.id == scan_id, convention_scans.c.convention_id == convention_id
            )
        )
    ).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    content = bytes(values.pop("content"))
    return Scan(**values), content


async def insert_scan(db: Executor, values: dict[str, Any]) -> bool:
    """False if the same file is already kept with this convention."""
    done: Any = await db.execute(upsert(convention_scans).values(values).on_conflict_do_nothing())
    return bool(done.rowcount == 1)
