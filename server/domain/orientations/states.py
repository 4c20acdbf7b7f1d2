"""States of an orientation and the steps between them, as data (art. 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from server.domain.calendar import Closures, Zone
from server.domain.deadlines import ANSWER_DAYS, CANDIDATES_DAYS, Deadline
from server.errors import Motif


class State(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    SEARCHING = "searching"
    CANDIDATES_COMPLETE = "candidates_complete"
    CANDIDATES_PARTIAL = "candidates_partial"
    NO_CANDIDATE = "no_candidate"
    IN_CALEOL = "in_caleol"
    ATTRIBUTED = "attributed"
    NOT_ATTRIBUTED = "not_attributed"
    LEASED = "leased"
    LEASE_FAILED = "lease_failed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REORIENTED = "reoriented"
    RENOUNCED = "renounced"


LIVE_STATES = frozenset(
    {
        State.DRAFT,
        State.SENT,
        State.SEARCHING,
        State.CANDIDATES_COMPLETE,
        State.CANDIDATES_PARTIAL,
        State.NO_CANDIDATE,
        State.IN_CALEOL,
        State.ATTRIBUTED,
    }
)
"""A vacancy has at most one orientation in these states."""

ENGAGED_STATES = LIVE_STATES | {State.LEASED}
"""What holds the dwelling: the credit that the advice counts, one per vacancy at most."""

ORIENTED_STATES = frozenset(State) - {State.DRAFT, State.WITHDRAWN}
"""What the bilan counts as oriented: refused and renounced offers yes, withdrawn ones no."""


class Acceptance(StrEnum):
    EXPRESS = "express"
    TACIT = "tacit"


class Searcher(StrEnum):
    """Who looks for the candidates; the imputation never changes by it (art. 5.3)."""

    RESERVATAIRE = "reservataire"
    BAILLEUR = "bailleur"


class Delivery(StrEnum):
    """Whether an offer arrived: taken by the mail server and not sent back (domain.md Q5)."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Restart(StrEnum):
    """Why the answer of an offer is counted anew (domain.md Q5)."""

    RESENT = "resent"
    LATE_DELIVERY = "late_delivery"
    OUTAGE = "outage"


class Actor(StrEnum):
    BAILLEUR = "bailleur"
    RESERVATAIRE = "reservataire"
    SYSTEM = "system"


