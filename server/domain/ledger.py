"""Who is behind, exactly: one ledger per bailleur, and the rule that advises from it.

A lag is an integer in 1/10 000 dwelling, positive when the party is late, kept in total and per
stratum (the families of R441-5-1, and how attractive the dwelling is, art. 5.1). Every event moves
the same amounts between parties in each stratum of its dwelling, and the amounts of a move add up
to zero: so does each stratum, after every event, and replaying the moves gives the same digits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import mul
from typing import NamedTuple

from server.domain.flux import BAILLEUR, UNIT

PENDING = "pending"
"""Holds what is freed and not oriented yet, so that a stratum adds up to zero meanwhile."""

DEFERRED = "deferred"
"""Holds what an urgency will charge later, when its cost is spread over several months."""

CATCH_UP = UNIT
"""A party late by one dwelling in total goes before all the others."""

ADVANCE = UNIT // 4
"""A party ahead by more than a quarter of a dwelling in total waits: never over 1.25 ahead."""


class Family(StrEnum):
    """What the flux is balanced on: all dwellings, the five families of R441-5-1, the appeal."""

    TOTAL = "total"
    TYPOLOGY = "typology"
    FINANCING = "financing"
    PERIOD = "period"
    AREA = "area"
    COMMUNE = "commune"
    APPEAL = "appeal"


WEIGHTS: Mapping[Family, int] = dict.fromkeys(Family, 1) | {Family.TOTAL: 2}
"""Small integers that the partners may change; these were measured in full."""

RULE_VERSION = "marges-encadrees-1"
"""Stored with each decision: the steps of `decide`, their bounds and the weights."""

Stratum = tuple[Family, str]
TOTAL: Stratum = (Family.TOTAL, "")


@dataclass(frozen=True, kw_only=True)
class Move:
    """One event of the ledger: the same amounts in each stratum; they add up to zero."""

    strata: tuple[Stratum, ...]
    amounts: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        if sum(amount for _, amount in self.amounts) != 0:
            raise ValueError("a move of the ledger adds up to zero")


def freed(strata: tuple[Stratum, ...], shares: Mapping[str, int]) -> Move:
    """A vacancy enters the flux: each party is owed its rate, the bailleur what they leave."""
    return Move(strata=strata, amounts=(*shares.items(), (PENDING, -UNIT)))


def withdrawn(strata: tuple[Stratum, ...], shares: Mapping[str, int]) -> Move:
    """A vacancy leaves the flux before anybody is charged with it: what it gave is taken back."""
    return Move(strata=strata, amounts=(*((k, -v) for k, v in shares.items()), (PENDING, UNIT)))


def oriented(strata: tuple[Stratum, ...], party: str) -> Move:
    """The vacancy goes to the party, which owes one dwelling less to its quota."""
    return Move(strata=strata, amounts=((party, -UNIT), (PENDING, UNIT)))


def released(strata: tuple[Stratum, ...], party: str) -> Move:
    """The vacancy comes back uncounted (refusal, no candidate, failure): it is to orient again."""
    return Move(strata=strata, amounts=((party, UNIT), (PENDING, -UNIT)))


def spread(strata: tuple[Stratum, ...], party: str, parts: int) -> tuple[Move, ...]:
    """A dwelling charged at once is charged in equal parts: the first stays, the others are put
    off, then come back one by one. Whole numbers: the first part has what is left over.
    """
    part = UNIT // parts
    later = part * (parts - 1)
    put_off = Move(strata=strata, amounts=((party, later), (DEFERRED, -later)))
    back = Move(strata=strata, amounts=((party, -part), (DEFERRED, part)))
    return (put_off, *([back] * (parts - 1)))


def expired(
    balances: Mapping[Stratum, Mapping[str, int]], party: str, heir: str = BAILLEUR
) -> tuple[Move, ...]:
    """A party leaves the flux: its balance of each stratum goes to the bailleur's row."""
    return tuple(
        Move(strata=(stratum,), amounts=((party, -lags[party]), (heir, lags[party])))
        for stratum, lags in balances.items()
        if lags.get(party)
    )


class Ledger:
    """The balances that moves make; `lags` is stratum → party → lag."""

    def __init__(self, moves: Iterable[Move] = ()) -> None:
        self.lags: dict[Stratum, dict[str, int]] = {}
        for move in moves:
            self.apply(move)

    def apply(self, move: Move) -> None:
        for stratum in move.strata:
            lags = self.lags.setdefault(stratum, {})
            for party, amount in move.amounts:
                lags[party] = lags.get(party, 0) + amount

    def copy(self) -> Ledger:
        twin = Ledger()
        twin.lags = {stratum: dict(lags) for stratum, lags in self.lags.items()}
        return twin

    def lag(self, party: str, stratum: Stratum = TOTAL) -> int:
        return self.lags.get(stratum, {}).get(party, 0)


