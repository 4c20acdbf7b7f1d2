from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from server.domain.people import Account, Sleep, closes_at, left_alone, review_due_on, sleep_of

USED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def account(warned_after: int | None = None, *, is_last: bool = False) -> Account:
    warned = None if warned_after is None else USED + timedelta(days=warned_after)
    return Account(used_at=USED, warned_at=warned, is_last_responsable=is_last)


@pytest.mark.parametrize(
    ("days", "warned_after", "expected"),
    [
        (0, None, Sleep.AWAKE),
        (179, None, Sleep.AWAKE),
        (180, None, Sleep.TO_WARN),
        (400, None, Sleep.TO_WARN),
        (209, 180, Sleep.WARNED),
        (210, 180, Sleep.TO_CLOSE),
        (300, 290, Sleep.WARNED),
        (319, 290, Sleep.WARNED),
        (320, 290, Sleep.TO_CLOSE),
    ],
)
def test_an_account_is_warned_then_closed(
    days: int, warned_after: int | None, expected: Sleep
) -> None:
    """Thirty days stand between the warning and the end, even when the warning came late."""
    assert sleep_of(account(warned_after), USED + timedelta(days=days)) is expected


@pytest.mark.parametrize("days", [210, 1_000])
def test_the_last_responsable_is_warned_only(days: int) -> None:
    now = USED + timedelta(days=days)
    assert sleep_of(account(is_last=True), now) is Sleep.TO_WARN
    assert sleep_of(account(180, is_last=True), now) is Sleep.WARNED


def test_the_announced_end_is_the_end() -> None:
    for warned_after in (180, 200, 290):
        one = account(warned_after)
        assert one.warned_at is not None
        end = closes_at(one.used_at, one.warned_at)
        assert sleep_of(one, end) is Sleep.TO_CLOSE
        assert sleep_of(one, end - timedelta(seconds=1)) is Sleep.WARNED


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2026, 1, 15), date(2026, 4, 15)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 10, 1), date(2027, 1, 1)),
        (date(2026, 3, 31), date(2026, 6, 30)),
    ],
)
def test_the_list_is_reviewed_every_three_months(last: date, due: date) -> None:
    assert review_due_on(last) == due


RS, OTHER = frozenset({"rs"}), frozenset({"fonctionnaires"})
NONE = frozenset({"none"})


@pytest.mark.parametrize(
    ("followed", "others", "kept", "alone"),
    [
        (NONE, [], frozenset(), NONE),
        (NONE, [NONE], frozenset(), frozenset()),
        (RS, [OTHER], frozenset(), RS),
        (RS, [OTHER, RS | OTHER], frozenset(), frozenset()),
        (RS | OTHER, [OTHER], RS, frozenset()),
        (RS | OTHER, [OTHER], OTHER, RS),
    ],
)
def test_a_contingent_of_the_state_is_left_alone_like_an_organisme(
    followed: frozenset[str],
    others: list[frozenset[str]],
    kept: frozenset[str],
    alone: frozenset[str],
) -> None:
    assert left_alone(followed, others, kept) == alone
