"""One trial: a rule lives through some years of a world; what it did to each party is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from server.bench.flux.lives import Vacancy
from server.bench.flux.rules import Rule, State
from server.bench.flux.worlds import World
from server.domain.flux import BAILLEUR, UNIT
from server.domain.ledger import (
    PENDING,
    TOTAL,
    Entitled,
    Family,
    Move,
    Stratum,
    freed,
    oriented,
)
from server.domain.lots import Freed, decide_together

APPEAL_SCORES = {"low": -1.0, "medium": 0.0, "high": 1.0}


@dataclass(kw_only=True)
class Trial:
    """A state and what was seen on the way; lags in dwellings."""

    world: World
    rule: Rule
    state: State = field(default_factory=State)
    journal: list[Move] | None = None
    worst_total: float = 0.0
    decisions: int = 0
    refusals: int = 0
    appeal_due: dict[str, float] = field(default_factory=dict)
    appeal_served: dict[str, float] = field(default_factory=dict)
    _pairs: set[tuple[Stratum, str]] = field(default_factory=set)

    def live(self, vacancies: Sequence[Vacancy]) -> None:
        for vacancy in vacancies:
            self._live_one(vacancy)

    def live_list(self, vacancies: Sequence[Vacancy]) -> None:
        """A clean list, decided together and sent at once: totals are looked at once it is."""
        places = [self.world.entitled[one.dwelling.commune] for one in vacancies]
        waiting = [
            Freed(
                strata=vacancy.dwelling.strata,
                shares={party.key: party.rate_bp for party in parties},
                entitled=parties,
            )
            for vacancy, parties in zip(vacancies, places, strict=True)
        ]
        winners = decide_together(self.state.ledger, waiting)
        for vacancy, key in zip(vacancies, winners, strict=True):
            self.free(vacancy)
            self._serve(vacancy, key)
        for parties in places:
            self._look(parties)

    def _live_one(self, vacancy: Vacancy) -> None:
        parties = self.free(vacancy)
        if vacancy.diverted is not None:
            self._serve(vacancy, parties[int(vacancy.diverted * len(parties))].key)
            return self._look(parties)
        winner = self.rule(self.state, parties, vacancy)
        self.decisions += 1
        if vacancy.is_refused and winner != BAILLEUR:
            self.refusals += 1
            others = [party for party in parties if party.key != winner]
            winner = self.rule(self.state, others, vacancy)
        self._serve(vacancy, winner)
        if vacancy.is_failed:  # counted once, and offered again: it is due once more
            self.free(vacancy)
            self._serve(vacancy, self.rule(self.state, parties, vacancy))
        return self._look(parties)

    def _note(self, move: Move) -> None:
        self.state.ledger.apply(move)
        if self.journal is not None:
            self.journal.append(move)

    def free(self, vacancy: Vacancy) -> Sequence[Entitled]:
        """The vacancy enters the flux; answers who is entitled to it."""
        parties = self.world.entitled[vacancy.dwelling.commune]
        shares = {party.key: party.rate_bp for party in parties}
        self._note(freed(vacancy.dwelling.strata, shares))
        appeal = _appeal(vacancy)
        for key, rate in shares.items():
            self.state.due[key] += rate
            self.appeal_due[key] = self.appeal_due.get(key, 0.0) + appeal * rate / UNIT
        self._pairs.update((stratum, key) for stratum in vacancy.dwelling.strata for key in shares)
        return parties

    def _serve(self, vacancy: Vacancy, key: str) -> None:
        self._note(oriented(vacancy.dwelling.strata, key))
        self.state.served[key] += 1
        self.appeal_served[key] = self.appeal_served.get(key, 0.0) + _appeal(vacancy)

    def _look(self, parties: Sequence[Entitled]) -> None:
        totals = self.state.ledger.lags[TOTAL]
        self.worst_total = max(
            self.worst_total, *(abs(totals.get(one.key, 0)) / UNIT for one in parties)
        )

    # --- At the end ---

    def totals(self) -> dict[str, float]:
        return {
            key: lag / UNIT
            for key, lag in self.state.ledger.lags[TOTAL].items()
            if key not in {PENDING, BAILLEUR}
        }

    def within_one(self) -> float:
        """The share of réservataires within one dwelling of their quota."""
        return fmean(abs(lag) <= 1 for lag in self.totals().values())

    def strata(self) -> float:
        """Mean of |lag| over the pairs party × stratum that met, the total left out."""
        lags = self.state.ledger.lags
        return fmean(
            abs(lags[stratum].get(key, 0)) / UNIT
            for stratum, key in self._pairs
            if stratum[0] is not Family.TOTAL
        )

    def worst_stratum(self) -> float:
        lags = self.state.ledger.lags
        return max(
            abs(lags[stratum].get(key, 0)) / UNIT
            for stratum, key in self._pairs
            if stratum[0] is not Family.TOTAL
        )

    def appeal_gap(self) -> float:
        """How far, in mean appeal per dwelling, parties are from what their rates promised."""
        served = sum(self.state.served.values())
        return sum(
            abs(self.appeal_served.get(key, 0.0) - due) for key, due in self.appeal_due.items()
        ) / max(served, 1)

    def is_balanced(self) -> bool:
        return all(sum(lags.values()) == 0 for lags in self.state.ledger.lags.values())


def _appeal(vacancy: Vacancy) -> float:
    family, value = vacancy.dwelling.strata[-1]
    return APPEAL_SCORES[value] if family is Family.APPEAL else 0.0
