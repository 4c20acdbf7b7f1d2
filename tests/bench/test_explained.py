"""Each sentence of a year is read back: every number of it is in the ledger, and its rank is true.

Nothing of what writes a sentence is asked again: words and numbers are parsed from the French, and
looked up in the balances as they were when the dwelling was freed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from server.bench.flux.lives import years
from server.bench.flux.worlds import World, department, sources_du_lac
from server.domain.flux import UNIT
from server.domain.ledger import (
    ADVANCE,
    TOTAL,
    WEIGHTS,
    Entitled,
    Ledger,
    Stratum,
    freed,
    oriented,
    rank,
)
from server.domain.ledger_sentences import sentence, stratum_label

NUMBER = r"([+−]?\d+,\d+)"
NUMBERS = re.compile(NUMBER)
LAG = re.compile(rf"([^(),;:]+) \({NUMBER}\)")
TOTAL_LAG = re.compile(rf"total {NUMBER}\)")
SUM = re.compile(rf"la plus forte somme de retards \({NUMBER}")
RIVAL = re.compile(rf" contre {NUMBER} pour ([^;]+) ;")
WAITING = re.compile(r" ; attendent leur tour, déjà en avance : ([^;]+)\.$")
LATEST = ("le plus en retard sur ", "le moins en avance sur ")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A sentence, and what was true when it was told."""

    text: str
    winner: str
    parties: tuple[Entitled, ...]
    strata: tuple[Stratum, ...]
    balances: Mapping[Stratum, Mapping[str, int]]
    communes: Mapping[str, str]

    def lag(self, party: str, stratum: Stratum = TOTAL) -> int:
        return self.balances.get(stratum, {}).get(party, 0)

    def score(self, party: str) -> int:
        return sum(WEIGHTS[stratum[0]] * self.lag(party, stratum) for stratum in self.strata)

    @property
    def waiting(self) -> list[str]:
        found = WAITING.search(self.text)
        return found[1].split(", ") if found else []

    def lags(self) -> Iterator[tuple[Stratum, str]]:
        """(stratum, number) for each stratum that the sentence names."""
        by_label = {stratum_label(one, self.communes): one for one in self.strata if one != TOTAL}
        for words, number in LAG.findall(self.text):
            label = words.rsplit(" sur ", 1)[-1].strip()
            yield by_label[label] if label != "son quota total" else TOTAL, number

    def told_lags(self) -> list[tuple[str, int]]:
        """(number, what the ledger holds) for each number of the sentence."""
        rivals = [(number, self.score(name)) for number, name in RIVAL.findall(self.text)]
        return [
            *((number, self.lag(self.winner, stratum)) for stratum, number in self.lags()),
            *((number, self.lag(self.winner)) for number in TOTAL_LAG.findall(self.text)),
            *((number, self.score(self.winner)) for number in SUM.findall(self.text)),
            *rivals,
        ]

    def ranks(self) -> list[Stratum]:
        """Strata where the sentence says its party the latest, or the only one who may receive."""
        if any(words in self.text for words in LATEST):
            return [stratum for stratum, _ in self.lags()]
        is_alone = f"{self.winner} : le seul qui " in self.text
        return [TOTAL] if is_alone or "en retard d'au moins un logement" in self.text else []


def told_in(world: World, seed: int, communes: Mapping[str, str]) -> Iterator[list[Told]]:
    """A year on the real ledger: for each vacancy the advice, then what each refusal would give."""
    ledger, names = Ledger(), {body: body for body in world.bodies}
    for vacancy in years(world, seed)[0]:
        parties, strata = world.entitled[vacancy.dwelling.commune], vacancy.dwelling.strata
        ledger.apply(freed(strata, {one.key: one.rate_bp for one in parties}))
        decisions = rank(ledger, parties, strata)
        yield [
            Told(
                text=sentence(decision, names, communes),
                winner=decision.winner.key,
                parties=tuple(p for p in parties if p.key in {s.key for s in decision.standings}),
                strata=strata,
                balances=ledger.lags,
                communes=communes,
            )
            for decision in decisions
        ]
        ledger.apply(oriented(strata, decisions[0].winner.key))


def is_told(number: str, lag: int) -> bool:
    """« −0,25 » is the lag to the nearest hundredth, or to the unit when four digits are given."""
    told = float(number.replace("−", "-").replace(",", ".")) * UNIT
    step = 1 if len(number.rsplit(",", 1)[1]) == len(str(UNIT)) - 1 else UNIT // 100
    return abs(told - lag) <= step / 2 and (told < 0) == (lag < 0)


WORLDS = {
    "sources du lac": (sources_du_lac(), {"0": "Doussard", "1": "Faverges"}),
    "département": (department(3_000, 30), {str(one): f"Commune n° {one}" for one in range(30)}),
}


@pytest.fixture(params=WORLDS)
def place(request: pytest.FixtureRequest) -> tuple[World, Mapping[str, str]]:
    return WORLDS[request.param]


def test_every_number_of_a_year_of_advice_is_in_the_ledger(
    place: tuple[World, Mapping[str, str]],
) -> None:
    """At that very moment, for that party, in the stratum that the words name."""
    checked = 0
    for proposals in told_in(place[0], 5, place[1]):
        for one in proposals:
            found = one.told_lags()
            assert len(found) == len(NUMBERS.findall(one.text)) > 0, one.text
            assert all(is_told(number, lag) for number, lag in found), (one.text, found)
            checked += len(found)
    assert checked > 500


def test_the_ranks_told_are_true_and_nearly_always_told(
    place: tuple[World, Mapping[str, str]],
) -> None:
    """Goal: 95 % of the decisions name a rank, in total or in a stratum, not only the sum."""
    named = []
    for first, *_ in told_in(place[0], 5, place[1]):
        waiting = first.waiting
        assert all(first.lag(party) < -ADVANCE for party in waiting), first.text
        able = [one.key for one in first.parties if one.key not in waiting]
        ranks = first.ranks()
        for stratum in ranks:
            if "en avance (total" not in first.text:
                latest = max(first.lag(party, stratum) for party in able)
                assert first.lag(first.winner, stratum) == latest, first.text
        named.append(bool(ranks))
    assert sum(named) >= 0.95 * len(named) > 0
