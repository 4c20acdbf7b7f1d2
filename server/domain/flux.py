"""Positions on the flux and advice on the next orientation (art. 5.1 and 7, R441-5).

Numbers are integers in 1/10 000 dwelling (`UNIT` is one dwelling), rates in 1/100 %: a vacancy
gives each party its rate of the commune, the bailleur what they leave, so that what is due always
adds up to the vacancies. The portal advises; the bailleur decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import accumulate

from server.domain import labels
from server.domain.annexe import Annexe

UNIT = 10_000
"""One dwelling, and 100 % of a commune's rates."""

BAILLEUR = "bailleur"
"""Key of the bailleur's own row; no line of an annexe bears it."""


class Indicator(StrEnum):
    """The three counts of the bilan; the partners choose the one of the decompte (art. 7)."""

    ORIENTED = "oriented"
    ATTRIBUTED = "attributed"
    LEASED = "leased"


class SetAsideCode(StrEnum):
    """Why a reservataire cannot receive this dwelling, in the order in which it is looked at."""

    PERIMETER = "perimeter"
    CONVENTION = "convention"
    ADDRESS = "address"
    REFUSED = "refused"
    NO_RATE = "no_rate"


@dataclass(frozen=True, kw_only=True)
class CommuneRates:
    """The signed rates of a commune from a day on, in the order of the annexe, without bailleur."""

    insee: str
    valid_from: date
    rates: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class FluxEvent:
    """A vacancy counted in the flux: in the assiette, neither a first letting nor a mutation."""

    insee: str
    on: date


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a party received, in whole dwellings.

    The first three are the counts of the bilan; `engaged` counts the vacancies that the party
    holds or has leased (`orientations.ENGAGED_STATES`), which refusals never increase.
    """

    party_key: str
    oriented: int = 0
    attributed: int = 0
    leased: int = 0
    engaged: int = 0


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a party stands, in 1/10 000 dwelling.

    `gap` is the chosen indicator less what is due: negative means late. `lag` is what is due
    less what is engaged: positive means late; the advice uses it.
    """

    party_key: str
    due: int
    oriented: int
    attributed: int
    leased: int
    gap: int
    lag: int


@dataclass(frozen=True, kw_only=True)
class MonthPoint:
    """What was due and what was received from 1 January to the end of a month, in `UNIT`."""

    month: int
    due: int
    received: int


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
    rates: tuple[tuple[str, int], ...] | None
    refused_by: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A party that can receive the dwelling: `lag` in 1/10 000 dwelling, rate in 1/100 %."""

    party_key: str
    lag: int
    rate_bp: int
    rank: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class SetAside:
    party_key: str
    code: SetAsideCode
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Who may receive the dwelling, most late first, who may not and why; `note` if special."""

    proposals: tuple[Proposal, ...]
    set_aside: tuple[SetAside, ...]
    note: str | None


def published_rates(annexe: Annexe, valid_from: date) -> tuple[CommuneRates, ...]:
    """The signed rates of an annexe by commune, in force from a day on (art. 4)."""
    return tuple(
        CommuneRates(
            insee=share.stock.insee,
            valid_from=valid_from,
            rates=tuple((rate.line.key, rate_bp) for rate, rate_bp in share.rates),
        )
        for share in annexe.communes
    )


def shares(rates: Sequence[tuple[str, int]]) -> dict[str, int]:
    """What one vacancy gives each party, bailleur included; the values add up to `UNIT`."""
    return {**dict(rates), BAILLEUR: UNIT - sum(rate for _, rate in rates)}


class RateBook:
    """Signed rates by commune and day: each annexe holds until the next one is published."""

    def __init__(self, history: Sequence[CommuneRates]) -> None:
        self._communes: defaultdict[str, list[CommuneRates]] = defaultdict(list)
        for one in sorted(history, key=lambda one: one.valid_from):
            self._communes[one.insee].append(one)

    def on(self, insee: str, day: date) -> CommuneRates | None:
        """The rates of the commune on a day; None if no annexe was published by then."""
        known = self._communes.get(insee, [])
        count = bisect_right(known, day, key=lambda one: one.valid_from)
        return known[count - 1] if count else None

    def shares(self, insee: str, day: date) -> dict[str, int]:
        """What a vacancy of the commune gives each party; all to the bailleur without annexe."""
        rates = self.on(insee, day)
        return shares(rates.rates if rates is not None else ())


