"""Reading the ledgers: balances of a year, of a day, and their moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from server.db import ledgers as rows
from server.db.ledgers import Balance, LedgerEntry, LedgerMove
from server.domain.deadlines import end_of_day, local_day
from server.domain.flux import Indicator
from server.domain.ledger import Family, Ledger, Move, Stratum
from server.domain.postings import DUE_KINDS, MOVED_KINDS
from server.domain.strata import from_facts
from server.errors import Forbidden, NotFound
from server.operations.annexe_rates import party_key, split_party_key
from server.operations.ledger.ground import Ground
from server.operations.ledger.posting import unposted
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

_BALANCE = tuple(Balance.__dataclass_fields__)


def _check_own(tx: TenantTransaction, bailleur_id: UUID | None) -> None:
    """Another bailleur's ledger looks like none."""
    is_another = bailleur_id not in (None, tx.actor.tenant_id)
    if tx.actor.capacity is Capacity.BAILLEUR and is_another:
        raise NotFound


_WHOLE = frozenset({Capacity.BAILLEUR, Capacity.PREFECTURE})


async def balances(
    tx: TenantTransaction,
    year: int,
    *,
    bailleur_id: UUID | None = None,
    basis: Indicator = Indicator.ORIENTED,
    strata: Collection[Stratum] | None = None,
) -> list[Balance]:
    """Every balance that the actor may read, in 1/10 000 dwelling, at the end of the year or now.

    One row per bailleur, party and stratum: `due` and `received` of the year, `carried` from the
    years before, `lag` their result. The commune strata give the position per commune, and their
    sum that of an EPCI or of the département. A bailleur and the préfecture read all parties, a
    réservataire its own lines, an EPCI none.
    """
    require(tx.actor, Permission.FLUX_READ)
    _check_own(tx, bailleur_id)
    if tx.actor.capacity is Capacity.EPCI:
        return []
    pairs = [(family.value, value) for family, value in strata] if strata is not None else None
    return await rows.list_balances(tx, basis.value, year, bailleur_id=bailleur_id, strata=pairs)


async def balances_on(
    tx: TenantTransaction,
    bailleur_id: UUID,
    until: datetime,
    *,
    basis: Indicator = Indicator.ORIENTED,
) -> list[Balance]:
    """As `balances`, of one bailleur just before an instant: made again from its moves, or from
    its own entries for a réservataire.
    """
    require(tx.actor, Permission.FLUX_READ)
    _check_own(tx, bailleur_id)
    if tx.actor.capacity is Capacity.EPCI:
        return []
    year = local_day(until - timedelta(microseconds=1)).year
    if tx.actor.capacity in _WHOLE:
        moves = await rows.list_moves(tx, bailleur_id, basis.value, until=until)
        return replay(bailleur_id, moves, year)
    wanted = rows.MatrixFilter(
        families=[one.value for one in Family], bailleur_id=bailleur_id, basis=basis.value
    )
    first = end_of_day(date(year - 1, 12, 31))
    own = await rows.list_family_balances_on(tx, wanted, first, until, own=True)
    return [Balance(**{name: getattr(one, name) for name in _BALANCE}) for one in own]


async def moves(
    tx: TenantTransaction,
    bailleur_id: UUID,
    *,
    basis: Indicator = Indicator.ORIENTED,
) -> list[LedgerMove]:
    """All of them, in their order: for the bailleur and the préfecture."""
    require(tx.actor, Permission.FLUX_READ)
    _check_own(tx, bailleur_id)
    if tx.actor.capacity not in _WHOLE:
        return []
    return await rows.list_moves(tx, bailleur_id, basis.value)


