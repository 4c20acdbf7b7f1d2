"""The position of the flux: annexes computed from stored droits, counts, and the advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from server.db import conventions, flux, ledgers
from server.db.ledgers import MatrixFilter
from server.domain import annexe as law
from server.domain import charte
from server.domain import flux as domain
from server.domain.conventions import ConventionFacts, ConventionState, in_force
from server.domain.deadlines import end_of_day, local_day
from server.domain.dwellings import MutationShare, mutation_share
from server.domain.flux import Account, Indicator, Position
from server.domain.ledger import Family
from server.errors import NotFound
from server.operations.annexe_rates import ComputedAnnexe, compute, party_key, split_party_key
from server.operations.ledger.ground import Ground
from server.tenants.actors import Actor, Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

__all__ = ["ComputedAnnexe", "compute", "party_key", "split_party_key"]


@dataclass(frozen=True, kw_only=True)
class FluxLine:
    """A line of an annexe and where its party stands; `position` is None for who may not count
    it: an EPCI, and a réservataire for the lines of the others.
    """

    party_key: str
    reservataire_id: UUID
    reservataire_name: str
    contingent: str
    perimeter: tuple[str, ...]
    rate: law.LineRate
    position: Position | None


@dataclass(frozen=True, kw_only=True)
class FluxBoard:
    """One annexe with the position of its lines; `bailleur_position` is the bailleur's own row."""

    computed: ComputedAnnexe
    year: int
    lines: tuple[FluxLine, ...]
    bailleur_position: Position | None
    vacancy_count: int
    indicator: Indicator


async def list_annexes(
    tx: TenantTransaction,
    year: int,
    *,
    bailleur_id: UUID | None = None,
    epci_siren: str | None = None,
) -> list[ComputedAnnexe]:
    """The annexes of the year that the actor may read, newest version, computed."""
    require(tx.actor, Permission.FLUX_READ)
    rows = await flux.list_annexes(tx, year, bailleur_id=bailleur_id, epci_siren=epci_siren)
    return [compute(row) for row in rows]


async def get_annexe(tx: TenantTransaction, annexe_id: UUID) -> ComputedAnnexe:
    """A published annexe that the actor may read, of any year."""
    require(tx.actor, Permission.FLUX_READ)
    facts = await flux.find_annexe(tx, annexe_id)
    if facts is None:
        raise NotFound
    return compute(facts)


async def boards(
    tx: TenantTransaction,
    year: int,
    *,
    bailleur_id: UUID | None = None,
    epci_siren: str | None = None,
    until: date | None = None,
) -> list[FluxBoard]:
    """Every annexe of the year, whole, with the positions up to today, or to the end of a day of
    the year, that the actor may count: its own lines only for a réservataire (it does not see the
    others' offers).
    """
    computed = await list_annexes(tx, year, bailleur_id=bailleur_id, epci_siren=epci_siren)
    if tx.actor.capacity is Capacity.EPCI:
        nothing = Counts(vacancies=(), credits=())
        return [_board(one, year, nothing, {}, tx.actor) for one in computed]
    counts = await _counts(tx, year, bailleur_id, until)
    accounts = await _accounts(tx, year, bailleur_id, until)
    return [_board(one, year, counts, accounts, tx.actor) for one in computed]


def last_day(year: int, until: date | None, tx: TenantTransaction) -> date:
    """Until when a year is counted: the day asked, else today or the end of the year."""
    last = min(date(year, 12, 31), local_day(tx.now))
    return min(until, last) if until else last


