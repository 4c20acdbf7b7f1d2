"""The duty of 25 %: attributions to DALO or, failing that, other priority households (art. 6.1).

It binds each collectivite and Action Logement on what is reserved to them, and the bailleur on
what is not; the State's own contingents stay out of its base (L441-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from server.domain.caleol import Outcome, Reason

MINIMUM_BP = 2_500
"""A quarter of the attributions, in 1/100 % (L441-1)."""

SECRECY = 5
"""Fewer households than this are not told: one could recognise them."""

HOUSEHOLD_REASONS = frozenset({Reason.WITHDRAWAL, Reason.NO_ANSWER, Reason.INCOMPLETE_FILE})
"""Silence, or a file never built, counts as a refusal (art. 6.3)."""

_BP = 10_000


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of the attributions of somebody went to priority households.

    `is_secret`: `priority`, and the rate with it, are not to be told; `total` always is.
    """

    key: str
    name: str
    priority: int
    total: int
    is_secret: bool = False

    @property
    def rate_bp(self) -> int | None:
        """In 1/100 %, rounded half up; None without any attribution: neither 0 nor 100 %."""
        if not self.total:
            return None
        return (2 * self.priority * _BP + self.total) // (2 * self.total)

    @property
    def is_reached(self) -> bool | None:
        """Compared exactly, before any rounding; None without any attribution."""
        return self.priority * _BP >= self.total * MINIMUM_BP if self.total else None


def _is_small(count: int) -> bool:
    return 0 < count < SECRECY


def keep_secret(shares: Sequence[Share]) -> tuple[Share, ...]:
    """Mark what must not be told, in the order given.

    A row hidden alone would be found by subtracting the others from their total: the smallest of
    them is then hidden with it.
    """
    marked = [
        replace(one, is_secret=_is_small(one.priority) or _is_small(one.total)) for one in shares
    ]
    hidden = [one for one in marked if one.is_secret]
    others = [one for one in marked if not one.is_secret and one.priority]
    if len(hidden) == 1 and others:
        smallest = min(others, key=lambda one: (one.priority, one.total))
        marked[marked.index(smallest)] = replace(smallest, is_secret=True)
    return tuple(marked)


def total_of(shares: Iterable[Share], *, key: str = "", name: str = "") -> Share:
    """The sum of the rows, secret if it is small, or if the only row hidden makes all of it."""
    rows = list(shares)
    priority, total = sum(one.priority for one in rows), sum(one.total for one in rows)
    gives_away = sum(one.is_secret for one in rows) == 1
    return Share(
        key=key,
        name=name,
        priority=priority,
        total=total,
        is_secret=gives_away or _is_small(priority) or _is_small(total),
    )


def is_household_refusal(outcome: Outcome, reason: Reason | None) -> bool:
    """Whether a DALO household, and not the commission, ended its candidature (art. 6.3)."""
    return outcome is Outcome.WITHDRAWN_BEFORE or reason in HOUSEHOLD_REASONS