async def entries(
    tx: TenantTransaction,
    bailleur_id: UUID,
    party: str,
    *,
    basis: Indicator = Indicator.ORIENTED,
) -> list[LedgerEntry]:
    """The part of one line of the annexe in each move: its own statement of account."""
    require(tx.actor, Permission.FLUX_READ)
    _check_own(tx, bailleur_id)
    if tx.actor.capacity is Capacity.EPCI:
        return []
    reservataire_id, contingent = split_party_key(party)
    return await rows.list_entries(tx, bailleur_id, basis.value, reservataire_id, contingent)


@dataclass(frozen=True, kw_only=True)
class TraceLine:
    """A move as its reader sees it: all parties, or its own lines only."""

    position: int
    at: datetime
    kind: str
    vacancy_id: UUID | None
    strata: dict[str, str]
    amounts: dict[str, int]
    settings_version: str


async def trace(
    tx: TenantTransaction,
    bailleur_id: UUID,
    *,
    basis: Indicator = Indicator.ORIENTED,
    before: int | None = None,
    limit: int,
) -> list[TraceLine]:
    """The last moves before a position, the newest first; nothing for who reads none."""
    require(tx.actor, Permission.FLUX_READ)
    _check_own(tx, bailleur_id)
    if tx.actor.capacity is Capacity.EPCI:
        raise Forbidden
    if tx.actor.capacity in _WHOLE:
        found = await rows.page_moves(tx, bailleur_id, basis.value, before=before, limit=limit)
        return [TraceLine(**{name: getattr(one, name) for name in _TRACED}) for one in found]
    parts = await rows.page_entries(tx, bailleur_id, basis.value, before=before, limit=limit)
    return [
        TraceLine(
            position=one.position,
            at=one.at,
            kind=one.kind,
            vacancy_id=one.vacancy_id,
            strata=one.strata,
            amounts={party_key(one.reservataire_id, one.contingent): one.amount},
            settings_version=one.settings_version,
        )
        for one in parts
    ]


_TRACED = tuple(TraceLine.__dataclass_fields__)


def replay(bailleur_id: UUID, moves: Iterable[LedgerMove], year: int) -> list[Balance]:
    """The balances that moves make, those of `year` apart from the years before."""
    found: dict[tuple[str, str, str], Balance] = {}
    for move in moves:
        for family, value in move.strata.items():
            for party, amount in move.amounts.items():
                key = (party, family, value)
                before = found.get(key) or Balance(
                    bailleur_id=bailleur_id, party=party, family=family, value=value,
                    due=0, received=0, moved=0, carried=0,
                )  # fmt: skip
                found[key] = _moved(before, move, amount, year)
    return [found[key] for key in sorted(found)]


def _moved(before: Balance, move: LedgerMove, amount: int, year: int) -> Balance:
    if local_day(move.at).year < year:
        return replace(before, carried=before.carried + amount)
    if move.kind in DUE_KINDS:
        return replace(before, due=before.due + amount)
    if move.kind in MOVED_KINDS:
        return replace(before, moved=before.moved + amount)
    return replace(before, received=before.received - amount)


@dataclass(frozen=True, kw_only=True)
class Book:
    """The lags of some strata as they are now, unposted events included, and the position."""

    ledger: Ledger
    position: int


async def book(
    tx: TenantTransaction, strata: Collection[Stratum], basis: Indicator, ground: Ground
) -> Book:
    """The bailleur's own ledger for an advice; a reader that cannot post counts what is not yet."""
    pairs = [(family.value, value) for family, value in strata]
    lags = await rows.list_lags(tx, tx.actor.tenant_id, basis.value, pairs)
    ledger = Ledger()
    for one in lags:
        for stratum in from_facts({one.family: one.value}):
            ledger.lags.setdefault(stratum, {})[one.party] = one.lag
    wanted = set(strata)
    for entry in await unposted(tx, ground) if ground.positions is None else ():
        if entry.basis == basis:
            kept = tuple(one for one in entry.move.strata if one in wanted)
            ledger.apply(Move(strata=kept, amounts=entry.move.amounts))
    return Book(ledger=ledger, position=lags[0].position if lags else 0)
