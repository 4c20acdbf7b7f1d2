"""Declared closures: what may be declared, and when they stop the clock (domain.md §5.4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calendar import Closure, Zone, is_working_day
from server.domain.closures import (
    ClosureRule,
    days_words,
    declaring_motifs,
    stopping,
    withdrawing_motifs,
)
from server.domain.deadlines import (
    PARIS,
    answer_deadline,
    candidates_deadline,
    counted,
    ordinals,
    working_days_left,
)
from server.domain.orientations import (
    Delivery,
    OrientationFacts,
    SendFacts,
    State,
    Transition,
    accept,
    caught_up,
    send,
)

TODAY = date(2026, 5, 4)
BRIDGE = Closure(first_day=date(2026, 5, 15), last_day=date(2026, 5, 15), reason="pont")
SUMMER = Closure(first_day=date(2026, 8, 3), last_day=date(2026, 8, 14), reason="congés d'été")
WEDNESDAY = datetime(2026, 5, 13, 10, tzinfo=PARIS)


def closure(first: str, last: str, reason: str = "congés") -> Closure:
    return Closure(
        first_day=date.fromisoformat(first), last_day=date.fromisoformat(last), reason=reason
    )


@pytest.mark.parametrize(
    ("first", "last", "reason", "code"),
    [
        ("2026-05-15", "2026-05-14", "pont", "closure_order"),
        ("2026-08-01", "2026-09-01", "congés", "closure_too_long"),
        ("2026-05-14", "2026-05-18", "pont", "closure_overlap"),
        ("2026-05-15", "2026-05-15", "pont", "closure_overlap"),
        ("2026-05-03", "2026-05-05", "pont", "closure_past"),
        ("2026-06-01", "2026-06-02", "  ", "reason_required"),
        ("2026-06-01", "2026-06-02", "x" * 121, "reason_too_long"),
    ],
)
def test_what_cannot_be_declared(first: str, last: str, reason: str, code: str) -> None:
    motifs = declaring_motifs(closure(first, last, reason), [BRIDGE], TODAY)
    assert [one.code for one in motifs] == [code]
    assert motifs[0].field


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-05-04", "2026-05-04"), ("2026-05-16", "2026-06-15"), ("2026-05-11", "2026-05-14")],
)
def test_what_may_be_declared(first: str, last: str) -> None:
    assert declaring_motifs(closure(first, last), [BRIDGE], TODAY) == ()


@pytest.mark.parametrize(
    ("today", "codes"),
    [("2026-05-14", []), ("2026-05-15", ["closure_begun"]), ("2026-06-01", ["closure_begun"])],
)
def test_only_a_closure_to_come_is_withdrawn(today: str, codes: list[str]) -> None:
    found = withdrawing_motifs(BRIDGE, date.fromisoformat(today))
    assert [one.code for one in found] == codes


def test_a_closure_stops_no_clock_unless_the_convention_says_so() -> None:
    assert stopping(ClosureRule.COUNTED, [SUMMER, BRIDGE]) == ()
    assert stopping(ClosureRule.SUSPENDED, [SUMMER, BRIDGE]) == (BRIDGE, SUMMER)


def test_the_bridge_of_ascension() -> None:
    """§5.4: sent on Wednesday 13 May 2026, Thursday is Ascension, the town hall bridges Friday."""
    assert answer_deadline(WEDNESDAY).last_day == date(2026, 5, 18)
    bridged = answer_deadline(WEDNESDAY, closures=(BRIDGE,))
    assert bridged.last_day == date(2026, 5, 19)
    assert bridged.skipped[:2] == (
        (date(2026, 5, 14), "Ascension"),
        (date(2026, 5, 15), "fermeture : pont"),
    )
    assert working_days_left(WEDNESDAY, bridged.due_at, closures=(BRIDGE,)) == 2


def test_a_closed_holiday_is_a_holiday_and_counts_once() -> None:
    closed = closure("2026-05-14", "2026-05-15")
    skipped = dict(answer_deadline(WEDNESDAY, closures=(closed,)).skipped)
    assert skipped[date(2026, 5, 14)] == "Ascension"
    assert answer_deadline(WEDNESDAY, closures=(closed,)).last_day == date(2026, 5, 19)


@given(
    start=st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 6, 30)),
    days=st.integers(1, 40),
    shut=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 30)), max_size=4),
    zone=st.sampled_from(Zone),
)
def test_exactly_the_working_open_days_are_counted(
    start: date, days: int, shut: list[tuple[int, int]], zone: Zone
) -> None:
    """Whatever the closures: as many open working days as the period has, its last one open."""
    closures = tuple(
        Closure(
            first_day=start + timedelta(days=after),
            last_day=start + timedelta(days=after + length),
            reason="fermé",
        )
        for after, length in shut
    )
    period = counted(start, days, zone=zone, closures=closures)
    span = [start + timedelta(days=n) for n in range(1, (period.last_day - start).days + 1)]
    opened = [
        day
        for day in span
        if is_working_day(day, zone) and not any(one.covers(day) for one in closures)
    ]
    assert (len(opened), opened[-1]) == (days, period.last_day)
    assert ordinals(period)[-1] == (period.last_day, days)
    assert len(span) - len(opened) == len(period.skipped)
    assert period.last_day >= counted(start, days, zone=zone).last_day


def sent(closures: tuple[Closure, ...]) -> Transition:
    facts = SendFacts(
        party_name="la commune de Doussard",
        insee="74104",
        commune_name="Doussard",
        perimeter=frozenset({"74104"}),
        has_convention=True,
        is_convention_in_force=True,
        has_address=True,
        closures=closures,
    )
    found = send(facts, now=WEDNESDAY)
    assert isinstance(found, Transition)
    return found


def awaiting(closures: tuple[Closure, ...]) -> OrientationFacts:
    answer = sent(closures).answer
    assert answer is not None
    return OrientationFacts(
        state=State.SENT,
        clock_at=WEDNESDAY,
        answer_due_at=answer.due_at,
        delivery=Delivery.DELIVERED,
        closures=closures,
    )


def test_the_silence_and_the_search_wait_for_the_reopening() -> None:
    """Silence of an offer sent before the bridge: accepted on the 19th, fifteen days from then."""
    now = datetime(2026, 5, 18, 22, 30, tzinfo=UTC)  # the 19th in Paris
    assert caught_up(awaiting(()), now).state is State.SEARCHING
    assert caught_up(awaiting((BRIDGE,)), now).state is State.SENT
    after = caught_up(awaiting((BRIDGE,)), now + timedelta(days=1))
    assert after.accepted_on == date(2026, 5, 19)
    whit = candidates_deadline(date(2026, 5, 19), closures=(BRIDGE,))
    assert after.candidates_due_at == whit.due_at


def test_an_acceptance_searches_without_the_closed_days() -> None:
    closed = closure("2026-05-18", "2026-05-22", "travaux")
    found = accept(awaiting((closed,)), now=WEDNESDAY)
    assert isinstance(found, Transition)
    assert found.candidates is not None
    usual = candidates_deadline(WEDNESDAY.date())
    assert found.candidates.last_day == counted(usual.last_day, 5).last_day


def test_the_days_in_words() -> None:
    assert days_words(BRIDGE) == "le 15 mai 2026"
    assert days_words(SUMMER) == "du 3 août 2026 au 14 août 2026"