def accrue(events: Sequence[FluxEvent], history: Sequence[CommuneRates]) -> dict[str, int]:
    """What is due to each party, in 1/10 000 dwelling, in the order of the annexes.

    A vacancy of a commune without published annexe is wholly the bailleur's. The sum is exactly
    `UNIT` times the number of vacancies.
    """
    book = RateBook(history)
    due: defaultdict[str, int] = defaultdict(int)
    for event in events:
        for key, share in book.shares(event.insee, event.on).items():
            due[key] += share
    return dict(due)


def positions(
    events: Sequence[FluxEvent],
    history: Sequence[CommuneRates],
    tallies: Sequence[Tally],
    *,
    basis: Indicator = Indicator.ORIENTED,
) -> tuple[Position, ...]:
    """Where each party stands, bailleur last (art. 7); one tally a party at most."""
    due = accrue(events, history)
    received = {tally.party_key: tally for tally in tallies}
    keys = [key for key in dict.fromkeys((*_keys(history), *due, *received)) if key != BAILLEUR]
    return tuple(
        _position(key, due.get(key, 0), received.get(key, Tally(party_key=key)), basis)
        for key in (*keys, BAILLEUR)
    )


def trajectory(
    events: Sequence[FluxEvent],
    history: Sequence[CommuneRates],
    received: Mapping[int, int],
    keys: Collection[str],
    until: date,
) -> tuple[MonthPoint, ...]:
    """What is due to the parties `keys` and what they received (dwellings by month), cumulated
    from January to the month of `until`.
    """
    book = RateBook(history)
    due: defaultdict[int, int] = defaultdict(int)
    for event in events:
        given = book.shares(event.insee, event.on)
        due[event.on.month] += sum(share for key, share in given.items() if key in keys)
    months = range(1, until.month + 1)
    return tuple(
        MonthPoint(month=month, due=total, received=count * UNIT)
        for month, total, count in zip(
            months,
            accumulate(due[month] for month in months),
            accumulate(received.get(month, 0) for month in months),
            strict=True,
        )
    )


def add_up(series: Sequence[Sequence[MonthPoint]]) -> tuple[MonthPoint, ...]:
    """Several trajectories of the same months as one."""
    return tuple(
        MonthPoint(
            month=points[0].month,
            due=sum(one.due for one in points),
            received=sum(one.received for one in points),
        )
        for points in zip(*series, strict=True)
    )


def _keys(history: Sequence[CommuneRates]) -> Iterator[str]:
    for commune in history:
        yield from (key for key, _ in commune.rates)


def _position(key: str, due: int, tally: Tally, basis: Indicator) -> Position:
    counts = {
        Indicator.ORIENTED: tally.oriented * UNIT,
        Indicator.ATTRIBUTED: tally.attributed * UNIT,
        Indicator.LEASED: tally.leased * UNIT,
    }
    return Position(
        party_key=key,
        due=due,
        oriented=counts[Indicator.ORIENTED],
        attributed=counts[Indicator.ATTRIBUTED],
        leased=counts[Indicator.LEASED],
        gap=counts[basis] - due,
        lag=due - tally.engaged * UNIT,
    )


