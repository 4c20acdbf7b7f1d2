from __future__ import annotations

from datetime import date

import pytest

from server.domain.caleol import (
    INADMISSIBLE_REASONS,
    LEGAL_OUTCOMES,
    NOT_ATTRIBUTED_REASONS,
    Decided,
    Decision,
    Outcome,
    Reason,
    check_decisions,
)

HELD_ON = date(2026, 6, 10)
LATER = date(2026, 6, 24)


def given(candidate: str) -> Decision:
    return Decision(candidate=candidate, outcome=Outcome.ATTRIBUTION)


def ranked(candidate: str, rank: int | None) -> Decision:
    return Decision(candidate=candidate, outcome=Outcome.ATTRIBUTION_RANK, rank=rank)


def refused(candidate: str, reason: Reason | None = Reason.EFFORT_RATE, text: str = "") -> Decision:
    return Decision(
        candidate=candidate, outcome=Outcome.NOT_ATTRIBUTED, reason=reason, reason_text=text
    )


def conditional(
    candidate: str,
    condition: str | None = "avis d'imposition",
    due_on: date | None = LATER,
    rank: int | None = None,
) -> Decision:
    return Decision(
        candidate=candidate,
        outcome=Outcome.ATTRIBUTION_CONDITION,
        condition=condition,
        condition_due_on=due_on,
        rank=rank,
    )


def inadmissible(candidate: str, reason: Reason) -> Decision:
    return Decision(candidate=candidate, outcome=Outcome.INADMISSIBLE, reason=reason)


def other(candidate: str, outcome: Outcome) -> Decision:
    return Decision(candidate=candidate, outcome=outcome)


@pytest.mark.parametrize(
    ("decisions", "is_attributed", "ranking"),
    [
        ([given("a")], True, ["a"]),
        ([given("a"), refused("b")], True, ["a"]),
        ([ranked("b", 2), ranked("a", 1), refused("c")], True, ["a", "b"]),
        ([conditional("a"), ranked("b", 2)], True, ["a", "b"]),
        ([given("a"), conditional("b", rank=2)], True, ["a", "b"]),
        ([refused("a"), inadmissible("b", Reason.INCOME_CEILING)], False, []),
        ([refused("a"), other("b", Outcome.WITHDRAWN_BEFORE)], False, []),
        ([other("a", Outcome.WITHDRAWN_BEFORE)], False, []),
        ([other("a", Outcome.POSTPONED), refused("b")], None, []),
        ([other("a", Outcome.REMOVED), other("b", Outcome.REMOVED)], None, []),
    ],
)
def test_what_a_commission_may_decide(
    decisions: list[Decision], is_attributed: bool | None, ranking: list[str]
) -> None:
    """R441-3: attribution, with ranks, under condition, non-attribution, inadmissibility."""
    candidates = [one.candidate for one in decisions]
    answer = check_decisions(candidates, decisions, held_on=HELD_ON)
    assert answer == Decided(is_attributed=is_attributed, ranking=tuple(ranking))


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([refused("a", None), given("b")], [("reason_required", "decisions.0.reason")]),
        (
            [refused("a", Reason.INCOME_CEILING), given("b")],
            [("reason_not_allowed", "decisions.0.reason")],
        ),
        (
            [inadmissible("a", Reason.EFFORT_RATE), given("b")],
            [("reason_not_allowed", "decisions.0.reason")],
        ),
        (
            [given("a"), refused("b", Reason.OTHER, " ")],
            [("reason_text_required", "decisions.1.reason_text")],
        ),
        ([given("a"), given("b")], [("rank_duplicated", "decisions")]),
        ([given("a"), ranked("b", 1)], [("rank_duplicated", "decisions")]),
        ([given("a"), ranked("b", 3)], [("rank_gap", "decisions")]),
        ([ranked("a", 2), refused("b")], [("rank_gap", "decisions")]),
        ([given("a"), ranked("b", None)], [("rank_missing", "decisions.1.rank")]),
        (
            [Decision(candidate="a", outcome=Outcome.POSTPONED, rank=1), given("b")],
            [("rank_not_allowed", "decisions.0.rank")],
        ),
        (
            [conditional("a", condition=" "), refused("b")],
            [("condition_required", "decisions.0.condition")],
        ),
        (
            [conditional("a", due_on=None), refused("b")],
            [("condition_due_required", "decisions.0.condition_due_on")],
        ),
        (
            [conditional("a", due_on=HELD_ON), refused("b")],
            [("condition_due_past", "decisions.0.condition_due_on")],
        ),
        ([given("a")], [("decision_missing", "decisions")]),
        (
            [given("a"), refused("b"), refused("z")],
            [("candidate_unknown", "decisions.2.candidate")],
        ),
        (
            [given("a"), refused("b"), refused("b")],
            [
                ("decision_duplicated", "decisions.1.candidate"),
                ("decision_duplicated", "decisions.2.candidate"),
            ],
        ),
    ],
)
def test_what_it_may_not_decide(decisions: list[Decision], expected: list[tuple[str, str]]) -> None:
    """R441-3 and L441-2-2, on candidates "a" and "b"."""
    answer = check_decisions(["a", "b"], decisions, held_on=HELD_ON)
    assert not isinstance(answer, Decided)
    assert [(motif.code, motif.field) for motif in answer] == expected


def test_no_decision_without_candidate() -> None:
    answer = check_decisions([], [], held_on=HELD_ON)
    assert not isinstance(answer, Decided)
    assert [motif.code for motif in answer] == ["decision_missing"]


def test_every_reason_belongs_to_one_decision() -> None:
    assert set(Reason) == NOT_ATTRIBUTED_REASONS | INADMISSIBLE_REASONS
    assert not NOT_ATTRIBUTED_REASONS & INADMISSIBLE_REASONS
    assert len(LEGAL_OUTCOMES) == 5
