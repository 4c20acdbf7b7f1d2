"""Who may receive a freed dwelling, in which order and why (art. 5.1, R441-5).

The order is the rule of `domain.ledger`, the numbers are those of the ledger of the bailleur. The
portal advises; the bailleur decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from server.domain import labels, ledger_sentences
from server.domain.flux import BAILLEUR, shares
from server.domain.ledger import (
    WEIGHTS,
    Decision,
    Entitled,
    Family,
    Ledger,
    Standing,
    Step,
    Stratum,
    rank,
)


class SetAsideCode(StrEnum):
    """Why a party does not receive this dwelling, in the order in which it is looked at."""

    PERIMETER = "perimeter"
    CONVENTION = "convention"
    ADDRESS = "address"
    REFUSED = "refused"
    NO_RATE = "no_rate"
    AHEAD = "ahead"


CHOOSABLE = (SetAsideCode.AHEAD, SetAsideCode.NO_RATE)
"""Set aside by the rule or without a rate: the convention allows them all the same."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """A line of the annexe as a possible receiver; the sequence gives the annexe's order."""

    key: str
    name: str
    perimeter: frozenset[str]
    is_convention_in_force: bool
    has_address: bool


@dataclass(frozen=True, kw_only=True)
class Vacancy:
    """The freed dwelling: `rates` are those of its commune (None if no annexe was published)."""

    insee: str
    commune_name: str
    strata: tuple[Stratum, ...]
    rates: tuple[tuple[str, int], ...] | None
    refused_by: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A party that can receive the dwelling: lags in 1/10 000 dwelling, rate in 1/100 %.

    `lags` follow the strata of the advice, the total first; `score` is their weighted sum.
    """

    party_key: str
    rate_bp: int
    rank: int
    lags: tuple[int, ...]
    score: int
    step: Step
    sentence: str

    @property
    def lag(self) -> int:
        return self.lags[0]


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """`lags` as in a proposal, for who waits because it is ahead."""

    party_key: str
    code: SetAsideCode
    sentence: str
    lags: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Who may receive the dwelling, in the order of the rule, who may not and why."""

    strata: tuple[Stratum, ...]
    proposals: tuple[Proposal, ...]
    set_aside: tuple[SetAside, ...]
    note: str | None

    @property
    def standings(self) -> tuple[Proposal | SetAside, ...]:
        """Those whom the rule compares: the proposals, then who waits."""
        return (*self.proposals, *(one for one in self.set_aside if one.lags))

    @property
    def allowed(self) -> list[str]:
        """Those whom the convention allows: the ranks, who is ahead, who has no rate here."""
        aside = [one.party_key for one in self.set_aside if one.code in CHOOSABLE]
        return [*(one.party_key for one in self.proposals), *aside]

    @property
    def first(self) -> str:
        """Somebody always is: the bailleur may keep any dwelling."""
        return self.proposals[0].party_key


def entitled_of(
    vacancy: Vacancy, parties: Sequence[Party]
) -> tuple[tuple[Entitled, ...], tuple[SetAside, ...]]:
    """Who may receive the dwelling, the bailleur last, and who is excluded by its own facts."""
    rates = dict(vacancy.rates or ())
    excluded = tuple(one for party in parties if (one := _excluded(party, vacancy, rates)))
    keys = {one.party_key for one in excluded}
    entitled = [
        Entitled(key=party.key, rate_bp=rates[party.key])
        for party in parties
        if party.key not in keys
    ]
    own = shares(vacancy.rates or ())[BAILLEUR]
    return (*entitled, Entitled(key=BAILLEUR, rate_bp=own)), excluded


def advise(
    vacancy: Vacancy,
    ledger: Ledger,
    parties: Sequence[Party],
    communes: Mapping[str, str],
    *,
    bailleur_name: str,
    weights: Mapping[Family, int] = WEIGHTS,
) -> Advice:
    """The order of the rule, the vacancy itself being in the ledger already.

    Same facts, same answer. Who is ahead waits its turn unless all are.
    """
    entitled, excluded = entitled_of(vacancy, parties)
    names = {party.key: party.name for party in parties}
    names[BAILLEUR] = f"{bailleur_name}, part non réservée"
    decisions = rank(ledger, entitled, vacancy.strata, weights)
    ahead = _ahead(decisions[0])
    ranked = [one for one in decisions if one.winner.key not in {each.key for each in ahead}]
    return Advice(
        strata=vacancy.strata,
        proposals=tuple(
            _proposal(place, decision, names, communes)
            for place, decision in enumerate(ranked, start=1)
        ),
        set_aside=(*excluded, *(_waits(one, names) for one in ahead)),
        note=None if vacancy.rates is not None else _no_annexe(vacancy.commune_name),
    )


def _ahead(first: Decision) -> tuple[Standing, ...]:
    """Those who wait; nobody if everybody is ahead, for somebody must be served."""
    waiting = [one for one in first.standings if one.key in first.waiting]
    return () if len(waiting) == len(first.standings) else tuple(waiting)


def _proposal(
    place: int, decision: Decision, names: Mapping[str, str], communes: Mapping[str, str]
) -> Proposal:
    """From the second rank on, as if those before had refused."""
    told = decision if place == 1 else replace(decision, waiting=())
    winner = decision.winner
    return Proposal(
        party_key=winner.key,
        rate_bp=winner.rate_bp,
        rank=place,
        lags=winner.lags,
        score=winner.score,
        step=decision.step,
        sentence=ledger_sentences.sentence(told, names, communes),
    )


def _waits(one: Standing, names: Mapping[str, str]) -> SetAside:
    sentence = (
        f"{names[one.key]} : attend son tour, en avance de {labels.dwellings(-one.total)} "
        "sur son quota total, plus d'un quart de logement."
    )
    return SetAside(party_key=one.key, code=SetAsideCode.AHEAD, sentence=sentence, lags=one.lags)


def _no_annexe(commune_name: str) -> str:
    return (
        f"Aucune annexe 1 publiée ne donne de taux pour {commune_name} : "
        "ce logement compte en entier dans la part du bailleur."
    )


def _excluded(party: Party, vacancy: Vacancy, rates: Mapping[str, int]) -> SetAside | None:
    """The first reason that excludes a party, if any."""
    return next(
        (
            SetAside(party_key=party.key, code=code, sentence=f"{party.name} : {sentence}")
            for code, applies, sentence in _reasons(party, vacancy, rates)
            if applies
        ),
        None,
    )


def _reasons(
    party: Party, vacancy: Vacancy, rates: Mapping[str, int]
) -> Iterator[tuple[SetAsideCode, bool, str]]:
    commune = vacancy.commune_name
    yield (
        SetAsideCode.PERIMETER,
        vacancy.insee not in party.perimeter,
        f"son périmètre ne comprend pas {commune} (art. 5.1).",
    )
    yield (
        SetAsideCode.CONVENTION,
        not party.is_convention_in_force,
        "aucune convention en vigueur (art. 8).",
    )
    yield (
        SetAsideCode.ADDRESS,
        not party.has_address,
        "l'adresse de la convention est restée en blanc (art. 5.3).",
    )
    yield (
        SetAsideCode.REFUSED,
        party.key in vacancy.refused_by,
        "a déjà refusé ce logement.",
    )
    yield (
        SetAsideCode.NO_RATE,
        rates.get(party.key, 0) == 0,
        f"n'a pas de taux à {commune} dans l'annexe 1.",
    )
