"""The assiette at a date: A, the six exclusions, C, commune by commune (art. 2.1 to 2.3, 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from server.db.mergers import code_on
from server.db.paging import Executor
from server.db.tables import (
    commune_mergers,
    commune_zones,
    communes,
    dwelling_exclusions,
    dwelling_qpv_changes,
    dwellings,
)
from server.domain.annexe import CommuneStock, ExclusionCode
from server.domain.annexe_drafts import photo_day
from server.domain.communes import Merger, commune_at


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """`until_on` is the first day back in the assiette, None while it runs."""

    id: UUID
    code: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class Zone:
    """Zone ABC of a commune from a day on; `has_qpv` if a quartier prioritaire is there."""

    from_on: date
    zone: str
    has_qpv: bool


# --- What is in A, and what is excluded, on a day ------------------------------------------------


def in_stock(on: date, year: int | None = None) -> ColumnElement[bool]:
    """Counted in A that day: rented social housing, delivered before that year, still owned.

    The same rule as `domain.dwellings.assiette_motifs`, exclusions apart. `year`: whose assiette
    it is, that of the day unless given.
    """
    column = dwellings.c
    entered_before = date(on.year if year is None else year, 1, 1)
    return and_(
        column.kind == "social",
        or_(column.delivered_on.is_(None), column.delivered_on < entered_before),
        or_(column.left_on.is_(None), column.left_on > on),
    )


def _runs_on(on: date) -> ColumnElement[bool]:
    until_on = dwelling_exclusions.c.until_on
    return and_(dwelling_exclusions.c.from_on <= on, or_(until_on.is_(None), until_on > on))


def _of_dwelling() -> ColumnElement[bool]:
    return and_(
        dwelling_exclusions.c.dwelling_id == dwellings.c.id,
        dwelling_exclusions.c.bailleur_id == dwellings.c.bailleur_id,
    )


def in_assiette(on: date, *, wanted: bool, year: int | None = None) -> ColumnElement[bool]:
    """In C that day, or out of it; `year` as in `in_stock`."""
    inside = and_(in_stock(on, year), not_(exists().where(_of_dwelling(), _runs_on(on))))
    return inside if wanted else not_(inside)


async def count_assiette(
    db: Executor, on: date, bailleur_id: UUID | None = None
) -> list[CommuneStock]:
    """A, B and C of each commune that day, of one bailleur or of all that the actor sees.

    In the codes of that day: the dwellings of a commune that merged are counted in the new one.
    By name of commune.
    """
    return await _named(db, await _count(db, on, on.year, bailleur_id))


async def count_photograph(
    db: Executor, year: int, *, bailleur_id: UUID, epci_siren: str | None
) -> list[CommuneStock]:
    """A, B and C of the annexe of a year, in the communes of the EPCI where the bailleur has some;
    in all of them without an EPCI.

    The stock as it stood at the end of `photo_day(year)`, 31 December N-1 (art. 4): what left, or
    what an exclusion left, that day is out; what does on 1 January N is still in. It is the
    assiette of N: delivered up to that day included, for new housing of N-1 enters on 1 January N
    (art. 3), in the communes of that 1 January.
    """
    counts = await _count(db, photo_day(year), year, bailleur_id)
    here = [] if epci_siren is None else [communes.c.epci_siren == epci_siren]
    return await _named(db, counts, *here)


async def _count(
    db: Executor, on: date, year: int, bailleur_id: UUID | None
) -> dict[str, dict[str | None, int]]:
    """INSEE code → reason of exclusion, or None → dwellings; communes of the later of both."""
    statement = (
        select(dwellings.c.insee, dwelling_exclusions.c.code, func.count().label("number"))
        .select_from(dwellings.outerjoin(dwelling_exclusions, and_(_of_dwelling(), _runs_on(on))))
        .where(in_stock(on, year))
        .group_by(dwellings.c.insee, dwelling_exclusions.c.code)
    )
    if bailleur_id is not None:
        statement = statement.where(dwellings.c.bailleur_id == bailleur_id)
    rows = (await db.execute(statement)).all()
    mergers = await list_mergers(db)
    named_on = max(on, date(year, 1, 1))
    counts: dict[str, dict[str | None, int]] = {}
    for row in rows:
        of_commune = counts.setdefault(commune_at(row.insee, mergers, named_on), {})
        of_commune[row.code] = of_commune.get(row.code, 0) + row.number
    return counts


async def _named(
    db: Executor,
    counts: Mapping[str, Mapping[str | None, int]],
    *conditions: ColumnElement[bool],
) -> list[CommuneStock]:
    """By name; `conditions` leave communes aside."""
    rows = await db.execute(
        select(communes.c.insee, communes.c.name)
        .where(communes.c.insee.in_(list(counts)), *conditions)
        .order_by(communes.c.sort_name)
    )
    return [
        CommuneStock(
            insee=row.insee,
            name=row.name,
            total=sum(counts[row.insee].values()),
            exclusions={code: counts[row.insee].get(code.value, 0) for code in ExclusionCode},
        )
        for row in rows
    ]


# --- Exclusions of a dwelling --------------------------------------------------------------------


async def list_exclusions(db: Executor, dwelling_id: UUID) -> list[Exclusion]:
    """The latest first."""
    table = dwelling_exclusions.c
    rows = await db.execute(
        select(table.id, table.code, table.from_on, table.until_on)
        .where(table.dwelling_id == dwelling_id)
        .order_by(table.from_on.desc(), table.id.desc())
    )
    return [Exclusion(**row._mapping) for row in rows]


async def insert_exclusion(db: Executor, values: dict[str, Any]) -> None:
    """The period, then the column of today: the trigger finds nothing left to date."""
    await db.execute(insert(dwelling_exclusions).values(**values))
    await _set_current(db, values["dwelling_id"], values["code"])


async def end_exclusion(db: Executor, dwelling_id: UUID, until_on: date) -> bool:
    """False if none runs."""
    changed = await db.execute(
        update(dwelling_exclusions)
        .where(
            dwelling_exclusions.c.dwelling_id == dwelling_id,
            dwelling_exclusions.c.until_on.is_(None),
        )
        .values(until_on=until_on)
    )
    if changed.rowcount != 1:
        return False
    await _set_current(db, dwelling_id, None)
    return True


async def _set_current(db: Executor, dwelling_id: UUID, code: str | None) -> None:
    await db.execute(update(dwellings).where(dwellings.c.id == dwelling_id).values(exclusion=code))


# --- Areas and communes at a date ----------------------------------------------------------------


async def list_mergers(db: Executor) -> list[Merger]:
    """Former codes and the commune of each, for `domain.communes`."""
    table = commune_mergers.c
    rows = await db.execute(
        select(table.old_insee, table.new_insee, table.on_date, table.old_name).order_by(
            table.on_date, table.old_insee
        )
    )
    return [Merger(**row._mapping) for row in rows]


async def area_on(db: Executor, insee: str, on: date) -> tuple[str, Zone | None]:
    """The commune that this code names that day, and its area then."""
    named = select(code_on(literal(insee), on).label("insee")).subquery()
    table = commune_zones.c
    known = and_(table.insee == named.c.insee, table.from_on <= on)
    row = (
        await db.execute(
            select(named.c.insee, table.from_on, table.zone, table.has_qpv)
            .select_from(named.outerjoin(commune_zones, known))
            .order_by(table.from_on.desc())
            .limit(1)
        )
    ).one()
    if row.zone is None:
        return row.insee, None
    return row.insee, Zone(from_on=row.from_on, zone=row.zone, has_qpv=row.has_qpv)


def is_qpv_on(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether a dwelling was in a quartier prioritaire that day: what its next change replaced,
    else what it is now.
    """
    change = dwelling_qpv_changes.c
    next_change = (
        select(change.was_qpv)
        .where(
            change.dwelling_id == dwellings.c.id,
            change.bailleur_id == dwellings.c.bailleur_id,
            change.on_date > on,
        )
        .order_by(change.on_date)
        .limit(1)
        .scalar_subquery()
    )
    return case((next_change.is_(None), dwellings.c.is_qpv), else_=next_change)


async def count_qpv(db: Executor, on: date, bailleur_id: UUID | None = None) -> int:
    """How many dwellings of A are in a quartier prioritaire that day."""
    statement = select(func.count()).select_from(dwellings).where(in_stock(on), is_qpv_on(on))
    if bailleur_id is not None:
        statement = statement.where(dwellings.c.bailleur_id == bailleur_id)
    return int((await db.execute(statement)).scalar_one())


async def list_qpv_changes(db: Executor, dwelling_id: UUID) -> Sequence[tuple[date, bool]]:
    """(first day, whether it is in a quartier prioritaire from then on), the oldest first."""
    change = dwelling_qpv_changes.c
    rows = (
        await db.execute(
            select(change.on_date, change.was_qpv)
            .where(change.dwelling_id == dwelling_id)
            .order_by(change.on_date)
        )
    ).all()
    return [(row.on_date, not row.was_qpv) for row in rows]
