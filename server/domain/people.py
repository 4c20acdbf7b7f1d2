"""The people of an organisme: how long an invitation waits, when an account sleeps, who reviews.

These delays are rules of the portal, not of the law: the CNIL's « pack de conformité logement
social » asks that only agents designated by name read nominative applications, which a list that
nobody looks at again does not hold.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

INVITATION_LIFE = timedelta(days=7)
"""Long enough for a part-time secretary of a commune, short for a link that goes by mail."""

DORMANT_WARNED = timedelta(days=180)
"""Half a year: a commune that gets an offer a quarter is not taken for absent."""

DORMANT_CLOSED = timedelta(days=210)
DORMANT_NOTICE = DORMANT_CLOSED - DORMANT_WARNED
"""Thirty days to sign in again, counted from the warning even when it came late."""

REVIEW_MONTHS = 3
MOST_INVITATIONS = 50
"""That wait at the same time for one organisme: more is a mistake or a misuse."""


def left_alone(
    followed: frozenset[str], others: Iterable[frozenset[str]], kept: frozenset[str] = frozenset()
) -> frozenset[str]:
    """What no responsable would follow any more, were one to keep `kept` of what she `followed`.

    Whoever follows a contingent of the State gives it: without a responsable of its own, nobody
    could. The other organismes have one thing to follow, themselves.
    """
    return followed.difference(kept, *others)


class Sleep(StrEnum):
    """What has to be done of an account that nobody uses."""

    AWAKE = "awake"
    TO_WARN = "to_warn"
    WARNED = "warned"
    TO_CLOSE = "to_close"


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account in one organisme; `used_at` is its last sign-in, or else its opening."""

    used_at: datetime
    warned_at: datetime | None
    is_last_responsable: bool


def sleep_of(account: Account, now: datetime) -> Sleep:
    """The last responsable is warned only: her organisme would have nobody left to invite."""
    if now - account.used_at < DORMANT_WARNED:
        return Sleep.AWAKE
    if account.warned_at is None:
        return Sleep.TO_WARN
    if account.is_last_responsable or now < closes_at(account.used_at, account.warned_at):
        return Sleep.WARNED
    return Sleep.TO_CLOSE


def closes_at(used_at: datetime, warned_at: datetime) -> datetime:
    """When a warned account closes, unless it is used before."""
    return max(used_at + DORMANT_CLOSED, warned_at + DORMANT_NOTICE)


def review_due_on(last_on: date) -> date:
    """The day by which the list is confirmed again, three months after the last time."""
    months = last_on.month - 1 + REVIEW_MONTHS
    year, month = last_on.year + months // 12, months % 12 + 1
    return date(year, month, min(last_on.day, monthrange(year, month)[1]))
