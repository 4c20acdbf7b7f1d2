from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calendar import CALENDAR_VERSION, Zone, is_working_day
from server.domain.deadlines import (
    PARIS,
    answer_deadline,
    candidate_reply_deadline,
    candidates_deadline,
    counted,
    end_of_day,
    is_over,
    last_day,
    local_day,
    ordinals,
    working_days_left,
)

INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2040, 11, 30),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


def paris(day: str, hour: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("sent", "answer", "candidates"),
    [
        ("2025-03-03", "2025-03-05", "2025-03-26"),
        ("2025-03-07", "2025-03-11", "2025-04-01"),
        ("2025-03-08", "2025-03-11", "2025-04-01"),
        ("2025-04-17", "2025-04-22", "2025-05-15"),
        ("2025-04-30", "2025-05-05", "2025-05-27"),
        ("2025-05-07", "2025-05-12", "2025-06-03"),
        ("2025-05-28", "2025-06-02", "2025-06-24"),
        ("2025-07-11", "2025-07-16", "2025-08-06"),
        ("2025-10-31", "2025-11-04", "2025-11-26"),
        ("2025-11-07", "2025-11-12", "2025-12-03"),
        ("2025-12-19", "2025-12-23", "2026-01-15"),
        ("2025-12-24", "2025-12-29", "2026-01-20"),
        ("2026-04-02", "2026-04-07", "2026-04-28"),
        ("2026-04-30", "2026-05-05", "2026-05-29"),
        ("2026-05-13", "2026-05-18", "2026-06-09"),
    ],
)
def test_tacit_acceptance_then_candidates(sent: str, answer: str, candidates: str) -> None:
    """Art. 5.3: two working days to answer, fifteen from the acceptance; silence included."""
    first = answer_deadline(paris(sent))
    assert first.last_day.isoformat() == answer
    assert candidates_deadline(first.last_day).last_day.isoformat() == candidates


@pytest.mark.parametrize(
    ("sent", "answer", "candidates"),
    [
        ("2025-04-17", "2025-04-23", "2025-05-16"),
        ("2025-12-19", "2025-12-23", "2026-01-16"),
        ("2025-12-24", "2025-12-30", "2026-01-21"),
        ("2026-04-02", "2026-04-08", "2026-04-29"),
    ],
)
def test_alsace_moselle_has_two_more_holidays(sent: str, answer: str, candidates: str) -> None:
    """Code du travail L3134-13."""
    zone = Zone.ALSACE_MOSELLE
    first = answer_deadline(paris(sent), zone=zone)
    assert first.last_day.isoformat() == answer
    assert candidates_deadline(first.last_day, zone=zone).last_day.isoformat() == candidates


@pytest.mark.parametrize(
    ("accepted", "candidates"), [("2025-03-03", "2025-03-24"), ("2025-03-05", "2025-03-26")]
)
def test_express_acceptance_starts_earlier(accepted: str, candidates: str) -> None:
    deadline = candidates_deadline(date.fromisoformat(accepted))
    assert deadline.last_day.isoformat() == candidates


@pytest.mark.parametrize(
    ("day", "hour"), [("2025-03-07", "23:59"), ("2025-03-08", "12:00"), ("2025-03-09", "23:59")]
)
def test_friday_night_saturday_and_sunday_count_from_monday(day: str, hour: str) -> None:
    assert answer_deadline(paris(day, hour)).last_day == date(2025, 3, 11)


@pytest.mark.parametrize(
    ("notified", "reply"),
    [
        ("2022-02-02", "2022-02-14"),
        ("2025-03-05", "2025-03-17"),
        ("2025-04-21", "2025-05-02"),
        ("2025-12-15", "2025-12-26"),
    ],
)
def test_reply_of_a_candidate(notified: str, reply: str) -> None:
    """R441-10: ten calendar days at least, moved to the next working day (CPC art. 642)."""
    deadline = candidate_reply_deadline(date.fromisoformat(notified))
    assert deadline.last_day.isoformat() == reply


