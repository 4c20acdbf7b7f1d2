"""Five ways to choose who receives the next dwelling; the last one is the portal's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from server.bench.flux.lives import Vacancy
from server.domain.ledger import Entitled, Ledger, decide


class State:
    """What a rule may look at: the ledger, and how often each party was served and due."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.served: Counter[str] = Counter()
        self.due: Counter[str] = Counter()
        self.turn = 0


Rule = Callable[[State, Sequence[Entitled], Vacancy], str]


def lottery(_state: State, parties: Sequence[Entitled], vacancy: Vacancy) -> str:
    """Drawn at the rates."""
    threshold = vacancy.draw * sum(party.rate_bp for party in parties)
    for party in parties:
        threshold -= party.rate_bp
        if threshold < 0:
            return party.key
    return parties[-1].key


def round_robin(state: State, parties: Sequence[Entitled], _vacancy: Vacancy) -> str:
    """Tour de rôle until each has its target: the next in turn that is not at its quota yet."""
    state.turn += 1
    behind = [one for one in parties if state.ledger.lag(one.key) > 0] or list(parties)
    return behind[state.turn % len(behind)].key


def largest_lag(state: State, parties: Sequence[Entitled], _vacancy: Vacancy) -> str:
    return max(parties, key=lambda one: (state.ledger.lag(one.key), one.rate_bp)).key


def sainte_lague(state: State, parties: Sequence[Entitled], _vacancy: Vacancy) -> str:
    """The largest quotient of what is due by twice what was received plus one."""

    def quotient(one: Entitled) -> Any:
        return state.due[one.key] / (2 * state.served[one.key] + 1)

    return max(parties, key=quotient).key


def bounded_margins(state: State, parties: Sequence[Entitled], vacancy: Vacancy) -> str:
    """The portal's own, by the code that the portal runs."""
    return decide(state.ledger, parties, vacancy.dwelling.strata).winner.key


RULES: dict[str, Rule] = {
    "tirage au sort aux taux": lottery,
    "tour de rôle": round_robin,
    "plus grand retard": largest_lag,
    "Sainte-Laguë": sainte_lague,
    "marges encadrées": bounded_margins,
}
OURS = "marges encadrées"
