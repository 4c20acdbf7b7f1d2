"""Thousands of dwellings compared or written by one statement: columns in, differences out.

A dwelling is known by its bailleur's reference. What a file does not say is kept as it was; a
dwelling found again in a file has not left the stock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text

from server.db.ids import new_ids
from server.db.paging import Executor


class Row(Protocol):
    """What is written of a dwelling; None where the file says nothing."""

    @property
    def reference(self) -> str: ...


COLUMNS = {
    "reference": "text",
    "rpls_id": "text",
    "insee": "text",
    "address": "text",
    "sort_address": "text",
    "kind": "text",
    "typology": "text",
    "surface_m2": "numeric",
    "financing": "text",
    "built_year": "int",
    "delivered_on": "date",
    "is_qpv": "bool",
    "exclusion": "text",
}
# What becomes of each column, from the file (f) and from what is known (d).
MERGED = {
    "rpls_id": "coalesce(nullif(f.rpls_id, ''), d.rpls_id, '')",
    "insee": "f.insee",
    "address": "f.address",
    "sort_address": "f.sort_address",
    "kind": "coalesce(f.kind, d.kind, 'social')",
    "typology": "f.typology",
    "surface_m2": "cast(f.surface_m2 as numeric(6, 2))",
    "financing": "f.financing",
    "built_year": "f.built_year",
    "delivered_on": "case when :tells_delivery then f.delivered_on"
    " else coalesce(d.delivered_on, f.delivered_on) end",
    "is_qpv": "coalesce(f.is_qpv, d.is_qpv, false)",
    "exclusion": "case when :tells_exclusion then f.exclusion else d.exclusion end",
    "left_on": "cast(null as date)",
}
# What a dwelling is given when the file does not say it.
NEW = {
    "rpls_id": "coalesce(f.rpls_id, '')",
    "kind": "coalesce(f.kind, 'social')",
    "is_qpv": "coalesce(f.is_qpv, false)",
}
COMPARED = tuple(name for name in MERGED if name != "sort_address")
# Of a dwelling that is known, written apart by `write_exclusions`: it begins the day it is told. A
# new one is inserted with its own, dated from its delivery: it counts in the annexe of the year.
_UPSERTED = tuple(name for name in MERGED if name != "exclusion")


def _listed(prefix: str, names: Sequence[str]) -> str:
    return ", ".join(f"{prefix}{name}" for name in names)


# A column travels as one text: of thousands of values, an array costs more to send than to write.
_SEPARATOR, _NOTHING = "\x1f", "\x1e"


def _column(name: str, kind: str) -> str:
    return f"cast(string_to_array(cast(:{name} as text), e'\\x1f', e'\\x1e') as {kind}[])"


_FILE = ", ".join(_column(name, kind) for name, kind in COLUMNS.items())
_NEW_ID = _column("new_id", "uuid")
_READ = ", ".join(f"{expression} as {name}" for name, expression in MERGED.items())
# The same expressions where nothing is known.
_GIVEN = tuple(name for name in MERGED if name != "left_on")
_NEW = ", ".join(NEW.get(name, f"f.{name}") for name in _GIVEN)
_WAS = ", ".join(f"d.{name} as was_{name}" for name in MERGED)
_MERGE = f"""
with merged as (
  select d.id as dwelling_id, f.reference, f.new_id, {_READ}, {_WAS}
  from unnest({_FILE}, {_NEW_ID}) as f ({_listed("", (*COLUMNS, "new_id"))})
  left join dwellings d on d.bailleur_id = cast(:bailleur_id as uuid)
    and d.reference = f.reference
), m as materialized (
  select *, dwelling_id is null as is_new, dwelling_id is not null
    and ({_listed("", tuple(MERGED))}) is distinct from ({_listed("was_", tuple(MERGED))})
    as is_changed
  from merged
)"""  # noqa: S608 - names of our own columns
_TOLD = """
  (select count(*) from m where not is_new) as matched,
  (select coalesce(jsonb_agg(to_jsonb(m)), '[]') from m where is_changed) as changes"""
COMPARE = text(f"{_MERGE} select {_TOLD}")
# What the stock does not know, without looking for it: nothing to compare, no conflict to guess.
INSERT_NEW = text(
    f"""
    insert into dwellings (id, bailleur_id, reference, {_listed("", _GIVEN)})
    select f.new_id, cast(:bailleur_id as uuid), f.reference, {_NEW}
    from unnest({_FILE}, {_NEW_ID}) as f ({_listed("", (*COLUMNS, "new_id"))})
    """  # noqa: S608 - names of our own columns
)
APPLY = text(
    f"""{_MERGE}, written as (
  insert into dwellings as d (id, bailleur_id, reference, {_listed("", _UPSERTED)})
  select new_id, cast(:bailleur_id as uuid), reference, {_listed("", _UPSERTED)} from m
  where is_new or is_changed
  on conflict (bailleur_id, reference) do update
    set ({_listed("", _UPSERTED)}) = row({_listed("excluded.", _UPSERTED)})
  returning 1
) select (select count(*) from written) as written, {_TOLD}"""  # noqa: S608 - names of our own columns
)
EXCLUDE = text(
    """
    update dwellings d set exclusion = f.exclusion
    from unnest(cast(:reference as text[]), cast(:exclusion as text[])) as f (reference, exclusion)
    where d.bailleur_id = cast(:bailleur_id as uuid) and d.reference = f.reference
      and d.exclusion is distinct from f.exclusion
    """
)
# Advisory: two files of one bailleur never apply at the same time.
HOLD = text("select pg_advisory_xact_lock(hashtextextended(cast(:bailleur_id as text), 1201))")
_MARK = "concat(count(*), ':', coalesce(sum(hashtextextended(cast(d as text), 0)), 0))"
MARK = text(
    f"select {_MARK} from dwellings d where d.bailleur_id = cast(:bailleur_id as uuid)"  # noqa: S608 - our own words
)
# Each row as the last act left it, waited for, then kept from any other act until the commit;
# always in the same order, so that two who hold do not wait for each other.
HELD_MARK = text(
    f"""
    select {_MARK} from (
      select * from dwellings where bailleur_id = cast(:bailleur_id as uuid)
      order by id for no key update
    ) d
    """  # noqa: S608 - our own words
)
_GONE = """
  d.bailleur_id = cast(:bailleur_id as uuid) and d.left_on is null and not exists (
    select from unnest(cast(:reference as text[])) as f (reference)
    where f.reference = d.reference)"""
_BUSY = """exists (select from vacancies v where v.dwelling_id = d.id
    and v.bailleur_id = d.bailleur_id and v.state = 'open')"""
DEPARTURES = text(
    "select d.id, d.reference, d.address,"  # noqa: S608 - conditions of our own
    f" {_BUSY} as is_busy from dwellings d where {_GONE} order by d.reference"
)
DEPART = text(
    "update dwellings d set left_on = cast(:left_on as date)"  # noqa: S608 - conditions of our own
    f" where {_GONE} and not {_BUSY} returning d.id, d.reference"
)
REFERENCES = text(
    "select array_agg(reference) from dwellings where bailleur_id = cast(:bailleur_id as uuid)"
)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What some rows are to the stock: `changes` hold each column, and as it was (`was_…`)."""

    matched: int
    changes: list[dict[str, Any]]
    written: int = 0


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A dwelling of the stock that a file does not hold; busy: a vacancy is open."""

    id: UUID
    reference: str
    address: str
    is_busy: bool


def _told(values: Sequence[object], kind: str) -> str:
    """The values of a column; None and the empty text both say nothing."""
    texts = (
        [str(value or _NOTHING) for value in values]
        if kind == "text"
        else [_NOTHING if value is None else str(value) for value in values]
    )
    told = _SEPARATOR.join(texts)
    if told.count(_SEPARATOR) != len(texts) - 1:  # it would shift a column beside the others
        raise ValueError(_SEPARATOR)
    return told


def _columns(
    bailleur_id: UUID, rows: Sequence[Row], tells: frozenset[str], ids: Sequence[str | None]
) -> dict[str, Any]:
    """`tells`: the columns that may be emptied, because the file has them."""
    columns = zip(*map(attrgetter(*COLUMNS), rows), strict=True)
    named = zip(COLUMNS.items(), columns, strict=True)
    return {
        **{name: _told(values, kind) for (name, kind), values in named},
        "new_id": _told(ids, "uuid"),
        "bailleur_id": bailleur_id,
        "tells_delivery": "delivered_on" in tells,
        "tells_exclusion": "exclusion" in tells,
    }


async def compare_rows(
    db: Executor, bailleur_id: UUID, rows: Sequence[Row], *, tells: frozenset[str]
) -> Difference:
    values = _columns(bailleur_id, rows, tells, [None] * len(rows))
    found = (await db.execute(COMPARE, values)).one()
    return Difference(matched=found.matched, changes=found.changes)


async def apply_rows(
    db: Executor,
    bailleur_id: UUID,
    rows: Sequence[Row],
    *,
    tells: frozenset[str],
    known: frozenset[str],
) -> Difference:
    """Insert what is new, update what differs, leave the rest untouched.

    `known`: the references of the stock, which the caller holds; IntegrityError if one lacks.
    """
    old = [row for row in rows if row.reference in known] if known else []
    new = [row for row in rows if row.reference not in known] if old else rows
    difference = Difference(matched=len(old), changes=[], written=len(new))
    if new:
        await db.execute(INSERT_NEW, _columns(bailleur_id, new, tells, new_ids(len(new))))
    if old:
        found = (
            await db.execute(APPLY, _columns(bailleur_id, old, tells, new_ids(len(old))))
        ).one()
        difference = replace(difference, changes=found.changes, written=len(new) + found.written)
    if "exclusion" in tells:
        await write_exclusions(db, bailleur_id, rows)
    return difference


async def write_exclusions(db: Executor, bailleur_id: UUID, rows: Sequence[Any]) -> None:
    """The motif of each dwelling, or none, as the file tells it."""
    values = {
        "bailleur_id": bailleur_id,
        "reference": [row.reference for row in rows],
        "exclusion": [row.exclusion for row in rows],
    }
    await db.execute(EXCLUDE, values)


async def hold_stock(db: Executor, bailleur_id: UUID) -> None:
    await db.execute(HOLD, {"bailleur_id": str(bailleur_id)})


async def stock_mark(db: Executor, bailleur_id: UUID, *, held: bool = False) -> str:
    """A mark that differs as soon as any column of any dwelling of the bailleur does.

    `held`: no other act may change one of them until the end of the transaction.
    """
    statement = HELD_MARK if held else MARK
    found: str = (await db.execute(statement, {"bailleur_id": bailleur_id})).scalar_one()
    return found


async def list_references(db: Executor, bailleur_id: UUID) -> frozenset[str]:
    found = (await db.execute(REFERENCES, {"bailleur_id": bailleur_id})).scalar_one()
    return frozenset(found or ())


async def find_departures(
    db: Executor, bailleur_id: UUID, references: list[str]
) -> list[Departure]:
    rows = await db.execute(DEPARTURES, {"bailleur_id": bailleur_id, "reference": references})
    return [Departure(**row._mapping) for row in rows]


async def depart(
    db: Executor, bailleur_id: UUID, references: list[str], *, left_on: date
) -> list[tuple[UUID, str]]:
    """Those of the stock that the file does not hold leave it; not those with an open vacancy."""
    values = {"bailleur_id": bailleur_id, "reference": references, "left_on": left_on}
    return [(row.id, row.reference) for row in await db.execute(DEPART, values)]
