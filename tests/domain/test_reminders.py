"""When a deadline is recalled, when a morning has its digest (interface.md §6)."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from server.domain.deadlines import PARIS
from server.domain.mail_kinds import AWAITED, INFORMATION, Kind, kind_of
from server.domain.reminders import Stage, due_stage, is_digest_time

THURSDAY, MONDAY, TUESDAY = date(2026, 4, 30), date(2026, 5, 4), date(2026, 5, 5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("start_on", "last_day", "now", "stage"),
    [
        # an offer of Thursday 30 April, to answer until Tuesday 5 May
        (THURSDAY, TUESDAY, "2026-04-30T18:00", None),
        (THURSDAY, TUESDAY, "2026-05-01T09:00", None),  # Fête du Travail
        (THURSDAY, TUESDAY, "2026-05-02T09:00", None),  # Saturday
        (THURSDAY, TUESDAY, "2026-05-03T09:00", None),  # Sunday
        (THURSDAY, TUESDAY, "2026-05-04T07:59", None),
        (THURSDAY, TUESDAY, "2026-05-04T08:00", Stage.HALF_WAY),
        (THURSDAY, TUESDAY, "2026-05-05T07:59", None),
        (THURSDAY, TUESDAY, "2026-05-05T08:00", Stage.LAST_DAY),
        (THURSDAY, TUESDAY, "2026-05-05T17:59", Stage.LAST_DAY),
        (THURSDAY, TUESDAY, "2026-05-05T18:00", None),
        (THURSDAY, TUESDAY, "2026-05-06T08:00", None),
        # fifteen working days: half-way is the seventh, 8 and 14 May being holidays
        (TUESDAY, date(2026, 5, 28), "2026-05-18T07:00", None),
        (TUESDAY, date(2026, 5, 28), "2026-05-14T09:00", None),
        (TUESDAY, date(2026, 5, 28), "2026-05-18T09:00", Stage.HALF_WAY),
        (TUESDAY, date(2026, 5, 28), "2026-05-20T09:00", Stage.HALF_WAY),  # late, once all the same
        # one day: its morning only; an extension: its last morning only
        (MONDAY, TUESDAY, "2026-05-05T09:00", Stage.LAST_DAY),
        (None, date(2026, 5, 28), "2026-05-20T09:00", None),
        (None, date(2026, 5, 28), "2026-05-28T09:00", Stage.LAST_DAY),
    ],
)
def test_half_way_and_on_the_last_morning(
    start_on: date | None, last_day: date, now: str, stage: Stage | None
) -> None:
    assert due_stage(start_on, last_day, at(now)) is stage


@pytest.mark.parametrize(
    ("now", "is_one"),
    [
        ("2026-05-04T07:59", False),
        ("2026-05-04T08:00", True),
        ("2026-05-04T11:59", True),
        ("2026-05-04T12:00", False),
        ("2026-05-01T09:00", False),
        ("2026-05-02T09:00", False),
        ("2026-05-03T09:00", False),
        ("2026-03-30T08:00", True),  # the morning after the change of the hour
    ],
)
def test_a_digest_is_for_working_mornings(now: str, is_one: bool) -> None:
    assert is_digest_time(at(now)) is is_one


def test_what_binds_is_never_a_choice() -> None:
    assert not set(AWAITED) & INFORMATION
    kinds = {kind_of(template, capacity) for template, capacity in AWAITED}
    assert kinds == {Kind.ACT, Kind.REMINDER}
    assert kind_of("orientation.accept", "bailleur") is Kind.INFORMATION
    assert kind_of("caleol.planned", "reservataire") is Kind.ACT
