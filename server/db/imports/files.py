"""The files that a bailleur sent, and the columns that it always sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, cast, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor, Page, PageRequest, fetch_page
from server.db.tables import communes, import_mappings, imports, journal


@dataclass(frozen=True, kw_only=True)
class Import:
    """A file and how far it is; its octets are read apart."""

    id: UUID
    bailleur_id: UUID
    state: str
    file_name: str
    sha256: str
    size: int
    received_at: datetime
    received_by: str
    lines_done: int
    lines_total: int
    layout: dict[str, Any] | None
    report: dict[str, Any] | None
    stock_mark: str | None
    confirmation: dict[str, Any] | None
    departed_on: date | None
    confirmed_at: datetime | None
    confirmed_by: str | None


_HEAVY = {"content", "annotated"}
_SHOWN = tuple(column for column in imports.c if column.name not in _HEAVY)


def _import(row: Row[Any]) -> Import:
    values = {name: value for name, value in row._mapping.items() if name != "cursor_at"}
    return Import(**values)


async def page_imports(db: Executor, request: PageRequest) -> Page[Import]:
    """The last received first."""
    at = imports.c.received_at
    return await fetch_page(
        db,
        select(*_SHOWN, at.label("cursor_at")),
        instant=at,
        row_id=imports.c.id,
        request=request,
        read=_import,
    )


async def find_import(db: Executor, import_id: UUID, *, for_update: bool = False) -> Import | None:
    statement = select(*_SHOWN).where(imports.c.id == import_id)
    if for_update:
        statement = statement.with_for_update(key_share=True)
    row = (await db.execute(statement)).one_or_none()
    return _import(row) if row else None


async def find_owner(db: Executor, import_id: UUID) -> UUID | None:
    """Whose file it is (role system, which reads nothing else of it)."""
    found = await db.execute(select(imports.c.bailleur_id).where(imports.c.id == import_id))
    owner: UUID | None = found.scalar_one_or_none()
    return owner


async def last_contingents(db: Executor) -> dict[str, dict[str, int]]:
    """Those told by the last confirmed file that has any: INSEE code → contingent → dwellings."""
    told = imports.c.report["contingents"]
    found = await db.execute(
        select(told)
        .where(imports.c.state == "confirmed", told != cast({}, JSONB))
        .order_by(imports.c.confirmed_at.desc(), imports.c.id.desc())
        .limit(1)
    )
    return dict(found.scalar_one_or_none() or {})


async def get_content(db: Executor, import_id: UUID) -> bytes:
    content: bytes = (
        await db.execute(select(imports.c.content).where(imports.c.id == import_id))
    ).scalar_one()
    return content


async def get_annotated(db: Executor, import_id: UUID) -> bytes | None:
    found: bytes | None = (
        await db.execute(select(imports.c.annotated).where(imports.c.id == import_id))
    ).scalar_one_or_none()
    return found


async def insert_import(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(imports).values(**values))


async def update_import(db: Executor, import_id: UUID, **values: Any) -> None:
    await db.execute(update(imports).where(imports.c.id == import_id).values(**values))


async def claim_import(
    db: Executor, import_id: UUID, *, state: str, given: tuple[str, ...]
) -> bool:
    """Move to `state` from one of the `given` ones; False if it is elsewhere already."""
    statement = update(imports).where(imports.c.id == import_id, imports.c.state.in_(given))
    moved = await db.execute(statement.values(state=state).returning(imports.c.id))
    return moved.first() is not None


async def list_communes(db: Executor) -> dict[str, str]:
    """INSEE code → name, of the whole département."""
    rows = await db.execute(select(communes.c.insee, communes.c.name))
    return {row.insee: row.name for row in rows}


# --- The columns that a bailleur always sends -----------------------------------------------------


async def read_mapping(db: Executor, bailleur_id: UUID) -> dict[str, str]:
    """Normalised header → field; empty the first time."""
    kept = import_mappings.c["columns"]
    found = await db.execute(select(kept).where(import_mappings.c.bailleur_id == bailleur_id))
    return dict(found.scalar_one_or_none() or {})


async def keep_mapping(
    db: Executor, bailleur_id: UUID, columns: dict[str, str], *, at: datetime
) -> None:
    values = {"columns": columns, "kept_at": at}
    statement = upsert(import_mappings).values(bailleur_id=bailleur_id, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=["bailleur_id"], set_=values))


async def tell_changes(db: Executor, entries: list[dict[str, Any]]) -> None:
    """Lines of the journal, one for each dwelling that a file changed."""
    if entries:
        await db.execute(insert(journal), entries)
