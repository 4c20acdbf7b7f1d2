"""The position of the flux: annexes computed from stored droits, counts, and the advice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from server.db import conventions, flux, orientations
from server.db.dwellings import Vacancy as VacancyRow
from server.domain import annexe as law
from server.domain import flux as domain
from server.domain.annexe import Annexe, CommuneStock, Contingent, ExclusionCode, Line
from server.domain.conventions import ConventionFacts, ConventionState, in_force
from server.domain.deadlines import end_of_day, local_day
from server.domain.dwellings import MutationShare, mutation_share
from server.domain.flux import Advice, Indicator, Position
from server.errors import NotFound
from server.tenants.actors import Actor, Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class ComputedAnnexe:
    """An annexe 1 as stored, and what the law computes of it."""

    facts: flux.AnnexeFacts
    annexe: Annexe


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


def party_key(reservataire_id: UUID, contingent: str) -> str:
    """How the domain names a party: the organisme and the contingent of the State, if any."""
    return f"{reservataire_id}:{contingent}"


def split_party_key(key: str) -> tuple[UUID, str]:
    reservataire_id, contingent = key.split(":")
    return UUID(reservataire_id), contingent


def compute(facts: flux.AnnexeFacts) -> ComputedAnnexe:
    stock = [
        CommuneStock(
            insee=row.insee,
            name=row.name,
            total=row.total,
            exclusions={ExclusionCode(code): count for code, count in row.exclusions.items()},
        )
        for row in facts.communes
    ]
    lines = [
        Line(
            key=party_key(row.reservataire_id, row.contingent),
            reservataire=row.reservataire_name,
            contingent=Contingent(row.contingent),
            perimeter=row.perimeter,
            droits=row.droits,
            imposed_rate_bp=row.imposed_rate_bp,
        )
        for row in facts.lines
    ]
    return ComputedAnnexe(facts=facts, annexe=law.compute(stock, lines))


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
) -> list[FluxBoard]:
    """Every annexe of the year, whole, with the positions up to today that the actor may count:
    its own lines only for a réservataire (it does not see the others' offers).
    """
    computed = await list_annexes(tx, year, bailleur_id=bailleur_id, epci_siren=epci_siren)
    if tx.actor.capacity is Capacity.EPCI:
        nothing = Counts(vacancies=(), credits=())
        return [_board(one, year, nothing, tx.actor) for one in computed]
    counts = await _counts(tx, year, bailleur_id)
    return [_board(one, year, counts, tx.actor) for one in computed]


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

    def events(self, on: date) -> list[domain.FluxEvent]:
        return [
            domain.FluxEvent(insee=row.insee, on=on)
            for row in self.vacancies
            for _ in range(row.number)
        ]


Counted = TypeVar("Counted", flux.VacancyCount, flux.CreditCount)


def _mine(
    rows: Iterable[Counted], bailleur_id: UUID, insees: Collection[str] | None
) -> Iterator[Counted]:
    for row in rows:
        if row.bailleur_id == bailleur_id and (insees is None or row.insee in insees):
            yield row


async def _counts(tx: TenantTransaction, year: int, bailleur_id: UUID | None) -> Counts:
    first, last = date(year, 1, 1), min(date(year, 12, 31), local_day(tx.now))
    vacancies = await flux.count_vacancies(
        tx, from_on=first, until_on=last, bailleur_id=bailleur_id
    )
    offered = await flux.count_credits(tx, from_on=first, until_on=last, bailleur_id=bailleur_id)
    charged = await flux.count_charged(
        tx,
        from_on=end_of_day(first - timedelta(days=1)),
        until_on=end_of_day(last),
        bailleur_id=bailleur_id,
    )
    return Counts(vacancies=tuple(vacancies), credits=(*offered, *charged))


def history(computed: Iterable[ComputedAnnexe]) -> list[domain.CommuneRates]:
    """The signed rates of the annexes, each from 1 January of its year."""
    return [
        domain.CommuneRates(
            insee=share.stock.insee,
            valid_from=date(one.facts.year, 1, 1),
            rates=tuple((rate.line.key, signed) for rate, signed in share.rates),
        )
        for one in computed
        for share in one.annexe.communes
    ]


def _tallies(counts: Counts) -> list[domain.Tally]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in counts.credits:
        sums = found[party_key(row.reservataire_id, row.contingent)]
        for name in ("oriented", "attributed", "leased", "engaged"):
            sums[name] += getattr(row, name)
    own = sum(row.own for row in counts.vacancies)
    found[domain.BAILLEUR].update(oriented=own, engaged=own)
    return [domain.Tally(party_key=key, **sums) for key, sums in found.items()]


def _board(one: ComputedAnnexe, year: int, counts: Counts, actor: Actor) -> FluxBoard:
    here = {share.stock.insee for share in one.annexe.communes}
    counted = counts.of(one.facts.bailleur_id, here)
    events = counted.events(date(year, 1, 1))
    indicator = Indicator.ORIENTED
    standing = {
        position.party_key: position
        for position in domain.positions(events, history([one]), _tallies(counted), basis=indicator)
    }
    countable = _countable(one, actor)
    standing = {key: place for key, place in standing.items() if key in countable}
    return FluxBoard(
        computed=one,
        year=year,
        lines=tuple(_line(row, one, standing) for row in one.facts.lines),
        bailleur_position=standing.get(domain.BAILLEUR),
        vacancy_count=len(events),
        indicator=indicator,
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


async def own_mutation_share(tx: TenantTransaction, year: int) -> MutationShare:
    """Internal moves among the vacancies since 1 January, against the 10 % (art. 2.3)."""
    require(tx.actor, Permission.VACANCY_READ)
    natures = await flux.count_natures(
        tx, from_on=date(year, 1, 1), until_on=min(date(year, 12, 31), local_day(tx.now))
    )
    counted = sum(number for nature, number in natures.items() if nature != "first_letting")
    return mutation_share(count=natures.get("mutation", 0), total=counted)


# --- Advice -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ExplainedAdvice:
    """The advice for a vacancy, with the names of the parties, for the page and the snapshot."""

    advice: Advice
    names: dict[str, str]
    year: int

    def snapshot(self) -> dict[str, object]:
        """What is frozen with the decision: order, lags in 1/10 000 dwelling, sentences."""
        return {
            "year": self.year,
            "note": self.advice.note,
            "proposals": [
                {"party": one.party_key, "lag": one.lag, "rate_bp": one.rate_bp,
                 "rank": one.rank, "sentence": one.sentence}
                for one in self.advice.proposals
            ],
            "set_aside": [
                {"party": one.party_key, "code": one.code.value, "sentence": one.sentence}
                for one in self.advice.set_aside
            ],
        }  # fmt: skip


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


async def advise(tx: TenantTransaction, vacancy: VacancyRow) -> ExplainedAdvice:
    """Who should receive this vacancy and why, who is set aside (domain.md §5.6)."""
    return (await advise_each(tx, [vacancy]))[vacancy.id]


async def advise_each(
    tx: TenantTransaction, vacancies: Collection[VacancyRow]
) -> dict[UUID, ExplainedAdvice]:
    """The advice for several vacancies: their year's facts are read once for all of them."""
    require(tx.actor, Permission.DWELLING_READ)
    require(tx.actor, Permission.VACANCY_READ)
    refused = await orientations.refusers(tx, [row.id for row in vacancies])
    found: dict[UUID, ExplainedAdvice] = {}
    for year in {row.registered_on.year for row in vacancies}:
        of_year = [row for row in vacancies if row.registered_on.year == year]
        found |= await _advise_year(tx, year, of_year, refused)
    return found


async def _advise_year(
    tx: TenantTransaction,
    year: int,
    vacancies: Iterable[VacancyRow],
    refused: Collection[tuple[UUID, UUID, str]],
) -> dict[UUID, ExplainedAdvice]:
    today, owner = local_day(tx.now), tx.actor.tenant_id
    computed = await list_annexes(tx, year, bailleur_id=owner)
    agreed = await conventions.list_conventions(tx, bailleur_id=owner)
    counts = (await _counts(tx, year, owner)).of(owner)
    signed = history(computed)
    standing = domain.positions(counts.events(today), signed, _tallies(counts))
    parties = _parties(computed, agreed, today)
    book = domain.RateBook(signed)
    names = {party.key: party.name for party in parties}
    names[domain.BAILLEUR] = tx.actor.tenant_name
    found = {}
    for row in vacancies:
        rates = book.on(row.dwelling.insee, today)
        freed = domain.Vacancy(
            insee=row.dwelling.insee,
            commune_name=row.dwelling.commune_name,
            rates=rates.rates if rates else None,
            refused_by=frozenset(
                party_key(who, part) for vacancy_id, who, part in refused if vacancy_id == row.id
            ),
        )
        advice = domain.advise(freed, standing, parties, bailleur_name=tx.actor.tenant_name)
        found[row.id] = ExplainedAdvice(advice=advice, names=names, year=year)
    return found


def _parties(
    computed: Iterable[ComputedAnnexe], agreed: list[conventions.Convention], today: date
) -> list[domain.Party]:
    """The lines of every annexe, then the conventions without any line, in that order."""
    found: dict[str, domain.Party] = {}
    named = [
        (line.reservataire_id, line.reservataire_name, line.contingent)
        for one in computed
        for line in one.facts.lines
    ]
    lined = {reservataire_id for reservataire_id, _, _ in named}
    named += [
        (row.reservataire_id, row.reservataire_name, "none")
        for row in agreed
        if row.reservataire_id not in lined
    ]
    for reservataire_id, name, contingent in named:
        key = party_key(reservataire_id, contingent)
        row = convention_with(agreed, reservataire_id, today)
        found.setdefault(
            key,
            domain.Party(
                key=key,
                name=party_name(name, contingent),
                perimeter=row.perimeter if row else frozenset(),
                is_convention_in_force=row is not None and is_in_force(row, today),
                has_address=bool(row and row.mailbox),
            ),
        )
    return list(found.values())


def party_name(name: str, contingent: str) -> str:
    """A réservataire with its contingent: « Préfecture, contingent RS (mal-logés) »."""
    suffix = {"fonctionnaires": ", contingent fonctionnaires", "rs": ", contingent RS (mal-logés)"}
    return name + suffix.get(contingent, "")
