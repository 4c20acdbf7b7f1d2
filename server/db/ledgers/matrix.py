"""Balances by party and stratum of some families: now from their table, or at a past instant made
again from the moves, or from the entries for who reads only its own part.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, case, func, literal, select, true

from server.db.ledgers.reading import Balance
from server.db.mergers import code_on
from server.db.paging import Executor
from server.db.tables import ledger_balances, ledger_entries, ledger_moves
from server.domain.deadlines import local_day
from server.domain.postings import DUE_KINDS, MOVED_KINDS

_SUMS = ("due", "received", "moved", "carried")


@dataclass(frozen=True, kw_only=True)
class FamilyBalance(Balance):
    """A balance of the year on one basis, `carried` from the years before."""

    basis: str


@dataclass(frozen=True, kw_only=True)
class MatrixFilter:
    """The families wanted, in which ledgers; `basis` None: on the three bases."""

    families: Collection[str]
    bailleur_id: UUID | None = None
    basis: str | None = None


async def list_family_balances(
    db: Executor, wanted: MatrixFilter, year: int
) -> list[FamilyBalance]:
    """What the actor may read, as it is now; a commune that merged by the end of the year may have
    several rows.
    """
    column = ledger_balances.c
    is_year = column.year == year
    keys = tuple(column[name] for name in ("bailleur_id", "basis", "party", "family", "value"))
    value = _value(column.family, column.value, date(year, 12, 31))
    lag = func.sum(column.due - column.received + column.moved)
    statement = (
        select(
            *keys[:-1],
            value,
            *(func.sum(column[name]).filter(is_year).label(name) for name in _SUMS[:3]),
            lag.filter(column.year < year).label("carried"),
        )
        .where(column.year <= year, *_kept(wanted, column, column.family))
        .group_by(*keys)
        .order_by(*keys)
    )
    return await _balances(db, statement)


async def list_family_balances_on(
    db: Executor, wanted: MatrixFilter, from_at: datetime, until_at: datetime, *, own: bool
) -> list[FamilyBalance]:
    """The same just before `until_at`, the year beginning at `from_at`; `own`: from the entries of
    a réservataire, which reads no move.
    """
    source = (_own_amounts() if own else _amounts()).subquery("posted")
    stratum = func.jsonb_each_text(source.c.strata).table_valued("key", "value", name="stratum")
    keys = (
        source.c.bailleur_id,
        source.c.basis,
        source.c.party,
        stratum.c.key.label("family"),
    )
    value = _value(stratum.c.key, stratum.c.value, local_day(from_at).replace(month=12, day=31))
    is_now, total = source.c.at >= from_at, func.sum(source.c.amount)
    is_due = source.c.kind.in_(tuple(DUE_KINDS))
    is_moved = source.c.kind.in_(tuple(MOVED_KINDS))
    statement = (
        select(
            *keys,
            value,
            total.filter(is_now, is_due).label("due"),
            (-total.filter(is_now, ~is_due, ~is_moved)).label("received"),
            total.filter(is_now, is_moved).label("moved"),
            total.filter(~is_now).label("carried"),
        )
        .select_from(source.join(stratum, true()))
        .where(source.c.at < until_at, *_kept(wanted, source.c, stratum.c.key))
        .group_by(*(source.c[name] for name in ("bailleur_id", "basis", "party")))
        .group_by(stratum.c.key, stratum.c.value)
        .order_by(*keys[:3], stratum.c.key, stratum.c.value)
    )
    return await _balances(db, statement)


def _value(family: ColumnElement[str], value: ColumnElement[str], on: date) -> ColumnElement[str]:
    """The stratum, its commune by its code of that day."""
    return case((family == "commune", code_on(value, on)), else_=value).label("value")


def _kept(wanted: MatrixFilter, column: Any, family: Any) -> list[ColumnElement[bool]]:
    kept = [family.in_(list(wanted.families))]
    if wanted.bailleur_id is not None:
        kept.append(column.bailleur_id == wanted.bailleur_id)
    if wanted.basis is not None:
        kept.append(column.basis == wanted.basis)
    return kept


def _amounts() -> Select[Any]:
    move = ledger_moves.c
    part = func.jsonb_each_text(move.amounts).table_valued("key", "value", name="part")
    return select(
        move.bailleur_id,
        move.basis,
        move.at,
        move.kind,
        move.strata,
        part.c.key.label("party"),
        part.c.value.cast(BigInteger).label("amount"),
    ).select_from(ledger_moves.join(part, true()))


def _own_amounts() -> Select[Any]:
    entry = ledger_entries.c
    return select(
        entry.bailleur_id,
        entry.basis,
        entry.at,
        entry.kind,
        entry.strata,
        func.concat(entry.reservataire_id, literal(":"), entry.contingent).label("party"),
        entry.amount,
    )


async def _balances(db: Executor, statement: Select[Any]) -> list[FamilyBalance]:
    """Nothing summed is nothing; sums of bigints are numeric in PostgreSQL."""
    rows = [dict(row._mapping) for row in await db.execute(statement)]
    return [FamilyBalance(**(row | {name: int(row[name] or 0) for name in _SUMS})) for row in rows]