def test_a_candidate_never_has_less_than_ten_days() -> None:
    with pytest.raises(ValueError, match="R441-10"):
        candidate_reply_deadline(date(2025, 3, 5), 9)


def test_a_deadline_says_how_it_was_counted() -> None:
    deadline = answer_deadline(paris("2026-04-30"))
    assert deadline.start_on == date(2026, 4, 30)
    assert deadline.due_at == datetime(2026, 5, 5, 22, tzinfo=UTC)
    assert deadline.days == 2
    assert deadline.skipped == (
        (date(2026, 5, 1), "Fête du Travail"),
        (date(2026, 5, 2), "samedi"),
        (date(2026, 5, 3), "dimanche"),
    )
    assert deadline.calendar_version == CALENDAR_VERSION


def test_each_day_has_its_rank() -> None:
    """Art. 5.3: sent on a Thursday before the 1st of May, over a week-end."""
    period = answer_deadline(datetime(2026, 4, 30, 10, tzinfo=PARIS))
    assert [(day.isoformat(), rank) for day, rank in ordinals(period)] == [
        ("2026-05-01", None),
        ("2026-05-02", None),
        ("2026-05-03", None),
        ("2026-05-04", 1),
        ("2026-05-05", 2),
    ]


@given(sent_at=INSTANTS, days=st.integers(1, 40))
def test_a_receipt_counted_is_the_same(sent_at: datetime, days: int) -> None:
    """From its first day and its number of days alone; the last rank is that number."""
    period = answer_deadline(sent_at, answer_days=days)
    assert counted(period.start_on, period.days) == period
    assert ordinals(period)[-1] == (period.last_day, days)


def test_a_moved_reply_says_why() -> None:
    deadline = candidate_reply_deadline(date(2025, 4, 21))
    assert deadline.skipped == ((date(2025, 5, 1), "Fête du Travail"),)


@pytest.mark.parametrize(
    ("day", "bound"),
    [
        (date(2026, 5, 5), datetime(2026, 5, 5, 22, tzinfo=UTC)),
        (date(2026, 1, 20), datetime(2026, 1, 20, 23, tzinfo=UTC)),
        (date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_24_in_paris_in_summer_and_winter(day: date, bound: datetime) -> None:
    assert end_of_day(day) == bound
    assert last_day(bound) == day


@pytest.mark.parametrize(
    ("now", "expected"),
    [("23:59:59.999999", False), ("23:00:00", False)],
)
def test_the_last_second_is_in_time(now: str, expected: bool) -> None:
    assert is_over(paris("2026-05-05", now), end_of_day(date(2026, 5, 5))) is expected


def test_midnight_is_too_late() -> None:
    assert is_over(paris("2026-05-06", "00:00"), end_of_day(date(2026, 5, 5)))


@pytest.mark.parametrize(
    ("now", "left"),
    [("2026-04-30", 2), ("2026-05-02", 2), ("2026-05-04", 1), ("2026-05-05", 0), ("2026-05-07", 0)],
)
def test_working_days_left(now: str, left: int) -> None:
    assert working_days_left(paris(now), end_of_day(date(2026, 5, 5))) == left


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_day(datetime(2026, 5, 5, 10))  # noqa: DTZ001 - the naive one must be refused


@given(INSTANTS, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)))
def test_a_later_sending_never_ends_earlier(sent_at: datetime, wait: timedelta) -> None:
    assert answer_deadline(sent_at).due_at <= answer_deadline(sent_at + wait).due_at


@given(INSTANTS, st.sampled_from(Zone))
def test_deadlines_end_on_working_days_and_are_not_over_at_once(
    sent_at: datetime, zone: Zone
) -> None:
    answer = answer_deadline(sent_at, zone=zone)
    candidates = candidates_deadline(answer.last_day, zone=zone)
    reply = candidate_reply_deadline(local_day(sent_at), zone=zone)
    for deadline in (answer, candidates, reply):
        assert is_working_day(deadline.last_day, zone)
        assert not is_over(sent_at, deadline.due_at)
    assert answer.last_day < candidates.last_day
