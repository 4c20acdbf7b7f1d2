"""Correcting a wrong act by a new dated one: what it changes in law and in the counters.

Nothing is rewritten: the journal keeps the first act and the correction with its reason. What the
law has already made of a silence, of a lease or of presented candidates is not undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from server.domain import labels
from server.domain.deadlines import Deadline, candidates_deadline, is_over, local_day
from server.domain.flux import Indicator
from server.domain.orientations.clock import caught_up, wrong_state
from server.domain.orientations.guards import reason_motifs
from server.domain.orientations.states import Acceptance, OrientationFacts, State
from server.errors import Motif


class Mistake(StrEnum):
    """What was wrong: the organisme, the day of the answer, of the attribution, of the lease."""

    ADDRESSEE = "addressee"
    ANSWER = "answer"
    ATTRIBUTION = "attribution"
    LEASE = "lease"


@dataclass(frozen=True, kw_only=True)
class RecordedFacts:
    """An orientation as recorded, with the days that its counters read."""

    orientation: OrientationFacts
    sent_on: date
    answer_last_day: date
    leased_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CounterChange:
    """How many dwellings an indicator of a year gains (1) or loses (-1)."""

    indicator: Indicator
    year: int
    change: int


@dataclass(frozen=True, kw_only=True)
class Rectification:
    """What to record: the state and the days as they become, and what the counters feel.

    `day` is the corrected day of `mistake`, None for a wrong organisme; `candidates` the period
    counted again.
    """

    mistake: Mistake
    from_state: State
    to_state: State
    from_day: date | None
    day: date | None
    reason: str
    candidates: Deadline | None
    changes: tuple[CounterChange, ...]


Rectified: TypeAlias = Rectification | tuple[Motif, ...]


def rectify(
    recorded: RecordedFacts,
    *,
    now: datetime,
    mistake: Mistake,
    day: date | None,
    reason: str,
    expected_version: int | None = None,
) -> Rectified:
    """The correction of one mistake, or what forbids it.

    Codes: stale_version, wrong_state, tacit_acquired, candidates_presented, lease_signed,
    period_elapsed, day_required, day_in_future, day_out_of_order, day_unchanged, reason_required.
    """
    if expected_version not in (None, recorded.orientation.version):
        message = "Une autre personne a modifié cette orientation : rechargez la page."
        return (Motif(code="stale_version", message=message),)
    facts = caught_up(recorded.orientation, now)
    motifs = _state_motifs(facts, mistake)
    if not motifs and mistake is not Mistake.ADDRESSEE:
        motifs = _day_motifs(recorded, facts, mistake, day, now)
    motifs = motifs or reason_motifs(reason)
    if motifs:
        return motifs
    period = None
    if mistake is Mistake.ANSWER and day is not None:
        period = candidates_deadline(
            day, days=facts.candidates_days, zone=facts.zone, closures=facts.closures
        )
        if is_over(now, period.due_at):
            return (_elapsed(),)
    return _rectification(recorded, facts, mistake, day, reason.strip(), period)


_STATES = {
    Mistake.ADDRESSEE: frozenset({State.SENT, State.REFUSED, State.SEARCHING}),
    Mistake.ANSWER: frozenset({State.SEARCHING}),
    Mistake.ATTRIBUTION: frozenset({State.ATTRIBUTED, State.LEASED, State.LEASE_FAILED}),
    Mistake.LEASE: frozenset({State.LEASED}),
}
_OF_THE_ANSWER = frozenset({Mistake.ADDRESSEE, Mistake.ANSWER})


def _state_motifs(facts: OrientationFacts, mistake: Mistake) -> tuple[Motif, ...]:
    if mistake in _OF_THE_ANSWER:
        acquired = _acquired(facts)
        if acquired is not None:
            return (acquired,)
    return () if facts.state in _STATES[mistake] else (wrong_state(facts),)


def _acquired(facts: OrientationFacts) -> Motif | None:
    """What the law does not let anybody undo."""
    if facts.state is State.LEASED:
        message = (
            "Le bail est signé et la demande radiée pour attribution (R441-2-8) : l'attribution "
            "ne se défait plus."
        )
        return Motif(code="lease_signed", message=message)
    if facts.acceptance is Acceptance.TACIT and facts.accepted_on is not None:
        message = (
            "Le silence a valu acceptation le "
            f"{labels.french_day(facts.accepted_on)} (convention, art. 5.3) : cette acceptation "
            "est acquise. Le réservataire peut renoncer, ou vous pouvez retirer l'offre."
        )
        return Motif(code="tacit_acquired", message=message)
    if facts.state is State.NO_CANDIDATE:
        return _elapsed()
    if facts.candidate_count:
        message = "Des candidats ont été présentés sur cette offre : elle ne se défait plus."
        return Motif(code="candidates_presented", message=message)
    return None


def _elapsed() -> Motif:
    message = (
        "Le délai de présentation des candidats a pris fin : ce que l'échéance a fait est acquis "
        "(convention, art. 5.3)."
    )
    return Motif(code="period_elapsed", message=message)


def _recorded_day(recorded: RecordedFacts, mistake: Mistake) -> date | None:
    facts = recorded.orientation
    return {
        Mistake.ADDRESSEE: None,
        Mistake.ANSWER: facts.accepted_on,
        Mistake.ATTRIBUTION: facts.attributed_on,
        Mistake.LEASE: recorded.leased_on,
    }[mistake]


def _day_motifs(
    recorded: RecordedFacts,
    facts: OrientationFacts,
    mistake: Mistake,
    day: date | None,
    now: datetime,
) -> tuple[Motif, ...]:
    code, message = "", ""
    first, last = _bounds(recorded, facts, mistake)
    if day is None:
        code, message = "day_required", "Indiquez la date exacte."
    elif day == _recorded_day(recorded, mistake):
        code, message = "day_unchanged", "C'est la date déjà enregistrée."
    elif day > local_day(now):
        code, message = "day_in_future", "La date est à venir."
    elif (first and day < first) or (last and day > last):
        code, message = "day_out_of_order", _out_of_order(first, last)
    return (Motif(code=code, message=message, field="day"),) if code else ()


def _bounds(
    recorded: RecordedFacts, facts: OrientationFacts, mistake: Mistake
) -> tuple[date | None, date | None]:
    """The days between which the corrected one must fall, included."""
    if mistake is Mistake.ANSWER:
        return recorded.sent_on, recorded.answer_last_day
    if mistake is Mistake.ATTRIBUTION:
        return facts.accepted_on or recorded.sent_on, recorded.leased_on
    return facts.attributed_on, None


def _out_of_order(first: date | None, last: date | None) -> str:
    since = f"à partir du {labels.french_day(first)}" if first else ""
    until = f"jusqu'au {labels.french_day(last)}" if last else ""
    return f"La date doit tomber {' et '.join(part for part in (since, until) if part)}."


def _rectification(
    recorded: RecordedFacts,
    facts: OrientationFacts,
    mistake: Mistake,
    day: date | None,
    reason: str,
    period: Deadline | None,
) -> Rectification:
    is_undone = mistake is Mistake.ADDRESSEE
    after = {
        "sent": None if is_undone else recorded.sent_on,
        "attributed": day if mistake is Mistake.ATTRIBUTION else facts.attributed_on,
        "leased": day if mistake is Mistake.LEASE else recorded.leased_on,
    }
    before = {
        "sent": recorded.sent_on,
        "attributed": facts.attributed_on,
        "leased": recorded.leased_on,
    }
    return Rectification(
        mistake=mistake,
        from_state=facts.state,
        to_state=State.WITHDRAWN if is_undone else facts.state,
        from_day=_recorded_day(recorded, mistake),
        day=day if not is_undone else None,
        reason=reason,
        candidates=period,
        changes=_changes(before, after),
    )


_COUNTED = {
    "sent": Indicator.ORIENTED,
    "attributed": Indicator.ATTRIBUTED,
    "leased": Indicator.LEASED,
}


def _changes(
    before: dict[str, date | None], after: dict[str, date | None]
) -> tuple[CounterChange, ...]:
    """An offer, an attribution and a lease count in the year of their own day (domain.md Q13)."""
    found = []
    for name, indicator in _COUNTED.items():
        old, new = (day.year if day else None for day in (before[name], after[name]))
        if old == new:
            continue
        if old is not None:
            found.append(CounterChange(indicator=indicator, year=old, change=-1))
        if new is not None:
            found.append(CounterChange(indicator=indicator, year=new, change=1))
    return tuple(found)
