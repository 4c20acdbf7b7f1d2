"""An offer counts from its arrival: what makes its two working days begin anew (domain.md Q5)."""

from __future__ import annotations

from datetime import datetime, time

from server.domain import labels
from server.domain.calendar import Zone, add_working_days
from server.domain.deadlines import PARIS, answer_deadline, local_day
from server.domain.orientations.states import (
    Delivery,
    OrientationFacts,
    Restart,
    State,
    Step,
    Transition,
    Verdict,
)
from server.errors import Motif

OPENING = time(8)
"""When the offices open: what arrived before has taken nothing from the first working day."""


def is_late(clock_at: datetime, delivered_at: datetime, zone: Zone = Zone.METROPOLE) -> bool:
    """Whether the mail arrived after 8:00 of the first working day of the answer period."""
    first_day = add_working_days(local_day(clock_at), 1, zone)
    return delivered_at >= datetime.combine(first_day, OPENING, PARIS)


def restarted(facts: OrientationFacts) -> Transition | None:
    """What a late arrival or an outage makes of an offer that awaits its answer; None otherwise.

    Once for each: the clock then starts at the arrival, or at the end of the outage.
    """
    is_running = facts.state is State.SENT and facts.delivery is Delivery.DELIVERED
    if facts.clock_at is None or not is_running:
        return None
    arrived, back = facts.delivered_at, facts.outage_until
    if arrived is not None and is_late(facts.clock_at, arrived, facts.zone):
        return _anew(facts, Step.RESTART, arrived, Restart.LATE_DELIVERY)
    if back is not None and back > facts.clock_at:
        return _anew(facts, Step.RESTART, back, Restart.OUTAGE)
    return None


def resend(
    facts: OrientationFacts, *, now: datetime, expected_version: int | None = None
) -> Verdict:
    """The bailleur sends again an offer that did not arrive; its answer is counted from now.

    Codes: stale_version, wrong_state, delivery_not_failed (a running clock never moves by will).
    """
    if expected_version not in (None, facts.version):
        message = (
            "Une autre personne a modifié cette orientation entre-temps : "
            "rechargez la page pour voir où elle en est."
        )
        return (Motif(code="stale_version", message=message),)
    if facts.state is not State.SENT:
        state = labels.ORIENTATION_STATES[facts.state]
        message = f"Cette orientation est à l'état « {state} » : elle ne se renvoie pas."
        return (Motif(code="wrong_state", message=message),)
    if facts.delivery is not Delivery.FAILED:
        message = "L'envoi de cette offre n'a pas échoué : son délai ne recommence pas."
        return (Motif(code="delivery_not_failed", message=message),)
    return _anew(facts, Step.RESEND, now, Restart.RESENT)


def _anew(facts: OrientationFacts, step: Step, at: datetime, cause: Restart) -> Transition:
    return Transition(
        step=step,
        from_state=facts.state,
        to_state=State.SENT,
        on=local_day(at),
        answer=answer_deadline(at, answer_days=facts.answer_days, zone=facts.zone),
        clock_at=at,
        restart=cause,
    )
