"""From the acts to the moves of the ledger (art. 2.4, 5.1 and 7; R441-5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.deadlines import PARIS
from server.domain.flux import BAILLEUR, UNIT, Indicator
from server.domain.ledger import DEFERRED, PENDING, TOTAL, Ledger
from server.domain.orientations import State
from server.domain.postings import (
    Event,
    Kind,
    Policy,
    Refusals,
    Urgences,
    is_counted,
    is_event,
    postings,
)
from server.domain.strata import AppealRule, Home, appeal, as_facts, from_facts, strata_of

SHARES = {"commune": 2963, "rs": 2500, BAILLEUR: 4537}
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFERS, A, L = Indicator.ORIENTED, Indicator.ATTRIBUTED, Indicator.LEASED
FREE, FROM_2ND = Policy(), Policy(refusals=Refusals.FROM_KTH, refusal_rank=2)
COUNTED = Policy(refusals=Refusals.COUNTED)


def event(
    act: str,
    before: State | None = None,
    after: State | None = None,
    *,
    party: str | None = "commune",
    streak: int = 1,
) -> Event:
    return Event(
        act=act, at=AT, strata=(TOTAL,), party=party, before=before, after=after, streak=streak
    )


REFUSED = event("orientation.refuse", State.SENT, State.REFUSED)
TWICE = event("orientation.refuse", State.SENT, State.REFUSED, streak=2)
FAILED = event("orientation.decide", State.IN_CALEOL, State.NOT_ATTRIBUTED)
TAKEN_BACK = event("orientation.rectified", State.REFUSED, State.WITHDRAWN)
NO_LEASE = event("orientation.fail_lease", State.ATTRIBUTED, State.LEASE_FAILED)
CASES = [
    (event("vacancy.registered"), FREE, {OFFERS: Kind.FREED, A: Kind.FREED, L: Kind.FREED}),
    (event("vacancy.kept_mutation"), FREE, dict.fromkeys(Indicator, Kind.WITHDRAWN)),
    (event("vacancy.kept_own"), FREE, dict.fromkeys(Indicator, Kind.ORIENTED)),
    (event("orientation.sent", None, State.SENT), FREE, dict.fromkeys(Indicator, Kind.ORIENTED)),
    (REFUSED, FREE, dict.fromkeys(Indicator, Kind.RELEASED)),
    (REFUSED, COUNTED, {OFFERS: Kind.COUNTED, A: Kind.RELEASED, L: Kind.RELEASED}),
    (REFUSED, FROM_2ND, dict.fromkeys(Indicator, Kind.RELEASED)),
    (TWICE, FROM_2ND, {OFFERS: Kind.COUNTED, A: Kind.RELEASED, L: Kind.RELEASED}),
    (FAILED, FREE, {OFFERS: Kind.COUNTED, A: Kind.RELEASED, L: Kind.RELEASED}),
    (NO_LEASE, FREE, {OFFERS: Kind.COUNTED, A: Kind.COUNTED, L: Kind.RELEASED}),
    (
        event("orientation.reorient", State.NO_CANDIDATE, State.REORIENTED),
        COUNTED,
        dict.fromkeys(Indicator, Kind.RELEASED),
    ),
    (
        event("orientation.withdraw", State.SEARCHING, State.WITHDRAWN),
        COUNTED,
        dict.fromkeys(Indicator, Kind.RELEASED),
    ),
    (event("urgence.applied"), FREE, dict.fromkeys(Indicator, Kind.ORIENTED)),
    (event("urgence.applied", party=None), FREE, dict.fromkeys(Indicator, Kind.WITHDRAWN)),
    (
        event("urgence.applied"),
        Policy(urgences=Urgences.NOT_CHARGED),
        dict.fromkeys(Indicator, Kind.WITHDRAWN),
    ),
]


@pytest.mark.parametrize(("one", "policy", "expected"), CASES)
def test_what_an_act_posts_on_each_basis(
    one: Event, policy: Policy, expected: dict[Indicator, Kind]
) -> None:
    found = {basis: [p.kind for p in postings(one, basis, SHARES, policy)] for basis in Indicator}
    assert found == {basis: [kind] for basis, kind in expected.items()}


@pytest.mark.parametrize(
    ("act", "before", "after", "expected"),
    [
        ("vacancy.registered", None, "open", True),
        ("orientation.sent", None, "sent", True),
        ("orientation.accept", "sent", "searching", False),
        ("orientation.close_empty", "searching", "no_candidate", False),
        ("orientation.renounce", "searching", "renounced", True),
        ("orientation.reorient", "renounced", "reoriented", False),
        ("orientation.lease", "attributed", "leased", False),
        ("orientation.rectified", "refused", "withdrawn", True),
        ("urgence.approved", "requested", "approved", False),
        ("urgence.applied", None, None, True),
    ],
)
def test_which_acts_move_the_ledger(
    act: str, before: str | None, after: str | None, expected: bool
) -> None:
    assert is_event(act, before, after) is expected


@pytest.mark.parametrize("policy", [FREE, COUNTED, FROM_2ND])
def test_a_refusal_taken_back_leaves_nothing(policy: Policy) -> None:
    """Art. 5.1: sent to the wrong organisme, refused, rectified; as if it had only been freed."""
    sent = event("orientation.sent", None, State.SENT)
    for basis in Indicator:
        was_counted = is_counted(TWICE, Indicator.ORIENTED, policy)
        undone = replace(TAKEN_BACK, was_counted=was_counted)
        moves = [
            one.move
            for act in (sent, TWICE, undone)
            for one in postings(act, basis, SHARES, policy)
        ]
        total = Counter[str]()
        for move in moves:
            total.update(dict(move.amounts))
        assert not any(total.values()), (basis, total)


def test_an_urgency_spread_over_winter_is_charged_on_the_first_of_each_month() -> None:
    """In whole 1/10 000 of a dwelling: what does not divide is in the first part."""
    policy = Policy(urgences=Urgences.SPREAD, urgence_parts=3)
    one = replace(event("urgence.applied"), at=datetime(2026, 11, 27, 15, tzinfo=PARIS))
    found = postings(one, OFFERS, SHARES, policy)
    assert [p.kind for p in found] == [Kind.ORIENTED, *[Kind.SPREAD] * 3]
    assert [p.at.astimezone(PARIS).isoformat() for p in found[1:] if p.at] == [
        "2026-11-27T15:00:00+01:00", "2026-12-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"
    ]  # fmt: skip
    ledger, lags = Ledger(), []
    for p in found:
        ledger.apply(p.move)
        lags.append((ledger.lag("commune"), ledger.lag(DEFERRED)))
    assert lags == [(-UNIT, 0), (-3334, -6666), (-6667, -3333), (-UNIT, 0)]


@given(
    st.lists(st.sampled_from([one for one, _, _ in CASES]), max_size=30), st.sampled_from(Indicator)
)
def test_every_posting_adds_up_to_zero(events: list[Event], basis: Indicator) -> None:
    moves = [one.move for event in events for one in postings(event, basis, SHARES, COUNTED)]
    assert all(sum(lags.values()) == 0 for lags in Ledger(moves).lags.values())


def test_a_vacancy_given_and_leased_leaves_nothing_waiting() -> None:
    acts = [event("vacancy.registered"), event("orientation.sent", None, State.SENT)]
    ledger = Ledger(one.move for act in acts for one in postings(act, OFFERS, SHARES, FREE))
    assert ledger.lag(PENDING) == 0
    assert ledger.lag("commune") == 2963 - UNIT


@pytest.mark.parametrize(
    ("built_year", "is_qpv", "expected"),
    [(1974, False, "low"), (1975, False, "medium"), (2012, False, "medium"), (2013, False, "high"),
     (2020, True, "low")],
)  # fmt: skip
def test_appeal_is_told_from_what_every_file_has(
    built_year: int, is_qpv: bool, expected: str
) -> None:
    assert appeal(built_year, is_qpv=is_qpv, rule=AppealRule()) == expected


@pytest.mark.parametrize(
    ("zone", "is_qpv", "area"),
    [("b1", False, "tense"), ("c", False, "less_tense"), (None, False, "less_tense"),
     ("a", True, "qpv")],
)  # fmt: skip
def test_a_dwelling_counts_in_one_stratum_of_each_family(
    zone: str | None, is_qpv: bool, area: str
) -> None:
    """R441-5-1: typology, financing, period, QPV, commune."""
    home = Home(
        insee="74104", typology="t3", financing="plus", built_year=1985, is_qpv=is_qpv, zone=zone
    )
    strata = strata_of(home, AppealRule())
    assert as_facts(strata) == {
        "total": "",
        "typology": "t3",
        "financing": "plus",
        "period": "1971_1990",
        "area": area,
        "commune": "74104",
        "appeal": "low" if is_qpv else "medium",
    }
    assert from_facts(as_facts(strata)) == strata
