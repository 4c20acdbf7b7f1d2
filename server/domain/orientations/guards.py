"""What every act looks at first: the facts in law, the version seen, the state, the reason."""

from __future__ import annotations

from datetime import date, datetime

from server.domain.orientations.clock import caught_up, wrong_state
from server.domain.orientations.states import RULES, OrientationFacts, State, Step, Transition
from server.errors import Motif


def ready(
    facts: OrientationFacts, step: Step, now: datetime, expected_version: int | None
) -> tuple[OrientationFacts, tuple[Motif, ...]]:
    """The facts as the law has them now, and what forbids this step on them.

    Codes: stale_version, wrong_state.
    """
    actual = caught_up(facts, now)
    if stale := version_motifs(facts, expected_version):
        return actual, stale
    if actual.state not in RULES[step].sources:
        return actual, (wrong_state(actual),)
    return actual, ()


def version_motifs(facts: OrientationFacts, expected_version: int | None) -> tuple[Motif, ...]:
    """Code: stale_version, when somebody acted since the caller read the offer."""
    if expected_version in (None, facts.version):
        return ()
    message = (
        "Une autre personne a modifié cette orientation entre-temps : "
        "rechargez la page pour voir où elle en est."
    )
    return (Motif(code="stale_version", message=message),)


def stepped(
    facts: OrientationFacts, step: Step, target: State, on: date, *, reason: str | None = None
) -> Transition:
    text = (reason or "").strip() or None
    return Transition(step=step, from_state=facts.state, to_state=target, on=on, reason=text)


def reason_motifs(reason: str) -> tuple[Motif, ...]:
    """Code: reason_required."""
    if reason.strip():
        return ()
    return (Motif(code="reason_required", message="Indiquez le motif.", field="reason"),)