def bounds(year: int, until: date | None, tx: TenantTransaction) -> tuple[datetime, datetime]:
    """The instants between which the year is counted."""
    first = end_of_day(date(year, 1, 1) - timedelta(days=1))
    return first, end_of_day(last_day(year, until, tx))


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What was counted from 1 January to today, per commune."""

    vacancies: tuple[flux.VacancyCount, ...]
    credits: tuple[flux.CreditCount, ...]

    def of(self, bailleur_id: UUID, insees: Collection[str] | None = None) -> Counts:
        return Counts(
            vacancies=tuple(_mine(self.vacancies, bailleur_id, insees)),
            credits=tuple(_mine(self.credits, bailleur_id, insees)),
        )

    @property
    def number(self) -> int:
        """How many vacancies entered the flux."""
        return sum(row.number for row in self.vacancies)

    def received(self, key: str) -> Counter[str]:
        """What a party received, in whole dwellings, by indicator."""
        found: Counter[str] = Counter()
        if key == domain.BAILLEUR:
            found.update(oriented=sum(row.own for row in self.vacancies))
        for row in self.credits:
            if _credited(row) == key:
                found.update({one.value: getattr(row, one.value) for one in Indicator})
        return found


def _credited(row: flux.CreditCount) -> str:
    """A droit unique is taken on the bailleur's own share."""
    if row.reservataire_id is None:
        return domain.BAILLEUR
    return party_key(row.reservataire_id, row.contingent)


Counted = TypeVar("Counted", flux.VacancyCount, flux.CreditCount)


def _mine(
    rows: Iterable[Counted], bailleur_id: UUID, insees: Collection[str] | None
) -> Iterator[Counted]:
    for row in rows:
        if row.bailleur_id == bailleur_id and (insees is None or row.insee in insees):
            yield row


async def _counts(
    tx: TenantTransaction, year: int, bailleur_id: UUID | None, until: date | None
) -> Counts:
    first, last = date(year, 1, 1), last_day(year, until, tx)
    from_at, until_at = bounds(year, until, tx)
    vacancies = await flux.count_vacancies(
        tx, from_on=first, until_on=last, bailleur_id=bailleur_id
    )
    days = flux.Days(first=first, last=last, from_at=from_at, until_at=until_at)
    received = await flux.count_credits(tx, days, bailleur_id=bailleur_id)
    return Counts(vacancies=tuple(vacancies), credits=tuple(received))


Accounts = Mapping[tuple[UUID, str], Mapping[Indicator, Mapping[str, Account]]]


async def _accounts(
    tx: TenantTransaction, year: int, bailleur_id: UUID | None, until: date | None
) -> Accounts:
    """(bailleur, party) → basis → commune → account of the year."""
    wanted = MatrixFilter(families=(Family.COMMUNE.value,), bailleur_id=bailleur_id)
    if until is None:
        rows = await ledgers.list_family_balances(tx, wanted, year)
    else:
        own = tx.actor.capacity is Capacity.RESERVATAIRE
        from_at, until_at = bounds(year, until, tx)
        rows = await ledgers.list_family_balances_on(tx, wanted, from_at, until_at, own=own)
    found: dict[tuple[UUID, str], dict[Indicator, dict[str, Account]]] = {}
    for row in rows:
        bases = found.setdefault((row.bailleur_id, row.party), {})
        communes = bases.setdefault(Indicator(row.basis), {})
        communes[row.value] = communes.get(row.value, Account()) + Account(
            due=row.due, received=row.received, carried=row.carried, moved=row.moved
        )
    return found


def _sum(accounts: Mapping[str, Account], insees: Collection[str]) -> Account:
    return sum((one for insee, one in accounts.items() if insee in insees), Account())


def _board(
    one: ComputedAnnexe, year: int, counts: Counts, accounts: Accounts, actor: Actor
) -> FluxBoard:
    here = {share.stock.insee for share in one.annexe.communes}
    owner = one.facts.bailleur_id
    counted = counts.of(owner, here)
    standing = {
        key: _position(key, counted, accounts.get((owner, key), {}), here)
        for key in _countable(one, actor)
    }
    return FluxBoard(
        computed=one,
        year=year,
        lines=tuple(_line(row, one, standing) for row in one.facts.lines),
        bailleur_position=standing.get(domain.BAILLEUR),
        vacancy_count=counted.number,
        indicator=Indicator.ORIENTED,
    )


