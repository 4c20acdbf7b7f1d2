"""Drafts and versions of the annexes 1: what a bailleur prepares, what was published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, insert, or_, select, update

from server.db.flux import AnnexeCommune, AnnexeFacts, DroitUniqueLeft, heads, read_annexes
from server.db.organismes import name_at
from server.db.paging import Executor
from server.db.tables import (
    annexe_communes,
    annexe_droits_uniques,
    annexe_line_communes,
    annexe_lines,
    annexe_readers,
    annexes,
    communes,
    dwellings,
    epcis,
    state_derogations,
    tenants,
)
from server.domain.annexe_drafts import Derogation


@dataclass(frozen=True, kw_only=True)
class Version:
    """A draft (`published_at` is None) or a published version."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    epci_siren: str
    epci_name: str
    year: int
    version: int
    published_at: datetime | None
    published_by: str | None
    reason: str | None
    line_count: int


async def list_versions(
    db: Executor,
    *,
    year: int | None = None,
    epci_siren: str | None = None,
    bailleur_id: UUID | None = None,
) -> list[Version]:
    """Those that the actor may read, the newest year first, then by EPCI, bailleur, version."""
    lines = (
        select(func.count())
        .where(annexe_lines.c.annexe_id == annexes.c.id)
        .correlate(annexes)
        .scalar_subquery()
    )
    statement = (
        select(
            annexes.c.id,
            annexes.c.bailleur_id,
            name_at(tenants.c.id, tenants.c.name, annexes.c.published_at).label("bailleur_name"),
            annexes.c.epci_siren,
            epcis.c.name.label("epci_name"),
            annexes.c.year,
            annexes.c.version,
            annexes.c.published_at,
            annexes.c.published_by,
            annexes.c.reason,
            lines.label("line_count"),
        )
        .join(tenants, tenants.c.id == annexes.c.bailleur_id)
        .join(epcis, epcis.c.siren == annexes.c.epci_siren)
        .order_by(annexes.c.year.desc(), epcis.c.name, tenants.c.name, annexes.c.version.desc())
    )
    for column, value in (
        (annexes.c.year, year),
        (annexes.c.epci_siren, epci_siren),
        (annexes.c.bailleur_id, bailleur_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return [Version(**row._mapping) for row in await db.execute(statement)]


async def find_version(db: Executor, annexe_id: UUID) -> AnnexeFacts | None:
    """A draft or a published version, with its third table."""
    return await _whole(db, heads().where(annexes.c.id == annexe_id))


async def find_versions(db: Executor, ids: Collection[UUID]) -> list[AnnexeFacts]:
    """Drafts and published versions, without their third table."""
    return await read_annexes(db, heads().where(annexes.c.id.in_(ids)))


async def find_newest(
    db: Executor, *, bailleur_id: UUID, epci_siren: str, year: int
) -> AnnexeFacts | None:
    """The newest published version of a year."""
    statement = _published(bailleur_id, epci_siren).where(annexes.c.year == year)
    return await _whole(db, statement)


async def find_previous(db: Executor, facts: AnnexeFacts) -> AnnexeFacts | None:
    """The published version before this one in its year, else the last of the year before."""
    earlier = or_(
        and_(annexes.c.year == facts.year, annexes.c.version < facts.version),
        annexes.c.year == facts.year - 1,
    )
    return await _whole(db, _published(facts.bailleur_id, facts.epci_siren).where(earlier))


def _published(bailleur_id: UUID, epci_siren: str) -> Select[Any]:
    """The newest first."""
    return (
        heads()
        .where(
            annexes.c.bailleur_id == bailleur_id,
            annexes.c.epci_siren == epci_siren,
            annexes.c.published_at.is_not(None),
        )
        .order_by(annexes.c.year.desc(), annexes.c.version.desc())
        .limit(1)
    )


async def _whole(db: Executor, statement: Select[Any]) -> AnnexeFacts | None:
    """The version that a statement gives; a draft has no third table of its own yet."""
    found = await read_annexes(db, statement)
    if not found or found[0].published_at is None:
        return found[0] if found else None
    return replace(found[0], droits_uniques=await _droits_uniques(db, found[0].id))


async def list_published(db: Executor, bailleur_id: UUID) -> list[AnnexeFacts]:
    """All the versions that a bailleur has published, of any year: three statements in all."""
    return await read_annexes(
        db,
        heads().where(annexes.c.bailleur_id == bailleur_id, annexes.c.published_at.is_not(None)),
    )


async def _droits_uniques(db: Executor, annexe_id: UUID) -> tuple[DroitUniqueLeft, ...]:
    table = annexe_droits_uniques.c
    rows = await db.execute(
        select(
            table.reservataire_id,
            name_at(tenants.c.id, tenants.c.name, annexes.c.published_at).label(
                "reservataire_name"
            ),
            table.programme,
            table.remaining,
        )
        .join(tenants, tenants.c.id == table.reservataire_id)
        .join(annexes, annexes.c.id == table.annexe_id)
        .where(table.annexe_id == annexe_id)
        .order_by(table.position)
    )
    return tuple(DroitUniqueLeft(**row._mapping) for row in rows)


async def lock_draft(db: Executor, annexe_id: UUID) -> Any | None:
    """The head of a draft (id, revision, epci_siren, year, version), held until the end of the
    transaction; None if it is published, or not the actor's.
    """
    rows = await db.execute(
        select(annexes)
        .where(annexes.c.id == annexe_id, annexes.c.published_at.is_(None))
        .with_for_update(key_share=True)
    )
    return rows.one_or_none()


async def list_stock_epcis(
    db: Executor, bailleur_id: UUID, *, missing_year: int | None = None
) -> dict[str, str]:
    """SIREN → name of the EPCI where the bailleur has dwellings; with `missing_year`, those whose
    annexe of that year is not published.
    """
    here = exists().where(
        dwellings.c.bailleur_id == bailleur_id,
        dwellings.c.insee == communes.c.insee,
        communes.c.epci_siren == epcis.c.siren,
    )
    statement = select(epcis.c.siren, epcis.c.name).where(here).order_by(epcis.c.name)
    if missing_year is not None:
        published = exists().where(
            annexes.c.bailleur_id == bailleur_id,
            annexes.c.epci_siren == epcis.c.siren,
            annexes.c.year == missing_year,
            annexes.c.published_at.is_not(None),
        )
        statement = statement.where(~published)
    return {row.siren: row.name for row in await db.execute(statement)}


# --- Writing ----------------------------------------------------------------------------------


async def insert_draft(db: Executor, head: dict[str, Any]) -> None:
    await db.execute(insert(annexes).values(**head))


async def update_head(db: Executor, annexe_id: UUID, **values: Any) -> None:
    """The revision moves with every change: whoever edits an older one is told."""
    await db.execute(
        update(annexes)
        .where(annexes.c.id == annexe_id)
        .values(revision=annexes.c.revision + 1, **values)
    )


async def put_stock(
    db: Executor, annexe_id: UUID, bailleur_id: UUID, counts: Sequence[AnnexeCommune]
) -> None:
    """The photograph, whole: what was counted before is replaced."""
    await db.execute(delete(annexe_communes).where(annexe_communes.c.annexe_id == annexe_id))
    rows = [
        {
            "annexe_id": annexe_id,
            "bailleur_id": bailleur_id,
            "insee": one.insee,
            "position": position,
            "total": one.total,
            **one.exclusions,
        }
        for position, one in enumerate(counts, start=1)
    ]
    if rows:
        await db.execute(insert(annexe_communes), rows)


async def insert_line(db: Executor, values: dict[str, Any], perimeter: Iterable[str]) -> None:
    """After the others of its draft, unless `values` give its position."""
    position = select(func.coalesce(func.max(annexe_lines.c.position), 0) + 1).where(
        annexe_lines.c.annexe_id == values["annexe_id"]
    )
    await db.execute(
        insert(annexe_lines).values(**{"position": position.scalar_subquery(), **values})
    )
    await _put_perimeter(db, values["id"], values["annexe_id"], values["bailleur_id"], perimeter)


async def update_line(
    db: Executor, annexe_id: UUID, line_id: UUID, values: dict[str, Any], perimeter: Iterable[str]
) -> bool:
    """False when the draft has no such line."""
    done = await db.execute(
        update(annexe_lines)
        .where(annexe_lines.c.id == line_id, annexe_lines.c.annexe_id == annexe_id)
        .values(**values)
        .returning(annexe_lines.c.bailleur_id)
    )
    row = done.one_or_none()
    if row is None:
        return False
    await db.execute(delete(annexe_line_communes).where(annexe_line_communes.c.line_id == line_id))
    await _put_perimeter(db, line_id, annexe_id, row.bailleur_id, perimeter)
    return True


async def _put_perimeter(
    db: Executor, line_id: UUID, annexe_id: UUID, bailleur_id: UUID, perimeter: Iterable[str]
) -> None:
    rows = [
        {"line_id": line_id, "annexe_id": annexe_id, "bailleur_id": bailleur_id, "insee": insee}
        for insee in sorted(perimeter)
    ]
    if rows:
        await db.execute(insert(annexe_line_communes), rows)


async def delete_line(db: Executor, annexe_id: UUID, line_id: UUID) -> bool:
    mine = annexe_line_communes.c
    await db.execute(
        delete(annexe_line_communes).where(mine.line_id == line_id, mine.annexe_id == annexe_id)
    )
    done = await db.execute(
        delete(annexe_lines)
        .where(annexe_lines.c.id == line_id, annexe_lines.c.annexe_id == annexe_id)
        .returning(annexe_lines.c.id)
    )
    return done.one_or_none() is not None


async def delete_draft(db: Executor, annexe_id: UUID) -> None:
    for table in (*(annexe_line_communes, annexe_lines, annexe_communes, annexe_droits_uniques),):
        await db.execute(delete(table).where(table.c.annexe_id == annexe_id))
    await db.execute(delete(annexes).where(annexes.c.id == annexe_id))


async def insert_third_table(
    db: Executor, annexe_id: UUID, bailleur_id: UUID, rows: Sequence[DroitUniqueLeft]
) -> None:
    values = [
        {
            "annexe_id": annexe_id,
            "bailleur_id": bailleur_id,
            "position": position,
            "reservataire_id": one.reservataire_id,
            "programme": one.programme,
            "remaining": one.remaining,
        }
        for position, one in enumerate(rows, start=1)
    ]
    if values:
        await db.execute(insert(annexe_droits_uniques), values)


async def insert_readers(
    db: Executor, annexe_id: UUID, bailleur_id: UUID, tenant_ids: Iterable[UUID]
) -> None:
    head = {"annexe_id": annexe_id, "bailleur_id": bailleur_id}
    rows = [{**head, "tenant_id": one} for one in dict.fromkeys(tenant_ids)]
    if rows:
        await db.execute(insert(annexe_readers), rows)


# --- Derogations ------------------------------------------------------------------------------


async def insert_derogation(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(state_derogations).values(**values))


async def list_derogations(db: Executor, bailleur_id: UUID, since: date) -> list[Derogation]:
    """Those not over before `since`, the oldest first."""
    table = state_derogations.c
    rows = await db.execute(
        select(table.reference, table.starts_on, table.ends_on)
        .where(table.bailleur_id == bailleur_id, table.ends_on >= since)
        .order_by(table.starts_on, table.id)
    )
    return [Derogation(**row._mapping) for row in rows]