# --- The rule -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Entitled:
    """A party that may receive the dwelling, with its rate on the commune in 1/100 %."""

    key: str
    rate_bp: int


class Step(StrEnum):
    """What decided, in the order of the rule."""

    ALONE = "alone"
    CATCH_UP = "catch_up"
    TOTAL = "total"
    STRATA = "strata"
    SCORE = "score"


class Standing(NamedTuple):
    """A party before one dwelling: its lag in each stratum of the dwelling, and their sum."""

    key: str
    rate_bp: int
    lags: tuple[int, ...]
    score: int

    @property
    def total(self) -> int:
        """Its lag over all the dwellings: strata begin with `TOTAL`."""
        return self.lags[0]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who is advised and why; `leading` are the strata where nobody who could win is later.

    `standings` are all the entitled, in the order of the annexe; `waiting` those set aside as
    ahead, `runner_up` the best score after the winner's.
    """

    winner: Standing
    step: Step
    strata: tuple[Stratum, ...]
    leading: tuple[Stratum, ...]
    standings: tuple[Standing, ...]
    waiting: tuple[str, ...]
    runner_up: Standing | None


def _standings(
    ledger: Ledger,
    entitled: Sequence[Entitled],
    strata: Sequence[Stratum],
    weights: Mapping[Family, int],
) -> tuple[Standing, ...]:
    rows = [ledger.lags.get(stratum, {}) for stratum in strata]
    factors = [weights[family] for family, _ in strata]
    found = []
    for party in entitled:
        lags = tuple([row.get(party.key, 0) for row in rows])
        score = sum(map(mul, factors, lags))
        found.append(Standing(party.key, party.rate_bp, lags, score))
    return tuple(found)


def decide(
    ledger: Ledger,
    entitled: Sequence[Entitled],
    strata: tuple[Stratum, ...],
    weights: Mapping[Family, int] = WEIGHTS,
) -> Decision:
    """The party to serve: late by a dwelling first, none too far ahead, then the weighted lags.

    `entitled` is in the order of the annexe, the bailleur last, and `strata` begins with `TOTAL`;
    ties go to the larger total lag, the larger rate, the earlier line: no chance, no float.
    ValueError when nobody is entitled.
    """
    if not entitled:
        raise ValueError("somebody is always entitled: the bailleur is")
    standings = _standings(ledger, entitled, strata, weights)
    candidates, is_catching_up = _candidates(standings)
    ranked = sorted(candidates, key=_precedence)
    winner = ranked[0]
    latest = map(max, zip(*[one.lags for one in candidates], strict=True))
    leading = tuple(
        [
            stratum
            for stratum, lag, highest in zip(strata, winner.lags, latest, strict=True)
            if lag == highest > 0
        ]
    )
    return Decision(
        winner=winner,
        step=_step(winner, ranked, leading, is_catching_up=is_catching_up),
        strata=strata,
        leading=leading,
        standings=standings,
        waiting=tuple(one.key for one in standings if one.total < -ADVANCE),
        runner_up=ranked[1] if len(ranked) > 1 else None,
    )


def _candidates(standings: Sequence[Standing]) -> tuple[Sequence[Standing], bool]:
    latest = max(one.total for one in standings)
    if latest >= CATCH_UP:
        return [one for one in standings if one.total == latest], True
    return [one for one in standings if one.total >= -ADVANCE] or standings, False


def _precedence(one: Standing) -> tuple[int, int, int]:
    """Sorting is stable: after these, the order of the annexe."""
    return (-one.score, -one.total, -one.rate_bp)


def _step(
    winner: Standing,
    ranked: Sequence[Standing],
    leading: Collection[Stratum],
    *,
    is_catching_up: bool,
) -> Step:
    if is_catching_up:
        return Step.CATCH_UP
    if len(ranked) == 1:
        return Step.ALONE
    if TOTAL in leading or all(winner.total >= other.total for other in ranked):
        return Step.TOTAL
    return Step.STRATA if leading else Step.SCORE


def rank(
    ledger: Ledger,
    entitled: Sequence[Entitled],
    strata: tuple[Stratum, ...],
    weights: Mapping[Family, int] = WEIGHTS,
) -> tuple[Decision, ...]:
    """Every entitled party in the order in which the rule would serve them, were each to refuse."""
    left, found = list(entitled), []
    while left:
        decision = decide(ledger, left, strata, weights)
        found.append(decision)
        left = [one for one in left if one.key != decision.winner.key]
    return tuple(found)