def advise(
    vacancy: Vacancy,
    standing: Sequence[Position],
    parties: Sequence[Party],
    *,
    bailleur_name: str = "Le bailleur",
) -> Advice:
    """Order those who can receive the dwelling (art. 5.1).

    Larger lag first; ties by larger rate on the commune, then the annexe's order, the bailleur
    last. The vacancy itself is among the events of `standing`. Same facts, same answer.
    """
    rates = dict(vacancy.rates or ())
    lags = {position.party_key: position.lag for position in standing}
    set_aside = [one for party in parties if (one := _set_aside(party, vacancy, rates))]
    excluded = {one.party_key for one in set_aside}
    names = {party.key: party.name for party in parties if party.key not in excluded}
    names[BAILLEUR] = f"{bailleur_name}, part non réservée"
    own_share = shares(vacancy.rates or ())[BAILLEUR]
    entitled = sorted(
        ((key, lags.get(key, 0), rates.get(key, own_share)) for key in names),
        key=lambda one: (-one[1], one[0] == BAILLEUR, -one[2]),
    )
    return Advice(
        proposals=tuple(_proposals(entitled, names)),
        set_aside=tuple(set_aside),
        note=None if vacancy.rates is not None else _no_annexe(vacancy.commune_name),
    )


def _no_annexe(commune_name: str) -> str:
    return (
        f"Aucune annexe 1 publiée ne donne de taux pour {commune_name} : "
        "ce logement compte en entier dans la part du bailleur."
    )


def _set_aside(party: Party, vacancy: Vacancy, rates: Mapping[str, int]) -> SetAside | None:
    """The first reason that excludes a party, if any."""
    commune = vacancy.commune_name
    reasons = {
        SetAsideCode.PERIMETER: (
            vacancy.insee not in party.perimeter,
            f"son périmètre ne comprend pas {commune} (art. 5.1).",
        ),
        SetAsideCode.CONVENTION: (
            not party.is_convention_in_force,
            "aucune convention en vigueur (art. 8).",
        ),
        SetAsideCode.ADDRESS: (
            not party.has_address,
            "l'adresse de la convention est restée en blanc (art. 5.3).",
        ),
        SetAsideCode.REFUSED: (
            party.key in vacancy.refused_by,
            "a déjà refusé ce logement.",
        ),
        SetAsideCode.NO_RATE: (
            rates.get(party.key, 0) == 0,
            f"n'a pas de taux à {commune} dans l'annexe 1.",
        ),
    }
    return next(
        (
            SetAside(party_key=party.key, code=code, sentence=f"{party.name} : {sentence}")
            for code, (applies, sentence) in reasons.items()
            if applies
        ),
        None,
    )


def _proposals(
    entitled: Sequence[tuple[str, int, int]], names: Mapping[str, str]
) -> Iterator[Proposal]:
    for index, (key, lag, rate) in enumerate(entitled):
        place = _place(index, entitled, names)
        yield Proposal(
            party_key=key,
            lag=lag,
            rate_bp=rate,
            rank=index + 1,
            sentence=f"{names[key]} : {_standing(lag)}{place}",
        )


def _standing(lag: int) -> str:
    if lag > 0:
        return f"en retard de {labels.dwellings(lag)} sur son quota"
    if lag < 0:
        return f"en avance de {labels.dwellings(-lag)} sur son quota"
    return "exactement à son quota"


def _place(index: int, entitled: Sequence[tuple[str, int, int]], names: Mapping[str, str]) -> str:
    """Why this rank: the lag, or what settled an equal lag with the next or the previous one."""
    lag = entitled[index][1]
    if len(entitled) == 1:
        return ", le seul organisme qui peut recevoir ce logement."
    if index > 0:
        return f", {index + 1}e rang des organismes qui peuvent recevoir ce logement."
    rival, rival_lag, _ = entitled[1]
    if rival_lag == lag:
        return f", à égalité avec {names[rival]} ; {_tie(entitled)}."
    rank = "le plus en retard" if lag > 0 else "le moins en avance"
    return f", {rank} des organismes qui peuvent recevoir ce logement."


def _tie(entitled: Sequence[tuple[str, int, int]]) -> str:
    (_, _, rate), (rival, _, rival_rate) = entitled[:2]
    if rival == BAILLEUR:
        return "le réservataire passe avant le bailleur"
    if rate > rival_rate:
        return "son taux dans la commune est plus élevé"
    return "l'ordre de l'annexe 1 les départage"
