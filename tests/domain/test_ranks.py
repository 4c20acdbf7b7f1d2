from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from server.domain.deadlines import PARIS, Deadline
from server.domain.orientations import (
    CandidateOffer,
    OrientationFacts,
    Ranking,
    Reply,
    Standing,
    State,
    Transition,
    fail_lease,
    hear,
    leasing_motifs,
    next_rank,
    standing_of,
    tell,
)

ATTRIBUTED = OrientationFacts(state=State.ATTRIBUTED, attributed_on=date(2025, 3, 4))
TWO = Ranking(order=("a", "b"), current="a")


def at(day: str, hour: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=PARIS)


def told(day: str, days: int = 10, ranking: Ranking = TWO) -> Ranking:
    deadline = tell(
        replace(ATTRIBUTED, attributed_on=None),
        ranking,
        now=at(day),
        notified_on=date.fromisoformat(day),
        days=days,
    )
    assert isinstance(deadline, Deadline)
    offer = CandidateOffer(
        candidate=ranking.current, notified_on=deadline.start_on, due_at=deadline.due_at
    )
    return replace(ranking, offers=(*ranking.offers, offer))


@pytest.mark.parametrize(
    ("notified", "silent_from"),
    [
        ("2022-02-02", "2022-02-15"),
        ("2025-03-05", "2025-03-18"),
        ("2025-04-21", "2025-05-03"),
        ("2025-12-15", "2025-12-27"),
    ],
)
def test_the_silence_of_a_candidate_is_a_refusal(notified: str, silent_from: str) -> None:
    """R441-10: at least ten days, moved to the next working day; domain.md §7.5."""
    ranking = told(notified)
    midnight = at(silent_from, "00:00")
    just_before = datetime.fromtimestamp(midnight.timestamp() - 1, PARIS)
    assert standing_of(ranking.offer, just_before) is Standing.PENDING
    assert standing_of(ranking.offer, midnight) is Standing.SILENT
    facts = replace(ATTRIBUTED, attributed_on=None)
    assert not isinstance(next_rank(facts, ranking, now=just_before), Transition)
    assert isinstance(next_rank(facts, ranking, now=midnight), Transition)


@pytest.mark.parametrize(
    ("day", "days", "code"),
    [
        ("2025-03-05", 9, "reply_days_invalid"),
        ("2025-03-05", 91, "reply_days_invalid"),
        ("2025-03-06", 10, "notified_in_future"),
        ("2025-03-03", 10, "notified_before_attribution"),
    ],
)
def test_what_may_not_be_told(day: str, days: int, code: str) -> None:
    """R441-10."""
    verdict = tell(
        ATTRIBUTED, TWO, now=at("2025-03-05"), notified_on=date.fromisoformat(day), days=days
    )
    assert isinstance(verdict, tuple)
    assert [motif.code for motif in verdict] == [code]


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("2025-03-17", None),
        ("2025-03-18", "reply_too_late"),
        ("2025-03-04", "reply_before_notification"),
        ("2025-03-21", "reply_in_future"),
    ],
)
def test_a_reply_has_its_day(on: str, code: str | None) -> None:
    """R441-10: what came in time may be recorded after it."""
    motifs = hear(
        ATTRIBUTED,
        told("2025-03-05"),
        now=at("2025-03-20"),
        replied_on=date.fromisoformat(on),
    )
    assert [motif.code for motif in motifs] == ([] if code is None else [code])


def test_nothing_is_heard_of_a_candidate_that_was_not_told() -> None:
    motifs = hear(ATTRIBUTED, TWO, now=at("2025-03-20"), replied_on=date(2025, 3, 20))
    assert [motif.code for motif in motifs] == ["candidate_not_told"]


def test_the_last_rank_has_nobody_after_it() -> None:
    """T14, T16."""
    second = told("2025-03-05", ranking=replace(TWO, current="b"))
    verdict = next_rank(ATTRIBUTED, second, now=at("2025-04-01"))
    assert isinstance(verdict, tuple)
    assert [motif.code for motif in verdict] == ["no_next_rank"]
    assert isinstance(
        fail_lease(ATTRIBUTED, second, now=at("2025-04-01"), reason="Silence"), Transition
    )


@pytest.mark.parametrize(
    ("reply", "signed_on", "code"),
    [
        (None, "2025-03-17", None),
        (None, "2025-03-18", "candidate_silent"),
        (Reply.ACCEPTED, "2025-04-18", None),
        (Reply.REFUSED, "2025-03-10", "candidate_refused"),
    ],
)
def test_with_whom_a_lease_is_signed(reply: Reply | None, signed_on: str, code: str | None) -> None:
    """R441-10, T15."""
    ranking = told("2025-03-05")
    assert ranking.offer is not None
    ranking = replace(ranking, offers=(replace(ranking.offer, reply=reply),))
    motifs = leasing_motifs(ranking, signed_on=date.fromisoformat(signed_on))
    assert [motif.code for motif in motifs] == ([] if code is None else [code])
