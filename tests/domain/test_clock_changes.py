"""Nights of 23 and 25 hours, 29 February, 31sts, the end of a year, a holiday on the last day.

The clock of art. 5.3 counts civil days in Paris: whatever the night does, midnight is midnight.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.convention_steps import months_before
from server.domain.conventions import last_day as convention_end
from server.domain.deadlines import (
    PARIS,
    Deadline,
    answer_deadline,
    candidates_deadline,
    closed_starts,
    end_of_day,
    is_over,
    last_day,
    local_day,
)
from server.domain.orientations import OrientationFacts, State, effective_state
from tests.clocks import DAYS, INSTANTS, MICROSECOND, counted, midnight_after


@pytest.mark.parametrize(
    ("sent", "answer", "bound", "candidates"),
    [
        # the night of 29 March 2026 has no 2 o'clock, that of 25 October has two
        ("2026-03-26T10:00", "2026-03-30", "2026-03-30T22:00", "2026-04-21"),
        ("2026-03-27T23:59:59", "2026-03-31", "2026-03-31T22:00", "2026-04-22"),
        ("2026-03-29T02:30", "2026-03-31", "2026-03-31T22:00", "2026-04-22"),
        ("2026-10-22T10:00", "2026-10-26", "2026-10-26T23:00", "2026-11-17"),
        ("2026-10-25T02:30", "2026-10-27", "2026-10-27T23:00", "2026-11-18"),
        # 29 February is a day like another, and the day after the 28th is 1 March otherwise
        ("2028-02-25T10:00", "2028-02-29", "2028-02-29T23:00", "2028-03-21"),
        ("2028-02-28T10:00", "2028-03-01", "2028-03-01T23:00", "2028-03-22"),
        ("2028-02-29T10:00", "2028-03-02", "2028-03-02T23:00", "2028-03-23"),
        ("2027-02-25T10:00", "2027-03-01", "2027-03-01T23:00", "2027-03-22"),
        ("2040-02-27T10:00", "2040-02-29", "2040-02-29T23:00", "2040-03-21"),
        # from one year to the next
        ("2026-12-30T10:00", "2027-01-04", "2027-01-04T23:00", "2027-01-25"),
        ("2025-12-31T23:59:59.999999", "2026-01-05", "2026-01-05T23:00", "2026-01-26"),
        ("2026-01-01T00:00", "2026-01-05", "2026-01-05T23:00", "2026-01-26"),
        # 31sts, followed by a shorter month
        ("2025-03-31T10:00", "2025-04-02", "2025-04-02T22:00", "2025-04-24"),
        ("2026-08-31T10:00", "2026-09-02", "2026-09-02T22:00", "2026-09-23"),
        ("2026-01-30T10:00", "2026-02-03", "2026-02-03T23:00", "2026-02-24"),
        ("2026-10-30T10:00", "2026-11-03", "2026-11-03T23:00", "2026-11-25"),
        # the last day would be a holiday: 1 May, 8 May, 14 July for the answer and the candidates
        ("2026-04-29T10:00", "2026-05-04", "2026-05-04T22:00", "2026-05-28"),
        ("2025-05-06T10:00", "2025-05-09", "2025-05-09T22:00", "2025-06-02"),
        ("2026-07-10T10:00", "2026-07-15", "2026-07-15T22:00", "2026-08-05"),
        ("2026-06-18T10:00", "2026-06-22", "2026-06-22T22:00", "2026-07-13"),
        ("2026-06-19T10:00", "2026-06-23", "2026-06-23T22:00", "2026-07-15"),
    ],
)
def test_two_then_fifteen_days(sent: str, answer: str, bound: str, candidates: str) -> None:
    """Art. 5.3; CPC art. 641 and 642."""
    first = answer_deadline(datetime.fromisoformat(sent).replace(tzinfo=PARIS))
    second = candidates_deadline(first.last_day)
    assert first.last_day.isoformat() == answer
    assert first.due_at == datetime.fromisoformat(bound).replace(tzinfo=UTC)
    assert second.last_day.isoformat() == candidates


@pytest.mark.parametrize("fold", [0, 1])
def test_both_half_past_two_of_october_are_the_same_day(fold: int) -> None:
    """They are an hour apart, and an offer sent at one or the other has the same deadline."""
    sent = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=fold)
    assert sent.astimezone(UTC).hour == fold
    assert answer_deadline(sent).last_day == date(2026, 10, 27)


@pytest.mark.parametrize(
    ("sent", "hours"),
    [("2026-03-20T00:00", 120), ("2026-03-26T00:00", 119), ("2026-10-22T00:00", 121)],
)
def test_a_period_across_the_night_lasts_an_hour_less_or_more(sent: str, hours: int) -> None:
    """The hours of a clock, which only instants in UTC can tell."""
    sent_at = datetime.fromisoformat(sent).replace(tzinfo=PARIS)
    assert answer_deadline(sent_at).due_at - sent_at.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        ("2026-05-31", 3, "2026-02-28"),
        ("2028-05-31", 3, "2028-02-29"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2026-12-31", 1, "2026-11-30"),
        ("2027-01-31", 3, "2026-10-31"),
        ("2028-02-29", 3, "2027-11-29"),
    ],
)
def test_months_from_a_31st_end_with_the_month(day: str, months: int, before: str) -> None:
    """Art. 8: what is told three months, then one month before a term."""
    assert months_before(date.fromisoformat(day), months).isoformat() == before


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [("2028-02-29", "2031-02-28"), ("2025-03-01", "2028-02-29"), ("2026-08-31", "2029-08-30")],
)
def test_a_year_renewed_twice_ends_the_day_before(starts_on: str, ends_on: str) -> None:
    """Art. 8: whether or not the day exists three years later (CPC art. 641)."""
    assert convention_end(date.fromisoformat(starts_on)).isoformat() == ends_on


@given(DAYS)
def test_midnight_is_the_one_of_the_european_rule(day: date) -> None:
    assert end_of_day(day) == midnight_after(day)
    assert last_day(end_of_day(day)) == day
    assert local_day(end_of_day(day)) == day + timedelta(days=1)


@given(INSTANTS, st.integers(min_value=1, max_value=60), st.integers(min_value=1, max_value=60))
def test_deadlines_agree_with_an_independent_count(sent_at: datetime, two: int, more: int) -> None:
    answer = answer_deadline(sent_at, answer_days=two)
    candidates = candidates_deadline(answer.last_day, days=more)
    assert answer.last_day == counted(local_day(sent_at), two)
    assert candidates.last_day == counted(answer.last_day, more)
    for one in (answer, candidates):
        assert one.due_at == midnight_after(one.last_day)
        _is_told_whole(one)


@given(INSTANTS, st.integers(min_value=1, max_value=60))
def test_a_search_is_over_from_the_same_day_counted_backwards(now: datetime, days: int) -> None:
    """What the database compares with the day of acceptance, against the count of the law."""
    last = closed_starts(now, 60)[days - 1]
    assert candidates_deadline(last, days=days).due_at <= now
    assert candidates_deadline(last + timedelta(days=1), days=days).due_at > now


def _is_told_whole(one: Deadline) -> None:
    """The days that count and those that are skipped are all the days, each once."""
    skipped = {day for day, _ in one.skipped}
    assert len(skipped) == len(one.skipped)
    assert (one.last_day - one.start_on).days == one.days + len(skipped)
    assert all(one.start_on < day < one.last_day for day in skipped)


@given(INSTANTS, st.sampled_from([2, 5]), st.sampled_from([15, 20]))
def test_silence_acts_at_midnight_sharp(sent_at: datetime, two: int, more: int) -> None:
    """Art. 5.3: open to the last microsecond, accepted the next one; the same of the search."""
    answer = answer_deadline(sent_at, answer_days=two)
    candidates = candidates_deadline(answer.last_day, days=more)
    facts = OrientationFacts(
        state=State.SENT,
        answer_due_at=answer.due_at,
        answer_days=two,
        candidates_days=more,
    )
    assert not is_over(answer.due_at - MICROSECOND, answer.due_at)
    for at, state in (
        (sent_at, State.SENT),
        (answer.due_at - MICROSECOND, State.SENT),
        (answer.due_at, State.SEARCHING),
        (candidates.due_at - MICROSECOND, State.SEARCHING),
        (candidates.due_at, State.NO_CANDIDATE),
    ):
        assert effective_state(facts, at) is state
