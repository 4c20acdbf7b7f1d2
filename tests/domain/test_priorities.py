from __future__ import annotations

import pytest

from server.domain.caleol import Outcome, Reason
from server.domain.priorities import Share, is_household_refusal, keep_secret, total_of


def share(name: str, priority: int, total: int) -> Share:
    return Share(key=name, name=name, priority=priority, total=total)


def secret(*shares: Share) -> list[str]:
    return [one.name for one in keep_secret(shares) if one.is_secret]


@pytest.mark.parametrize(
    ("priority", "total", "rate", "is_reached"),
    [
        (0, 0, None, None),
        (0, 12, 0, False),
        (5, 20, 2500, True),
        (6, 20, 3000, True),
        (2499, 10_000, 2499, False),
        (24_999, 100_000, 2500, False),  # the printed rate is rounded, the duty is not
        (1, 3, 3333, True),
    ],
)
def test_a_quarter_is_compared_exactly(
    priority: int, total: int, rate: int | None, *, is_reached: bool | None
) -> None:
    """L441-1; without any attribution, neither 0 % nor 100 %."""
    one = share("HSH", priority, total)
    assert one.rate_bp == rate
    assert one.is_reached is is_reached


def test_fewer_than_five_households_are_not_told() -> None:
    shown = [share("a", 5, 20), share("b", 0, 5), share("c", 0, 0), share("d", 40, 90)]
    assert secret(*shown) == []
    assert secret(share("a", 4, 20), share("b", 1, 1), *shown) == ["a", "b"]
    assert secret(share("a", 0, 4), share("b", 3, 3)) == ["a", "b"]


def test_a_row_hidden_alone_takes_the_smallest_with_it() -> None:
    """Else the total minus the other rows would tell it."""
    rows = (share("a", 2, 20), share("b", 30, 60), share("c", 9, 40), share("d", 0, 8))
    assert secret(*rows) == ["a", "c"]
    assert [one.name for one in keep_secret(rows)] == ["a", "b", "c", "d"]


def test_the_total_never_gives_a_hidden_row_away() -> None:
    alone = keep_secret([share("a", 2, 20), share("b", 0, 30)])
    assert total_of(alone).is_secret
    several = keep_secret([share("a", 2, 20), share("b", 3, 30), share("c", 9, 30)])
    total = total_of(several)
    assert (total.priority, total.total, total.is_secret) == (14, 80, False)
    assert total_of([share("a", 1, 9), share("b", 1, 9)]).is_secret
    assert total_of([]).rate_bp is None


@pytest.mark.parametrize(
    ("outcome", "reason", "is_refusal"),
    [
        (Outcome.NOT_ATTRIBUTED, Reason.WITHDRAWAL, True),
        (Outcome.NOT_ATTRIBUTED, Reason.NO_ANSWER, True),
        (Outcome.NOT_ATTRIBUTED, Reason.INCOMPLETE_FILE, True),
        (Outcome.WITHDRAWN_BEFORE, None, True),
        (Outcome.NOT_ATTRIBUTED, Reason.EFFORT_RATE, False),
        (Outcome.INADMISSIBLE, Reason.INCOME_CEILING, False),
    ],
)
def test_silence_and_a_file_never_built_are_refusals(
    outcome: Outcome, reason: Reason | None, *, is_refusal: bool
) -> None:
    """Convention, art. 6.3."""
    assert is_household_refusal(outcome, reason) is is_refusal
