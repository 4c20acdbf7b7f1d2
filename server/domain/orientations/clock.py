"""What silence makes of an orientation, at its legal date and not at the sweep's (art. 5.3)."""

from __future__ import annotations

from datetime import date, datetime

from server.domain import labels
from server.domain.candidates import is_complete
from server.domain.deadlines import candidates_deadline, is_over, last_day, local_day
from server.domain.orientations.delivery import restarted
from server.domain.orientations.states import (
    Acceptance,
    Delivery,
    OrientationFacts,
    State,
    Step,
    Transition,
    Verdict,
    apply,
)
from server.errors import Motif


def wrong_state(facts: OrientationFacts) -> Motif:
    state = labels.ORIENTATION_STATES[facts.state]
    message = f"Cette orientation est à l'état « {state} » : cette action n'est pas possible."
    return Motif(code="wrong_state", message=message)


def tacit(facts: OrientationFacts, *, now: datetime) -> Verdict:
    """Silence is acceptance, on the last day of the answer period (art. 5.3, T5).

    Codes: wrong_state, delivery_failed (no tacit acceptance of an offer that never arrived),
    answer_period_running.
    """
    if facts.state is not State.SENT or facts.answer_due_at is None:
        return (wrong_state(facts),)
    if facts.delivery is not Delivery.DELIVERED:
        message = "Rien ne prouve que cette offre est arrivée : le silence ne vaut pas acceptation."
        return (Motif(code="delivery_failed", message=message),)
    if not is_over(now, facts.answer_due_at):
        until = labels.french_deadline(facts.answer_due_at)
        message = f"Le réservataire peut répondre jusqu'au {until}."
        return (Motif(code="answer_period_running", message=message),)
    accepted_on = last_day(facts.answer_due_at)
    return Transition(
        step=Step.TACIT,
        from_state=facts.state,
        to_state=State.SEARCHING,
        on=accepted_on,
        acceptance=Acceptance.TACIT,
        candidates=candidates_deadline(
            accepted_on, days=facts.candidates_days, zone=facts.zone, closures=facts.closures
        ),
    )


def close_candidates(facts: OrientationFacts, *, now: datetime, is_final: bool = False) -> Verdict:
    """End the search: complete, partial or without candidate (art. 5.3, T8 to T10).

    `is_final` says that the searcher has no other candidate and closes before the end, which
    needs at least one candidate. Codes: wrong_state, candidates_period_running,
    candidates_missing.
    """
    if facts.state is not State.SEARCHING:
        return (wrong_state(facts),)
    due_at = facts.candidates_due_at
    if due_at is not None and is_over(now, due_at):
        return _closing(facts, last_day(due_at))
    if not is_final:
        until = f" jusqu'au {labels.french_deadline(due_at)}" if due_at is not None else ""
        message = f"La recherche de candidats est ouverte{until}."
        return (Motif(code="candidates_period_running", message=message),)
    if facts.candidate_count == 0:
        message = "Aucun candidat n'est présenté : présentez-en un, ou renoncez à ce logement."
        return (Motif(code="candidates_missing", message=message),)
    return _closing(facts, local_day(now))


def _closing(facts: OrientationFacts, on: date) -> Transition:
    if facts.candidate_count == 0:
        step, target = Step.CLOSE_EMPTY, State.NO_CANDIDATE
    elif is_complete(facts.candidate_count, has_dalo=facts.has_dalo):
        step, target = Step.COMPLETE, State.CANDIDATES_COMPLETE
    else:
        step, target = Step.CLOSE_PARTIAL, State.CANDIDATES_PARTIAL
    return Transition(step=step, from_state=facts.state, to_state=target, on=on)


def due_transition(facts: OrientationFacts, now: datetime) -> Transition | None:
    """What time alone has already done to this orientation, if anything; record it first."""
    if facts.state is State.SENT:
        outcome = restarted(facts) or tacit(facts, now=now)
    elif facts.state is State.SEARCHING:
        outcome = close_candidates(facts, now=now)
    else:
        return None
    return outcome if isinstance(outcome, Transition) else None


def caught_up(facts: OrientationFacts, now: datetime) -> OrientationFacts:
    """The facts once everything due is recorded: after a long night, both steps may be due."""
    while (transition := due_transition(facts, now)) is not None:
        facts = apply(facts, transition)
    return facts


def effective_state(facts: OrientationFacts, now: datetime) -> State:
    """The state in law, even when the sweep has not run yet."""
    return caught_up(facts, now).state
