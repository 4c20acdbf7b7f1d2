"""When the bilan of a year is due (art. 7, R441-5-1)."""

from __future__ import annotations

from datetime import date, datetime

from server.domain.deadlines import end_of_day, is_over


def bilan_last_day(reported_year: int) -> date:
    """The last day to send it, 27 February: the law says before the 28th (R441-5-1)."""
    return date(reported_year + 1, 2, 27)


def cil_last_day(reported_year: int) -> date:
    """The last day to submit it to the CIL, 30 March: before the 31st (art. 7)."""
    return date(reported_year + 1, 3, 30)


def is_late(now: datetime, last_day: date) -> bool:
    """Whether the day of a yearly duty is over, at 24:00 in Paris."""
    return is_over(now, end_of_day(last_day))


def is_provisional(reported_year: int, on: date) -> bool:
    """Whether the reported year still runs: its figures may move."""
    return on.year <= reported_year
