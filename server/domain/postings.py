"""From the acts to the moves of the ledger, by counting basis (art. 5.1 and 7, R441-5).

Each line of the journal that opens, gives or takes back a vacancy is an event; an event makes the
same moves whenever they are posted: its own day's rates and settings, nothing of today's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from server.domain.deadlines import end_of_day, local_day
from server.domain.flux import BAILLEUR, Indicator
from server.domain.ledger import (
    TOTAL,
    Move,
    Stratum,
    freed,
    oriented,
    released,
    spread,
    withdrawn,
)
from server.domain.orientations import ENGAGED_STATES, State

REGISTERED = "vacancy.registered"
SENT = "orientation.sent"
URGENCE = "urgence.applied"
KEPT = "vacancy.kept_"
KEPT_OWN = "vacancy.kept_own"


class Kind(StrEnum):
    """What a move does; `COUNTED` keeps a credit that came to nothing and owes the rates again,
    `SPREAD` puts off a part of an urgency, or charges one that was.
    """

    FREED = "freed"
    WITHDRAWN = "withdrawn"
    ORIENTED = "oriented"
    RELEASED = "released"
    COUNTED = "counted"
    EXPIRED = "expired"
    SPREAD = "spread"


DUE_KINDS = frozenset({Kind.FREED, Kind.WITHDRAWN, Kind.COUNTED})
"""Those that change what is due."""
MOVED_KINDS = frozenset({Kind.EXPIRED, Kind.SPREAD})
"""Those that move a balance; the others change what was received."""


class Refusals(StrEnum):
    """What a refusal costs, on the basis of the offers (decided by the comité technique)."""

    FREE = "free"
    COUNTED = "counted"
    FROM_KTH = "from_kth"


class Urgences(StrEnum):
    """Who bears a dwelling that the préfet gave to a crisis (art. 2.4)."""

    CHARGED = "charged"
    SPREAD = "spread"
    NOT_CHARGED = "not_charged"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the events cost; `version` is the charte's. `refusal_rank`: the k of FROM_KTH,
    `urgence_parts` the number of months over which an urgency is spread.
    """

    version: str = ""
    refusals: Refusals = Refusals.FREE
    refusal_rank: int = 3
    urgences: Urgences = Urgences.CHARGED
    urgence_parts: int = 4


@dataclass(frozen=True, kw_only=True)
class Event:
    """A line of the journal as far as the ledger is concerned.

    `party` is the line of the annexe that receives or gives back (the bailleur's own row for a
    droit unique, None if nobody is charged); `streak` counts the refusals in a row of the party in
    one stratum, this one included; `was_counted`: of a refusal that is taken back, whether the
    ledger kept it counted.
    """

    act: str
    at: datetime
    strata: tuple[Stratum, ...]
    party: str | None = None
    before: State | None = None
    after: State | None = None
    streak: int = 1
    was_counted: bool = False


def is_event(act: str, before: str | None, after: str | None) -> bool:
    """Whether a line of the journal moves the ledger: a vacancy begins or is kept, an offer begins
    or ceases to hold its dwelling or its refusal is taken back, an urgency takes it.
    """
    if act in (REGISTERED, URGENCE) or act.startswith(KEPT):
        return True
    is_offer = act.startswith("orientation.")
    is_moved = (before in ENGAGED_STATES) != (after in ENGAGED_STATES)
    return is_offer and (is_moved or is_refusal_undone(before, after))


