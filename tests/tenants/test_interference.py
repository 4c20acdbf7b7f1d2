"""Nobody notices what others do in private: 60 examples, 2 000 in `make test-long`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tenants.crowd import Crowd
from tests.tenants.interference import Interference, prepare

SHORT, LONG = 60, 2_000
NUMBERS = st.integers(min_value=0, max_value=10_000)
PRIVATE_DEEDS = st.lists(NUMBERS, min_size=1, max_size=6)


@pytest.fixture(scope="module")
def interference(crowd: Crowd) -> Interference:
    return prepare(crowd)


def test_there_is_much_to_notice(interference: Interference) -> None:
    """The examples would prove nothing if B's deeds were all refused, or if A tried nothing."""
    assert interference.effective() >= 30
    assert len({deed.table for deed in interference.deeds}) >= 15
    for slug, watch in interference.watches.items():
        assert len(watch.acts) >= (2 if slug == "samuel" else 4), slug
        rows, codes = interference.look(slug)
        assert sum(number for _, number, _ in rows) > 50, slug
        assert codes


def test_the_one_who_acts_does_notice(interference: Interference) -> None:
    """The means sees something: Alice reads what she has just done."""
    crowd = interference.crowd
    alone = prepare(crowd)
    alone.watches = {"alice": alone.watches["denis"]}
    alone.watches["alice"].who = crowd.who("alice")
    noticed = 0
    for deed in [one for one in alone.deeds if one.who == crowd.who("alice")][::5]:
        with crowd.app.transaction(force_rollback=True):
            before = alone.look("alice")
            alone._do(deed)
            noticed += alone.look("alice") != before
    assert noticed >= 3


@pytest.mark.parametrize("examples", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])
def test_nobody_notices_what_others_do_in_private(
    interference: Interference, examples: int, record_property: Callable[[str, object], None]
) -> None:
    tried = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(chosen=PRIVATE_DEEDS, looking=NUMBERS)
    def check(chosen: list[int], looking: int) -> None:
        nonlocal tried
        tried += 1
        assert interference.differs(chosen, looking) == ""

    check()
    record_property("size", f"non-ingérence : {tried} exemples, 0 différence")
    assert tried >= examples