class Step(StrEnum):
    """The acts, in the order of the convention (art. 5.3 to 6.2)."""

    DRAFT = "draft"
    SEND = "send"
    RESEND = "resend"
    RESTART = "restart"
    KEEP = "keep"
    ACCEPT = "accept"
    REFUSE = "refuse"
    TACIT = "tacit"
    WITHDRAW = "withdraw"
    DIVERT = "divert"
    NEXT_RESERVATAIRE = "next_reservataire"
    COMPLETE = "complete"
    CLOSE_PARTIAL = "close_partial"
    CLOSE_EMPTY = "close_empty"
    SEARCH_ON_BEHALF = "search_on_behalf"
    REORIENT = "reorient"
    EXTEND = "extend"
    PLAN = "plan"
    DECIDE = "decide"
    NEXT_RANK = "next_rank"
    LEASE = "lease"
    FAIL_LEASE = "fail_lease"
    RENOUNCE = "renounce"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the table of steps: `number` is the one of the domain brief, T1 to T17, Q5."""

    number: str
    actor: Actor
    sources: frozenset[State]
    targets: frozenset[State]


def _rule(number: str, actor: Actor, sources: set[State], *targets: State) -> Rule:
    return Rule(number=number, actor=actor, sources=frozenset(sources), targets=frozenset(targets))


_LEFT_EMPTY = {State.NO_CANDIDATE, State.RENOUNCED}
_PRESENTED = {State.CANDIDATES_COMPLETE, State.CANDIDATES_PARTIAL}
_BEFORE_AGENDA = {State.SENT, State.SEARCHING, State.NO_CANDIDATE} | _PRESENTED

RULES: Mapping[Step, Rule] = MappingProxyType(
    {
        Step.DRAFT: _rule("T1", Actor.BAILLEUR, set(), State.DRAFT),
        Step.SEND: _rule("T2", Actor.BAILLEUR, {State.DRAFT}, State.SENT),
        Step.RESEND: _rule("Q5", Actor.BAILLEUR, {State.SENT}, State.SENT),
        Step.RESTART: _rule("Q5", Actor.SYSTEM, {State.SENT}, State.SENT),
        Step.KEEP: _rule("T7", Actor.BAILLEUR, {State.DRAFT}, State.SEARCHING),
        Step.ACCEPT: _rule("T3", Actor.RESERVATAIRE, {State.SENT}, State.SEARCHING),
        Step.REFUSE: _rule("T4", Actor.RESERVATAIRE, {State.SENT}, State.REFUSED),
        Step.TACIT: _rule("T5", Actor.SYSTEM, {State.SENT}, State.SEARCHING),
        Step.WITHDRAW: _rule("T6", Actor.BAILLEUR, {State.SENT, State.SEARCHING}, State.WITHDRAWN),
        Step.DIVERT: _rule("T6", Actor.BAILLEUR, _BEFORE_AGENDA, State.WITHDRAWN),
        Step.NEXT_RESERVATAIRE: _rule("T7", Actor.BAILLEUR, {State.REFUSED}, State.DRAFT),
        Step.COMPLETE: _rule(
            "T8", Actor.RESERVATAIRE, {State.SEARCHING}, State.CANDIDATES_COMPLETE
        ),
        Step.CLOSE_PARTIAL: _rule("T9", Actor.SYSTEM, {State.SEARCHING}, State.CANDIDATES_PARTIAL),
        Step.CLOSE_EMPTY: _rule("T10", Actor.SYSTEM, {State.SEARCHING}, State.NO_CANDIDATE),
        Step.SEARCH_ON_BEHALF: _rule("T11a", Actor.BAILLEUR, _LEFT_EMPTY, State.SEARCHING),
        Step.REORIENT: _rule("T11b", Actor.BAILLEUR, _LEFT_EMPTY, State.REORIENTED),
        Step.EXTEND: _rule("T11c", Actor.BAILLEUR, _LEFT_EMPTY, State.SEARCHING),
        Step.PLAN: _rule("T12", Actor.BAILLEUR, _PRESENTED, State.IN_CALEOL),
        Step.DECIDE: _rule(
            "T13", Actor.BAILLEUR, {State.IN_CALEOL}, State.ATTRIBUTED, State.NOT_ATTRIBUTED
        ),
        Step.NEXT_RANK: _rule("T14", Actor.BAILLEUR, {State.ATTRIBUTED}, State.ATTRIBUTED),
        Step.LEASE: _rule("T15", Actor.BAILLEUR, {State.ATTRIBUTED}, State.LEASED),
        Step.FAIL_LEASE: _rule("T16", Actor.BAILLEUR, {State.ATTRIBUTED}, State.LEASE_FAILED),
        Step.RENOUNCE: _rule("T17", Actor.RESERVATAIRE, {State.SEARCHING}, State.RENOUNCED),
    }
)


DIVERTIBLE_STATES = RULES[Step.DIVERT].sources
"""Where an approved urgency may still take the dwelling back (art. 2.4)."""


@dataclass(frozen=True, kw_only=True)
class OrientationFacts:
    """An orientation as recorded.

    `answer_due_at` and `candidates_due_at` are exclusive bounds; days are working days of `zone`,
    without the `closures` that stop the clock, both fixed when the offer was sent.
    `candidate_count` counts everyone presented, by both sides.
    The silence of an offer whose `delivery` is not proved says nothing. `clock_at`: from when its
    answer is counted; `delivered_at`: when it arrived; `outage_until`: when the last outage of the
    portal that fell in the answer period ended.
    """

    state: State
    version: int = 1
    answer_due_at: datetime | None = None
    candidates_due_at: datetime | None = None
    acceptance: Acceptance | None = None
    accepted_on: date | None = None
    attributed_on: date | None = None
    candidate_count: int = 0
    has_dalo: bool = False
    delivery: Delivery = Delivery.DELIVERED
    clock_at: datetime | None = None
    delivered_at: datetime | None = None
    outage_until: datetime | None = None
    searched_by: Searcher = Searcher.RESERVATAIRE
    extension_count: int = 0
    answer_days: int = ANSWER_DAYS
    candidates_days: int = CANDIDATES_DAYS
    zone: Zone = Zone.METROPOLE
    closures: Closures = ()


@dataclass(frozen=True, kw_only=True)
class Transition:
    """What to record: the step, the states, the legal day, and what the step sets.

    `on` is the day of the act in law: a tacit acceptance bears the last day of the answer period,
    whenever it is recorded. `answer` and `candidates` are set when the step opens a period;
    `clock_at` and `restart` when the answer is counted anew, from this instant, for this cause.
    """

    step: Step
    from_state: State
    to_state: State
    on: date
    acceptance: Acceptance | None = None
    answer: Deadline | None = None
    candidates: Deadline | None = None
    searched_by: Searcher | None = None
    extension_count: int | None = None
    reason: str | None = None
    clock_at: datetime | None = None
    restart: Restart | None = None

    @property
    def accepted_on(self) -> date | None:
        """The date of acceptance, when this step is one."""
        return self.on if self.acceptance is not None else None

    @property
    def actor(self) -> Actor:
        return RULES[self.step].actor


Verdict: TypeAlias = Transition | tuple[Motif, ...]
"""What an act answers: the transition to record, or what forbids it."""


def apply(facts: OrientationFacts, transition: Transition) -> OrientationFacts:
    """The facts after the transition, one version later."""
    answer, candidates = transition.answer, transition.candidates
    opens_search = transition.to_state is State.SEARCHING
    return replace(
        facts,
        state=transition.to_state,
        version=facts.version + 1,
        answer_due_at=facts.answer_due_at if answer is None else answer.due_at,
        clock_at=transition.clock_at or facts.clock_at,
        candidates_due_at=_bound(candidates) if opens_search else facts.candidates_due_at,
        acceptance=transition.acceptance or facts.acceptance,
        accepted_on=transition.accepted_on or facts.accepted_on,
        attributed_on=_attributed_on(facts, transition),
        searched_by=transition.searched_by or facts.searched_by,
        extension_count=(
            facts.extension_count
            if transition.extension_count is None
            else transition.extension_count
        ),
    )


def _attributed_on(facts: OrientationFacts, transition: Transition) -> date | None:
    is_attribution = transition.step is Step.DECIDE and transition.to_state is State.ATTRIBUTED
    return transition.on if is_attribution else facts.attributed_on


def _bound(deadline: Deadline | None) -> datetime | None:
    return None if deadline is None else deadline.due_at