def is_refusal_undone(before: str | None, after: str | None) -> bool:
    """Whether an offer that was refused is taken back: it had gone to the wrong organisme."""
    return before == State.REFUSED and after == State.WITHDRAWN


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A move and what it does; `at` if it is not the instant of its event."""

    kind: Kind
    move: Move
    at: datetime | None = None


def postings(
    event: Event, basis: Indicator, shares: Mapping[str, int], policy: Policy
) -> tuple[Posting, ...]:
    """The moves of an event on a basis; `shares` are the rates of the day of the vacancy."""
    return tuple(_postings(event, basis, shares, policy))


def _postings(
    event: Event, basis: Indicator, shares: Mapping[str, int], policy: Policy
) -> Iterator[Posting]:
    strata = event.strata
    if event.act == REGISTERED:
        yield Posting(kind=Kind.FREED, move=freed(strata, shares))
    elif event.act == KEPT_OWN:
        yield Posting(kind=Kind.ORIENTED, move=oriented(strata, BAILLEUR))
    elif event.act.startswith(KEPT) or _leaves_flux(event, policy):
        yield Posting(kind=Kind.WITHDRAWN, move=withdrawn(strata, shares))
    elif event.party is not None and _engages(event):
        yield Posting(kind=Kind.ORIENTED, move=oriented(strata, event.party))
        if event.act == URGENCE and policy.urgences is Urgences.SPREAD:
            yield from _spread(event, event.party, policy.urgence_parts)
    elif event.party is not None and _ends(event):
        if is_counted(event, basis, policy):
            yield Posting(kind=Kind.COUNTED, move=freed(strata, shares))
        else:
            yield Posting(kind=Kind.RELEASED, move=released(strata, event.party))
    else:
        yield from _taken_back(event, basis, shares)


def _taken_back(event: Event, basis: Indicator, shares: Mapping[str, int]) -> Iterator[Posting]:
    """The credit of a refusal that was counted, and what it made due again."""
    if event.party is not None and event.was_counted and basis is Indicator.ORIENTED:
        yield Posting(kind=Kind.RELEASED, move=released(event.strata, event.party))
        yield Posting(kind=Kind.WITHDRAWN, move=withdrawn(event.strata, shares))


def _spread(event: Event, party: str, parts: int) -> Iterator[Posting]:
    """What is put off on the day, then a part on the first of each month that follows."""
    if parts < 2:  # noqa: PLR2004 # one part: charged at once
        return
    for number, move in enumerate(spread(event.strata, party, parts)):
        yield Posting(kind=Kind.SPREAD, move=move, at=spread_at(event.at, number))


def spread_at(at: datetime, number: int) -> datetime:
    """When a part of an urgency of this instant is charged: the first of the nth month after."""
    if number == 0:
        return at
    day = local_day(at)
    years, month = divmod(day.month - 1 + number, 12)
    return end_of_day(date(day.year + years, month + 1, 1) - timedelta(days=1))


def _leaves_flux(event: Event, policy: Policy) -> bool:
    is_free = event.party is None or policy.urgences is Urgences.NOT_CHARGED
    return event.act == URGENCE and is_free


def _engages(event: Event) -> bool:
    if event.act in (SENT, URGENCE):
        return True
    return event.before not in ENGAGED_STATES and event.after in ENGAGED_STATES


def _ends(event: Event) -> bool:
    return event.before in ENGAGED_STATES and event.after not in ENGAGED_STATES


def streak(answers: Sequence[tuple[bool, tuple[Stratum, ...]]]) -> int:
    """The longest run of refusals of a party in one stratum of the dwelling it has just refused.

    `answers`: whether each was a refusal and its strata, the newest first, this one included. The
    total is no stratum here: a run over everything would count unlike dwellings together.
    """
    if not answers:
        return 0
    return max(
        _run([is_refusal for is_refusal, strata in answers if stratum in strata])
        for stratum in answers[0][1]
        if stratum != TOTAL
    )


def _run(answers: Sequence[bool]) -> int:
    return next((index for index, refused in enumerate(answers) if not refused), len(answers))


def is_counted(event: Event, basis: Indicator, policy: Policy) -> bool:
    """Whether an offer that comes to nothing stays counted: when it fails after the count of the
    basis, and a refusal as the comité technique decided.
    """
    if event.after is State.LEASE_FAILED:
        return basis in (Indicator.ORIENTED, Indicator.ATTRIBUTED)
    if event.after is State.NOT_ATTRIBUTED:
        return basis is Indicator.ORIENTED
    if event.after is not State.REFUSED or basis is not Indicator.ORIENTED:
        return False
    is_repeated = policy.refusals is Refusals.FROM_KTH and event.streak >= policy.refusal_rank
    return policy.refusals is Refusals.COUNTED or is_repeated
