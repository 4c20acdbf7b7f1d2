"""The convention in time: one year, renewed twice by silence (art. 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

RENEWALS = 2
"""Tacit renewals of one year each (art. 8)."""

_ONE_DAY = timedelta(days=1)


class ConventionState(StrEnum):
    """Those stored, `STORED_STATES`, and those that time makes of a signed convention."""

    DRAFT = "draft"
    DELIBERATED = "deliberated"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    RENEWED = "renewed"
    EXPIRED = "expired"
    DENOUNCED = "denounced"
    TERMINATED = "terminated"
    REPLACED = "replaced"


STORED_STATES = frozenset(ConventionState) - {
    ConventionState.IN_FORCE,
    ConventionState.RENEWED,
    ConventionState.EXPIRED,
}
_UNSIGNED = frozenset({ConventionState.DRAFT, ConventionState.DELIBERATED})
_ENDED = frozenset(
    {ConventionState.DENOUNCED, ConventionState.TERMINATED, ConventionState.REPLACED}
)


@dataclass(frozen=True, kw_only=True)
class ConventionFacts:
    """A convention as recorded.

    `ended_on` is the last day in force of a convention denounced, terminated or replaced.
    """

    state: ConventionState
    starts_on: date
    renewals: int = RENEWALS
    ended_on: date | None = None


def anniversary(starts_on: date, years: int) -> date:
    """The same day years later; 29 February gives 1 March in a common year."""
    try:
        return starts_on.replace(year=starts_on.year + years)
    except ValueError:
        return date(starts_on.year + years, 3, 1)


def last_day(starts_on: date, renewals: int = RENEWALS) -> date:
    """The last day, included, of the last period: 23 November 2023 gives 22 November 2026."""
    return anniversary(starts_on, renewals + 1) - _ONE_DAY


def effective_last_day(facts: ConventionFacts) -> date:
    """The last day in force, an early end included."""
    until = last_day(facts.starts_on, facts.renewals)
    return until if facts.ended_on is None else min(until, facts.ended_on)


def in_force(facts: ConventionFacts, on: date) -> bool:
    """Whether the convention binds its parties on this day (art. 8)."""
    is_signed = facts.state not in _UNSIGNED
    return is_signed and facts.starts_on <= on <= effective_last_day(facts)


def period_number(facts: ConventionFacts, on: date) -> int | None:
    """1 for the first year, 2 and 3 for its tacit renewals; None when not in force."""
    if not in_force(facts, on):
        return None
    years = on.year - facts.starts_on.year
    return years + (on >= anniversary(facts.starts_on, years))


def effective_state(facts: ConventionFacts, on: date) -> ConventionState:
    """The state in law on this day: signed, then in force, renewed, and expired by time."""
    if facts.state in _UNSIGNED or facts.state in _ENDED:
        return facts.state
    if on < facts.starts_on:
        return ConventionState.SIGNED
    period = period_number(facts, on)
    if period is None:
        return ConventionState.EXPIRED
    return ConventionState.IN_FORCE if period == 1 else ConventionState.RENEWED


@dataclass(frozen=True, kw_only=True)
class ConventionPeriod:
    """A year of a convention, both days included; 1 is the first, 2 and 3 its renewals."""

    number: int
    from_on: date
    until_on: date


def periods(facts: ConventionFacts) -> tuple[ConventionPeriod, ...]:
    """Its first year and its tacit renewals, as far as its early end leaves them (art. 8)."""
    end = effective_last_day(facts)
    years = (
        ConventionPeriod(
            number=number,
            from_on=anniversary(facts.starts_on, number - 1),
            until_on=min(end, anniversary(facts.starts_on, number) - _ONE_DAY),
        )
        for number in range(1, facts.renewals + 2)
    )
    return tuple(one for one in years if one.from_on <= end)


def last_expired_start(on: date, renewals: int = RENEWALS) -> date:
    """Conventions that start on this day or before have run all their years on `on` (art. 8)."""
    try:
        return on.replace(year=on.year - renewals - 1)
    except ValueError:
        return date(on.year - renewals - 1, 2, 28)