def _position(
    key: str,
    counted: Counts,
    accounts: Mapping[Indicator, Mapping[str, Account]],
    here: Collection[str],
) -> Position:
    received = counted.received(key)
    return Position(
        party_key=key,
        **{one.value: received[one.value] * domain.UNIT for one in Indicator},
        accounts={basis: _sum(by_commune, here) for basis, by_commune in accounts.items()},
    )


def _countable(one: ComputedAnnexe, actor: Actor) -> set[str]:
    """The parties whose offers the actor may see."""
    if actor.capacity is Capacity.EPCI:
        return set()
    sees_all = actor.capacity is not Capacity.RESERVATAIRE
    keys = {
        party_key(line.reservataire_id, line.contingent)
        for line in one.facts.lines
        if sees_all
        or (line.reservataire_id == actor.tenant_id and line.contingent in actor.contingents)
    }
    return {*keys, domain.BAILLEUR} if sees_all else keys


def _line(row: flux.AnnexeLine, one: ComputedAnnexe, standing: dict[str, Position]) -> FluxLine:
    key = party_key(row.reservataire_id, row.contingent)
    names = {share.stock.insee: share.stock.name for share in one.annexe.communes}
    return FluxLine(
        party_key=key,
        reservataire_id=row.reservataire_id,
        reservataire_name=row.reservataire_name,
        contingent=row.contingent,
        perimeter=tuple(names[insee] for insee in names if insee in row.perimeter),
        rate=next(rate for rate in one.annexe.lines if rate.line.key == key),
        position=standing.get(key),
    )


@dataclass(frozen=True, kw_only=True)
class Soustraction:
    """The share of internal moves, and what the charte of today lets a bailleur withdraw."""

    share: MutationShare
    withdrawn: tuple[charte.Category, ...]


async def own_mutation_share(tx: TenantTransaction, year: int) -> MutationShare:
    return (await own_soustraction(tx, year)).share


async def own_soustraction(
    tx: TenantTransaction, year: int, ground: Ground | None = None
) -> Soustraction:
    """Internal moves among the vacancies since 1 January, against the charte's ceiling of that
    year (art. 2.3).
    """
    require(tx.actor, Permission.VACANCY_READ)
    natures = await flux.count_natures(
        tx, from_on=date(year, 1, 1), until_on=min(date(year, 12, 31), local_day(tx.now))
    )
    counted = sum(number for nature, number in natures.items() if nature != "first_letting")
    versions = await (ground or Ground(tx)).versions()
    ceiling_bp = charte.of_year(versions, year).parameters.mutation_rate_bp
    return Soustraction(
        share=mutation_share(
            count=natures.get("mutation", 0), total=counted, ceiling_bp=ceiling_bp
        ),
        withdrawn=charte.in_force(versions, local_day(tx.now)).parameters.withdrawn,
    )


# --- Parties ---


def is_in_force(row: conventions.Convention, on: date) -> bool:
    facts = ConventionFacts(
        state=ConventionState(row.state), starts_on=row.starts_on, ended_on=row.ended_on
    )
    return in_force(facts, on)


def convention_with(
    rows: Iterable[conventions.Convention], reservataire_id: UUID, on: date
) -> conventions.Convention | None:
    """The convention in force with this réservataire on that day, else the latest one."""
    mine = [row for row in rows if row.reservataire_id == reservataire_id]
    current = next((row for row in mine if is_in_force(row, on)), None)
    return current or max(mine, key=lambda row: row.starts_on, default=None)


def party_name(name: str, contingent: str) -> str:
    """A réservataire with its contingent: « Préfecture, contingent RS (mal-logés) »."""
    suffix = {"fonctionnaires": ", contingent fonctionnaires", "rs": ", contingent RS (mal-logés)"}
    return name + suffix.get(contingent, "")
