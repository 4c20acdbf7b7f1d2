"""An offer counts from its arrival: what makes its two working days begin anew (domain.md Q5)."""

from __future__ import annotations

from datetime import datetime

from server.domain.calendar import OPENING, Closures, Zone, add_working_days
from server.domain.deadlines import PARIS, answer_deadline, local_day
from server.domain.orientations.states import (
    Delivery,
    OrientationFacts,
    Restart,
    State,
    Step,
    Transition,
)


def is_late(
    clock_at: datetime,
    delivered_at: datetime,
    zone: Zone = Zone.METROPOLE,
    closures: Closures = (),
) -> bool:
    """Whether the mail took something from the first working day: it came once the offices open."""
    first_day = add_working_days(local_day(clock_at), 1, zone, closures)
    return delivered_at >= datetime.combine(first_day, OPENING, PARIS)


def restarted(facts: OrientationFacts) -> Transition | None:
    """What a late arrival or an outage makes of an offer that awaits its answer; None otherwise.

    Once for each: the clock then starts at the arrival, or at the end of the outage.
    """
    is_running = facts.state is State.SENT and facts.delivery is Delivery.DELIVERED
    if facts.clock_at is None or not is_running:
        return None
    arrived, back = facts.delivered_at, facts.outage_until
    if arrived is not None and is_late(facts.clock_at, arrived, facts.zone, facts.closures):
        return anew(facts, Step.RESTART, arrived, Restart.LATE_DELIVERY)
    if back is not None and back > facts.clock_at:
        return anew(facts, Step.RESTART, back, Restart.OUTAGE)
    return None


def anew(facts: OrientationFacts, step: Step, at: datetime, cause: Restart) -> Transition:
    """Two working days counted again from `at`."""
    return Transition(
        step=step,
        from_state=facts.state,
        to_state=State.SENT,
        on=local_day(at),
        answer=answer_deadline(
            at, answer_days=facts.answer_days, zone=facts.zone, closures=facts.closures
        ),
        clock_at=at,
        restart=cause,
    )
