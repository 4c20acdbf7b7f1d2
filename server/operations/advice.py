"""The advice on a vacancy, or on a morning's list: the rule on the ledger of the bailleur."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.db import conventions, droits_uniques, orientations
from server.db.droits_uniques import PacedRight
from server.db.dwellings import Vacancy as VacancyRow
from server.db.paging import PageRequest, Sort
from server.domain import advice as domain
from server.domain.advice import Advice, Party
from server.domain.deadlines import local_day
from server.domain.flux import BAILLEUR
from server.domain.ledger import RULE_VERSION, Family, Ledger, Stratum, withdrawn
from server.domain.ledger_sentences import FAMILIES, stratum_label
from server.domain.lots import Freed, decide_together
from server.domain.own_share import OwnRight, Served, serve
from server.domain.strata import AppealRule, as_facts, from_facts, strata_of
from server.operations import ledger, vacancies
from server.operations.annexe_rates import ComputedAnnexe, party_key
from server.operations.flux import convention_with, is_in_force, party_name
from server.operations.ledger import DayRates, Ground
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class ExplainedAdvice:
    """The advice for a vacancy, with the names of the parties, for the page and the snapshot.

    `position` is the last move of the ledger that it counts, `annexe_id` where its rates are;
    `rights` the droits uniques on which it may be offered, `served` the one that should be when the
    bailleur's own share comes first.
    """

    advice: Advice
    names: dict[str, str]
    year: int
    position: int
    basis: str
    annexe_id: UUID | None
    settings_version: str
    weights: Mapping[Family, int]
    communes: Mapping[str, str]
    rights: tuple[PacedRight, ...]
    served: Served | None

    def strata_labels(self) -> list[str]:
        """Tous les logements, T3, PLUS, en QPV…, in the order of the lags."""
        return [stratum_label(one, self.communes) for one in self.advice.strata]

    def score_of(self, lags: Sequence[int]) -> int:
        """The weighted sum of lags that follow the strata of the advice."""
        families = [family for family, _ in self.advice.strata]
        return sum(self.weights[one] * lag for one, lag in zip(families, lags, strict=True))

    def weights_words(self) -> str:
        """« tous les logements 2, typologie 1… »."""
        return ", ".join(f"{FAMILIES[family]} {self.weights[family]}" for family in Family)

    def snapshot(self) -> dict[str, object]:
        """What is frozen with the decision: order, lags in 1/10 000 dwelling, sentences, and
        from which versions they come.
        """
        strata = self.advice.strata
        return {
            "year": self.year,
            "note": self.advice.note,
            "droit_unique": self.served.key if self.served else None,
            "own_share": self.served.sentence if self.served else None,
            "rule": RULE_VERSION,
            "settings": self.settings_version,
            "annexe": str(self.annexe_id) if self.annexe_id else None,
            "basis": self.basis,
            "position": self.position,
            "strata": as_facts(strata),
            "weights": {family.value: weight for family, weight in self.weights.items()},
            "proposals": [
                {"party": one.party_key, "lag": one.lag, "rate_bp": one.rate_bp,
                 "rank": one.rank, "score": one.score, "step": one.step.value,
                 "lags": _by_family(strata, one.lags), "sentence": one.sentence}
                for one in self.advice.proposals
            ],
            "set_aside": [
                {"party": one.party_key, "code": one.code.value,
                 "lags": _by_family(strata, one.lags), "sentence": one.sentence}
                for one in self.advice.set_aside
            ],
        }  # fmt: skip


def _by_family(strata: Sequence[Stratum], lags: Sequence[int]) -> dict[str, int]:
    return {family.value: lag for (family, _), lag in zip(strata, lags, strict=False)}


async def advise(
    tx: TenantTransaction, vacancy: VacancyRow, ground: Ground | None = None
) -> ExplainedAdvice:
    """Who should receive this vacancy and why, who is set aside (art. 5.1)."""
    return (await advise_each(tx, [vacancy], ground))[vacancy.id]


async def advise_each(
    tx: TenantTransaction, rows: Collection[VacancyRow], ground: Ground | None = None
) -> dict[UUID, ExplainedAdvice]:
    """The advice for several vacancies, each as if it were alone: their facts are read once."""
    require(tx.actor, Permission.DWELLING_READ)
    require(tx.actor, Permission.VACANCY_READ)
    if not rows:
        return {}
    table = await _table(tx, rows, ground or Ground(tx))
    return {row.id: table.explain(row) for row in rows}


@dataclass(frozen=True, kw_only=True)
class Table:
    """All that the advices of one moment read: `rates` of today, `owed` those of its own day."""

    bailleur: str
    year: int
    parties: tuple[Party, ...]
    strata: Mapping[UUID, tuple[Stratum, ...]]
    rates: Mapping[UUID, DayRates]
    owed: Mapping[UUID, DayRates]
    refused: frozenset[tuple[UUID, str]]
    communes: Mapping[str, str]
    settings: ledger.Settings
    book: ledger.Book
    rights: tuple[PacedRight, ...]
    today: date

    def vacancy(self, row: VacancyRow) -> domain.Vacancy:
        return domain.Vacancy(
            insee=row.dwelling.insee,
            commune_name=row.dwelling.commune_name,
            strata=self.strata[row.id],
            rates=self.rates[row.id].rates,
            refused_by=frozenset(key for vacancy, key in self.refused if vacancy == row.id),
        )

    def before(self, rows: Iterable[VacancyRow]) -> Ledger:
        """The ledger as if these vacancies were not owed yet."""
        trial = self.book.ledger.copy()
        for row in rows:
            trial.apply(withdrawn(self.strata[row.id], self.owed[row.id].shares))
        return trial

    def list_of(self, rows: Iterable[VacancyRow]) -> list[Freed]:
        return [
            Freed(
                strata=self.strata[row.id],
                shares=self.owed[row.id].shares,
                entitled=domain.entitled_of(self.vacancy(row), self.parties)[0],
            )
            for row in rows
        ]

    def explain(self, row: VacancyRow) -> ExplainedAdvice:
        names = {party.key: party.name for party in self.parties} | {BAILLEUR: self.bailleur}
        found = domain.advise(
            self.vacancy(row),
            self.book.ledger,
            self.parties,
            self.communes,
            bailleur_name=self.bailleur,
            weights=self.settings.weights,
        )
        rights = tuple(one for one in self.rights if _key_of(one) in found.allowed)
        return ExplainedAdvice(
            advice=found,
            rights=rights,
            served=_served(rights, self.today) if found.first == BAILLEUR else None,
            names=names,
            year=self.year,
            position=self.book.position,
            basis=self.settings.basis.value,
            annexe_id=self.rates[row.id].annexe_id,
            settings_version=self.settings.version,
            weights=self.settings.weights,
            communes=self.communes,
        )


async def _table(tx: TenantTransaction, rows: Collection[VacancyRow], ground: Ground) -> Table:
    settings = await ground.settings()
    strata = {row.id: await _strata(tx, row, settings.appeal) for row in rows}
    rates = await ground.rates()
    refused = await orientations.refusers(tx, [row.id for row in rows])
    agreed = await ground.agreed()
    wanted = {stratum for each in strata.values() for stratum in each}
    return Table(
        bailleur=tx.actor.tenant_name,
        year=local_day(tx.now).year,
        parties=tuple(parties_of(rates.in_force(tx.now), agreed, local_day(tx.now))),
        strata=strata,
        rates={row.id: rates.at(row.dwelling.insee, tx.now) for row in rows},
        owed={row.id: rates.at(row.dwelling.insee, row.registered_at) for row in rows},
        refused=frozenset((vacancy, party_key(who, part)) for vacancy, who, part in refused),
        communes={row.dwelling.insee: row.dwelling.commune_name for row in rows},
        settings=settings,
        book=await ledger.book(tx, wanted, settings.basis, ground),
        rights=await ground.rights(),
        today=local_day(tx.now),
    )


def _key_of(right: PacedRight) -> str:
    """The State has contingents only, and no droit unique."""
    return party_key(right.reservataire_id, "none")


def _served(rights: Sequence[PacedRight], today: date) -> Served | None:
    """The second level: the pace of the twelve months past holds until the end of the year."""
    days = (date(today.year, 12, 31) - today).days
    owed = [
        OwnRight(
            key=str(one.id),
            name=f"{one.reservataire_name}, programme {one.programme}",
            available=one.available,
            since=one.since,
        )
        for one in rights
    ]
    return serve(owed, 1 + rights[0].own * days // droits_uniques.A_YEAR.days) if owed else None


async def _strata(tx: TenantTransaction, row: VacancyRow, rule: AppealRule) -> tuple[Stratum, ...]:
    """Those kept at the registration; a vacancy older than the ledger has those of its dwelling."""
    if row.strata:
        return from_facts(row.strata)
    return strata_of(await ledger.home_of(tx, row.dwelling, row.registered_on), rule)


def parties_of(
    computed: Iterable[ComputedAnnexe], agreed: Sequence[conventions.Convention], today: date
) -> list[Party]:
    """The lines of every annexe, then the conventions without any line, in that order."""
    found: dict[str, Party] = {}
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
            Party(
                key=key,
                # the annexe keeps the name of its year, the offer goes to the one of today
                name=party_name(row.reservataire_name if row else name, contingent),
                perimeter=row.perimeter if row else frozenset(),
                is_convention_in_force=row is not None and is_in_force(row, today),
                has_address=bool(row and row.mailbox),
            ),
        )
    return list(found.values())


# --- A morning's list ---------------------------------------------------------------------------

MOST_TOGETHER = 50


@dataclass(frozen=True, kw_only=True)
class Joint:
    """A vacancy of the list, its own advice, and who is advised when all are looked at together."""

    vacancy: VacancyRow
    explained: ExplainedAdvice
    party_key: str

    @property
    def is_exchanged(self) -> bool:
        return self.party_key != self.explained.advice.first


async def advise_together(tx: TenantTransaction, ground: Ground | None = None) -> list[Joint]:
    """The vacancies to orient, the oldest first, 50 at most, advised at once.

    Nobody's total changes against advising one by one: only the strata come closer.
    """
    request = PageRequest(first=MOST_TOGETHER, sort=Sort(code="enregistree"))
    waiting = (await vacancies.list_page(tx, request, awaiting=True)).items
    if not waiting:
        return []
    table = await _table(tx, waiting, ground or Ground(tx))
    keys = decide_together(table.before(waiting), table.list_of(waiting), table.settings.weights)
    return [
        Joint(vacancy=row, explained=table.explain(row), party_key=key)
        for row, key in zip(waiting, keys, strict=True)
    ]
