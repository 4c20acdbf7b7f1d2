"""Reading the ledgers: balances by party and stratum, moves, the part of one party in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_

from server.db.paging import Executor
from server.db.tables import ledger_balances, ledger_entries, ledger_moves, ledgers


@dataclass(frozen=True, kw_only=True)
class Balance:
    """A party in a stratum, in 1/10 000 dwelling, of one year or of several.

    `received` is what was counted to it, `moved` what expired parties
    left to it and what an urgency charges later.
    """

    bailleur_id: UUID
    party: str
    family: str
    value: str
    due: int
    received: int
    moved: int
    carried: int

    @property
    def lag(self) -> int:
        """Positive when the party is late."""
        return self.carried + self.due - self.received + self.moved


async def list_balances(
    db: Executor,
    basis: str,
    year: int,
    *,
    bailleur_id: UUID | None = None,
    strata: Collection[tuple[str, str]] | None = None,
) -> list[Balance]:
    """What the actor may read of that year, and what the years before left (`carried`).

    `strata` keeps these pairs of family and value only.
    """
    column = ledger_balances.c
    statement = (
        select(
            column.bailleur_id,
            column.party,
            column.family,
            column.value,
            *_sums(year),
        )
        .where(column.basis == basis, column.year <= year)
        .group_by(column.bailleur_id, column.party, column.family, column.value)
        .order_by(column.bailleur_id, column.party, column.family, column.value)
    )
    if bailleur_id is not None:
        statement = statement.where(column.bailleur_id == bailleur_id)
    if strata is not None:
        statement = statement.where(tuple_(column.family, column.value).in_(list(strata)))
    return [Balance(**_integers(row)) for row in await db.execute(statement)]


@dataclass(frozen=True, kw_only=True)
class Lag:
    """The lag of a party in a stratum now, and the position of the ledger that says so."""

    party: str
    family: str
    value: str
    lag: int
    position: int


async def list_lags(
    db: Executor, bailleur_id: UUID, basis: str, strata: Collection[tuple[str, str]]
) -> list[Lag]:
    """Of all parties in these pairs of family and value: one statement."""
    column = ledger_balances.c
    lag = func.sum(column.due - column.received + column.moved)
    keys = (column.party, column.family, column.value, ledgers.c.position)
    rows = await db.execute(
        select(*keys, lag.label("lag"))
        .join(
            ledgers,
            and_(ledgers.c.bailleur_id == column.bailleur_id, ledgers.c.basis == column.basis),
        )
        .where(
            column.bailleur_id == bailleur_id,
            column.basis == basis,
            tuple_(column.family, column.value).in_(list(strata)),
        )
        .group_by(*keys)
    )
    return [Lag(**{**row._mapping, "lag": int(row.lag)}) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Left:
    """A balance that is not zero of a line of the annexe, on one basis."""

    basis: str
    reservataire_id: UUID
    party: str
    family: str
    value: str
    lag: int


async def list_left(db: Executor, bailleur_id: UUID, reservataires: Collection[UUID]) -> list[Left]:
    """What these réservataires have left in each stratum, in a fixed order."""
    column = ledger_balances.c
    lag = func.sum(column.due - column.received + column.moved)
    keys = (column.basis, column.reservataire_id, column.party, column.family, column.value)
    rows = await db.execute(
        select(*keys, lag.label("lag"))
        .where(column.bailleur_id == bailleur_id, column.reservataire_id.in_(list(reservataires)))
        .group_by(*keys)
        .having(lag != 0)
        .order_by(*keys)
    )
    return [Left(**{**row._mapping, "lag": int(row.lag)}) for row in rows]


def _sums(year: int) -> Iterator[Any]:
    """What the year added, and what the years before left."""
    column = ledger_balances.c
    for name in ("due", "received", "moved"):
        yield func.coalesce(func.sum(column[name]).filter(column.year == year), 0).label(name)
    lag = column.due - column.received + column.moved
    yield func.coalesce(func.sum(lag).filter(column.year < year), 0).label("carried")


def _integers(row: Any) -> dict[str, Any]:
    """Sums of bigints are numeric in PostgreSQL."""
    values = dict(row._mapping)
    return values | {name: int(values[name]) for name in ("due", "received", "moved", "carried")}


@dataclass(frozen=True, kw_only=True)
class LedgerMove:
    """A move as posted: `amounts` by party in each of the `strata`, in 1/10 000 dwelling."""

    position: int
    at: datetime
    kind: str
    event_id: UUID
    part: int
    vacancy_id: UUID | None
    orientation_id: UUID | None
    strata: dict[str, str]
    amounts: dict[str, int]
    annexe_id: UUID | None
    rule_version: str
    settings_version: str


_MOVE = tuple(column for column in ledger_moves.c if column.name not in ("bailleur_id", "basis"))


async def list_moves(
    db: Executor, bailleur_id: UUID, basis: str, *, until: datetime | None = None
) -> list[LedgerMove]:
    """The moves that the actor may read, in their order, those before `until` if given."""
    statement = (
        select(*_MOVE)
        .where(ledger_moves.c.bailleur_id == bailleur_id, ledger_moves.c.basis == basis)
        .order_by(ledger_moves.c.position)
    )
    if until is not None:
        statement = statement.where(ledger_moves.c.at < until)
    return [LedgerMove(**row._mapping) for row in await db.execute(statement)]


async def page_moves(
    db: Executor, bailleur_id: UUID, basis: str, *, before: int | None, limit: int
) -> list[LedgerMove]:
    """The last moves before a position, the newest first."""
    column = ledger_moves.c
    statement = (
        select(*_MOVE)
        .where(column.bailleur_id == bailleur_id, column.basis == basis)
        .order_by(column.position.desc())
    )
    rows = await db.execute(_last(statement, column.position, before, limit))
    return [LedgerMove(**row._mapping) for row in rows]


def _last(
    statement: Select[Any], position: ColumnElement[int], before: int | None, limit: int
) -> Select[Any]:
    """At most so many rows, before a position."""
    bounded = statement if before is None else statement.where(position < before)
    return bounded.limit(limit)


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """The part of one party in a move: what a réservataire reads of it."""

    position: int
    at: datetime
    kind: str
    vacancy_id: UUID | None
    strata: dict[str, str]
    amount: int


@dataclass(frozen=True, kw_only=True)
class OwnEntry(LedgerEntry):
    """The part of a réservataire in a move, with its line of the annexe."""

    settings_version: str
    reservataire_id: UUID
    contingent: str


async def page_entries(
    db: Executor, bailleur_id: UUID, basis: str, *, before: int | None, limit: int
) -> list[OwnEntry]:
    """Those that the actor may read, the newest first; two contingents are two entries."""
    column = ledger_entries.c
    statement = (
        select(*(column[name] for name in OwnEntry.__dataclass_fields__))
        .where(column.bailleur_id == bailleur_id, column.basis == basis)
        .order_by(column.position.desc(), column.contingent)
    )
    rows = await db.execute(_last(statement, column.position, before, limit))
    return [OwnEntry(**row._mapping) for row in rows]


async def list_entries(
    db: Executor,
    bailleur_id: UUID,
    basis: str,
    reservataire_id: UUID,
    contingent: str,
    *,
    until: datetime | None = None,
) -> list[LedgerEntry]:
    """The moves of one line of the annexe, in their order."""
    column = ledger_entries.c
    statement = (
        select(*(column[name] for name in LedgerEntry.__dataclass_fields__))
        .where(
            column.bailleur_id == bailleur_id,
            column.basis == basis,
            column.reservataire_id == reservataire_id,
            column.contingent == contingent,
        )
        .order_by(column.position)
    )
    if until is not None:
        statement = statement.where(column.at < until)
    return [LedgerEntry(**row._mapping) for row in await db.execute(statement)]
