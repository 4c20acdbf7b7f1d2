"""The second level of the advice: droits uniques within the bailleur's own share (art. 4)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from server.domain.flux import UNIT
from server.domain.own_share import OwnRight, serve

TREES = OwnRight(key="trees", name="Action Logement, programme Les Tilleuls", available=6, since=0)
LAKE = OwnRight(key="lake", name="Département, programme Le Lac", available=3, since=0)


def test_the_right_most_behind_is_served_from_half_a_dwelling_on() -> None:
    assert serve([TREES, LAKE], 20) is None  # 0,30 and 0,15 dwelling
    found = serve([replace(TREES, since=1), replace(LAKE, since=1)], 19)
    assert found is not None
    assert found.key == "trees"
    assert found.sentence == (
        "Sur cette part, un droit unique est attendu : Action Logement, programme Les Tilleuls "
        "(6 logements encore à offrir, pour 19 attendus sur votre part d'ici la fin de l'année ; "
        "retard de 0,63\u00a0logement)."
    )


def test_a_right_takes_no_more_than_every_other_own_dwelling() -> None:
    crowd = replace(TREES, available=50)
    assert [crowd.rate(left) for left in (1, 20, 200)] == [5_000, 5_000, 2_500]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=4), st.integers(0, 60))
def test_nobody_is_served_without_a_right(counts: list[tuple[int, int]], left: int) -> None:
    rights = [
        OwnRight(key=str(place), name="X", available=available, since=since)
        for place, (available, since) in enumerate(counts)
    ]
    found = serve(rights, left)
    lags = [one.lag(left) for one in rights if one.available]
    assert (found is not None) == any(lag >= UNIT // 2 for lag in lags)
    if found:
        assert rights[int(found.key)].lag(left) == max(lags)


def consumed(seed: int) -> bool:
    """A year whose own dwellings come at random, about 20 of them for 6 and 3 rights: whether none
    is left. The forecast is the pace of the year before, what comes is not known.
    """
    chance = Random(seed)  # noqa: S311 - the days of a trial, no secret
    days = [day for day in range(365) if chance.random() < 20 / 365]
    rights = [TREES, LAKE]
    for day in days:
        found = serve(rights, 1 + 20 * (364 - day) // 365)
        rights = [
            replace(one, available=one.available - 1, since=0)
            if found and one.key == found.key
            else replace(one, since=one.since + 1)
            for one in rights
        ]
    return sum(one.available for one in rights) == 0


def test_the_rights_of_a_year_are_consumed_by_its_end() -> None:
    """The measured figure of a fixed rate is 0,79: what is left is put back into the rate."""
    assert sum(consumed(seed) for seed in range(400)) >= 380
