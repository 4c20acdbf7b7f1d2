"""Domain.md Q5: no silence binds on an offer that did not arrive, or could not be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.domain.deadlines import PARIS, answer_deadline
from server.domain.orientations import (
    Acceptance,
    Delivery,
    OrientationFacts,
    Restart,
    State,
    Step,
    Transition,
    caught_up,
    due_transition,
    effective_state,
    resend,
)
from server.domain.outages import is_outage


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("last", "following", "is_one"),
    [
        ("2026-04-30T10:00", "2026-04-30T10:30", False),  # thirty minutes, not more
        ("2026-04-30T10:00", "2026-04-30T10:30:01", True),
        ("2026-04-30T07:00", "2026-04-30T08:30", False),  # thirty minutes of the working day
        ("2026-04-30T07:00", "2026-04-30T08:31", True),
        ("2026-04-30T17:30", "2026-04-30T23:00", False),
        ("2026-04-30T17:29", "2026-04-30T23:00", True),
        ("2026-04-30T17:45", "2026-05-04T08:20", False),  # a holiday, a week-end: no working hour
        ("2026-04-30T18:00", "2026-05-04T08:00", False),
        ("2026-04-30T18:00", "2026-05-04T09:00", True),
        ("2026-05-01T08:00", "2026-05-01T18:00", False),  # Fête du Travail
        ("2026-03-28T18:00", "2026-03-30T08:20", False),  # the night of the summer time
        ("2026-03-29T00:00", "2026-03-30T08:40", True),
        ("2026-10-23T18:00", "2026-10-26T08:20", False),  # the night of the winter time
        ("2026-10-23T18:00", "2026-10-26T08:31", True),
        ("2028-02-28T18:00", "2028-02-29T09:00", True),  # a leap day is worked
        ("2026-12-31T18:00", "2027-01-04T08:10", False),
        ("2026-01-05T09:00", "2026-01-05T08:00", False),  # a clock set back is no silence
        ("2025-01-01T00:00", "2026-01-01T00:00", True),
    ],
)
def test_what_counts_as_an_outage(last: str, following: str, is_one: bool) -> None:
    """More than thirty minutes between 8:00 and 18:00 of a working day, in Paris."""
    assert is_outage(at(last), at(following)) is is_one
    assert is_outage(at(last).astimezone(UTC), at(following).astimezone(UTC)) is is_one


SENT_AT = at("2026-05-04T10:00")  # a Monday: answer until Wednesday
ANSWER = answer_deadline(SENT_AT)
SENT = OrientationFacts(
    state=State.SENT, clock_at=SENT_AT, delivered_at=SENT_AT, answer_due_at=ANSWER.due_at
)
LATER = at("2026-06-01T09:00")


def restart(facts: OrientationFacts) -> Transition | None:
    found = due_transition(facts, LATER)
    return found if found is not None and found.step is Step.RESTART else None


@pytest.mark.parametrize(
    ("sent", "arrived", "last_day"),
    [
        ("2026-05-04T10:00", "2026-05-04T23:59", None),
        ("2026-05-04T10:00", "2026-05-05T07:59", None),  # before the offices open
        ("2026-05-04T10:00", "2026-05-05T08:00", date(2026, 5, 7)),
        ("2026-04-30T23:59", "2026-05-03T12:00", None),  # Friday is a holiday: nothing is lost
        ("2026-04-30T23:59", "2026-05-04T09:00", date(2026, 5, 6)),
        ("2026-05-04T10:00", "2026-05-12T09:00", date(2026, 5, 15)),  # after the end; Ascension
    ],
)
def test_a_late_arrival_gives_the_whole_period_again(
    sent: str, arrived: str, last_day: date | None
) -> None:
    due_at = answer_deadline(at(sent)).due_at
    facts = replace(SENT, clock_at=at(sent), delivered_at=at(arrived), answer_due_at=due_at)
    found = restart(facts)
    if last_day is None:
        assert found is None
        return
    assert found is not None
    assert found.answer is not None
    assert (found.restart, found.answer.last_day) == (Restart.LATE_DELIVERY, last_day)
    assert (found.clock_at, found.to_state) == (at(arrived), State.SENT)


def test_an_outage_restarts_once() -> None:
    back = at("2026-05-05T11:00")
    facts = replace(SENT, outage_until=back)
    found = restart(facts)
    assert found is not None
    assert found.answer is not None
    assert (found.restart, found.answer.last_day) == (Restart.OUTAGE, date(2026, 5, 7))
    final = caught_up(facts, LATER)
    assert (final.acceptance, final.accepted_on) == (Acceptance.TACIT, date(2026, 5, 7))
    assert final.version == facts.version + 2


@pytest.mark.parametrize("delivery", [Delivery.PENDING, Delivery.FAILED])
def test_what_did_not_arrive_is_never_accepted_by_silence(delivery: Delivery) -> None:
    """Edge case 3 of §5.7: an e-mail that bounces before the end of the answer period."""
    facts = replace(SENT, delivery=delivery, delivered_at=None)
    assert effective_state(facts, LATER) is State.SENT
    assert due_transition(facts, LATER) is None


def test_the_bailleur_sends_again_and_the_clock_starts_anew() -> None:
    facts = replace(SENT, delivery=Delivery.FAILED, delivered_at=None)
    done = resend(facts, now=at("2026-05-07T16:00"))
    assert isinstance(done, Transition)
    assert done.answer is not None
    assert (done.restart, done.answer.last_day) == (Restart.RESENT, date(2026, 5, 12))


@pytest.mark.parametrize(
    ("facts", "version", "code"),
    [
        (SENT, None, "delivery_not_failed"),
        (replace(SENT, delivery=Delivery.PENDING), None, "delivery_not_failed"),
        (replace(SENT, delivery=Delivery.FAILED), 7, "stale_version"),
        (replace(SENT, delivery=Delivery.FAILED, state=State.REFUSED), None, "wrong_state"),
    ],
)
def test_a_running_clock_never_moves_by_will(
    facts: OrientationFacts, version: int | None, code: str
) -> None:
    refused = resend(facts, now=LATER, expected_version=version)
    assert not isinstance(refused, Transition)
    assert [motif.code for motif in refused] == [code]
