"""The commission: agenda, invitations, decisions, lease (art. 6.2; R441-3, R441-9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import caleol
from server.operations.caleol import CandidateDecision, RecordDecision
from tests.operations.play import FAVERGES, NOT_THE_BAILLEUR, NUDS, Play


async def test_who_plans_a_commission(play: Play) -> None:
    orientation_id = await play.complete()
    command = play.agenda(orientation_id)
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: caleol.plan(tx, command))
    session_id, effects = await play.performs("alice", lambda tx: caleol.plan(tx, command))
    assert play.state(orientation_id) == "in_caleol"
    assert effects.acts == ["orientation.plan", "caleol.planned"]
    told = {(slug, capacity) for slug, capacity, _ in effects.told}
    # R441-9: the maire of the commune, who is here the réservataire, and the préfet
    assert told == {("doussard", "reservataire"), ("prefecture", "prefecture")}
    assert {template for *_, template in effects.told} == {"caleol.planned"}
    assert effects.jobs == ["notifications.deliver"] * 2
    session = await play.reads("chloe", lambda tx: caleol.get(tx, session_id))
    assert (session.state, session.item_count) == ("planned", 1)


async def test_the_maire_of_each_commune_is_invited(play: Play) -> None:
    """R441-9: also when the offer went to somebody else."""
    orientation_id = await play.offer("departement", home=play.home(FAVERGES))
    await play.reach_candidates(orientation_id, "odile")
    command = play.agenda(orientation_id)
    _, effects = await play.performs("alice", lambda tx: caleol.plan(tx, command))
    assert {(slug, capacity) for slug, capacity, _ in effects.told} == {
        ("departement", "reservataire"),
        ("faverges-seythenex", "reservataire"),
        ("prefecture", "prefecture"),
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"place": "  "}, "place_required"),
        ({"starts_at": timedelta(days=-1)}, "session_in_past"),
        ({"orientation_ids": ()}, "agenda_empty"),
        ({"mode": "telepathy"}, "mode_invalid"),
    ],
)
async def test_what_was_typed_is_checked(play: Play, changes: dict[str, Any], code: str) -> None:
    orientation_id = await play.complete()
    if "starts_at" in changes:
        changes = {"starts_at": play.now + changes["starts_at"]}
    command = replace(play.agenda(orientation_id), **changes)
    await play.is_refused("alice", lambda tx: caleol.plan(tx, command), Invalid, code)


async def test_a_dwelling_without_candidates_is_not_planned(play: Play) -> None:
    orientation_id = await play.search()
    command = play.agenda(orientation_id)
    await play.is_refused("alice", lambda tx: caleol.plan(tx, command), Conflict, "wrong_state")


async def test_fewer_than_three_candidates_are_justified(play: Play) -> None:
    """R441-3."""
    orientation_id = await play.search()
    await play.present(orientation_id, NUDS[0])
    play.now += timedelta(days=40)
    command = play.agenda(orientation_id)
    await play.is_refused(
        "alice", lambda tx: caleol.plan(tx, command), Conflict, "justification_required"
    )
    justified = replace(command, justifications={orientation_id: "Aucune autre demande de T1"})
    await play.does("alice", lambda tx: caleol.plan(tx, justified))
    assert play.state(orientation_id) == "in_caleol"


async def test_one_bad_dwelling_stops_the_whole_agenda(play: Play) -> None:
    good = await play.complete()
    other = await play.offer(home=play.home(number=1))
    command = play.agenda(good, other)
    await play.is_refused("alice", lambda tx: caleol.plan(tx, command), Conflict)


async def test_a_stranger_s_dwelling_on_the_agenda_looks_absent(play: Play) -> None:
    mine = await play.complete()
    theirs = await play.offer("publier", home=play.home("74218", bailleur="vilogia"), who="hugo")
    command = play.agenda(mine, theirs)
    await play.is_refused("alice", lambda tx: caleol.plan(tx, command), NotFound)


# --- Deciding -----------------------------------------------------------------------------------


async def test_who_records_a_decision(play: Play) -> None:
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    command = play.decision(session_id, orientation_id)
    play.now += timedelta(days=8)
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: caleol.record_decision(tx, command))
    row, effects = await play.performs("alice", lambda tx: caleol.record_decision(tx, command))
    assert row.state == "attributed"
    assert row.attributed_candidate_id == command.decisions[0].candidate_id
    assert effects.acts == ["orientation.decide"]
    assert effects.told == [("doussard", "reservataire", "orientation.decide")]
    assert effects.jobs == ["notifications.deliver"]
    session = await play.reads("alice", lambda tx: caleol.get(tx, session_id))
    assert session.state == "held"
    assert play.rows("select outcome, rank from decisions order by rank nulls last, id") == [
        ("attribution", 1),
        ("not_attributed", None),
        ("not_attributed", None),
    ]


async def test_a_decision_before_the_presentation_is_refused(play: Play) -> None:
    """R441-3: the commission decides on candidates presented to it."""
    planned = await play.complete()
    session_id = await play.session(planned)
    searching = await play.search(home=play.home(number=1))
    await play.present(searching, NUDS[4])
    command = play.decision(session_id, searching)
    play.now += timedelta(days=8)
    error = await play.is_refused(
        "alice",
        lambda tx: caleol.record_decision(tx, command),
        Conflict,
        "decision_before_presentation",
    )
    assert "présentés" in error.message


async def test_a_decision_before_the_session_is_refused(play: Play) -> None:
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    command = play.decision(session_id, orientation_id)
    await play.is_refused(
        "alice",
        lambda tx: caleol.record_decision(tx, command),
        Conflict,
        "decision_before_session",
    )


async def test_a_decision_is_recorded_once(play: Play) -> None:
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    command = play.decision(session_id, orientation_id)
    play.now += timedelta(days=8)
    await play.does("alice", lambda tx: caleol.record_decision(tx, command))
    await play.is_refused("alice", lambda tx: caleol.record_decision(tx, command), Conflict)


async def test_a_decision_belongs_to_the_session_of_its_dwelling(play: Play) -> None:
    first, second = await play.complete(), await play.complete(home=play.home(number=1))
    session_id = await play.session(first)
    await play.session(second)
    command = play.decision(session_id, second)
    play.now += timedelta(days=8)
    await play.is_refused("alice", lambda tx: caleol.record_decision(tx, command), NotFound)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outcome": "not_attributed", "rank": None}, "reason_required"),
        ({"outcome": "attribution_rank", "rank": 2}, "rank_gap"),
        ({"outcome": "attribution_condition"}, "condition_required"),
        ({"outcome": "not_attributed", "rank": None, "reason": "other"}, "reason_text_required"),
        ({"outcome": "given_away"}, "outcome_invalid"),
        ({"outcome": "not_attributed", "rank": None, "reason": "face"}, "reason_invalid"),
    ],
)
async def test_a_decision_is_one_of_the_law(play: Play, changes: dict[str, Any], code: str) -> None:
    """R441-3, L441-2-2."""
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    command = play.decision(session_id, orientation_id)
    first, *others = command.decisions
    changed = replace(command, decisions=(replace(first, **changes), *others))
    play.now += timedelta(days=8)
    await play.is_refused("alice", lambda tx: caleol.record_decision(tx, changed), Invalid, code)


async def test_each_candidate_has_its_decision(play: Play) -> None:
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    whole = play.decision(session_id, orientation_id)
    play.now += timedelta(days=8)
    short = replace(whole, decisions=whole.decisions[:2])
    await play.is_refused(
        "alice", lambda tx: caleol.record_decision(tx, short), Invalid, "decision_missing"
    )
    stranger = CandidateDecision(
        candidate_id=orientation_id, outcome="not_attributed", reason="better_ranked"
    )
    foreign = replace(whole, decisions=(*whole.decisions[:2], stranger))
    await play.is_refused(
        "alice", lambda tx: caleol.record_decision(tx, foreign), Invalid, "candidate_unknown"
    )


async def test_a_postponed_dwelling_is_not_recorded_as_decided(play: Play) -> None:
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    command = RecordDecision(
        session_id=session_id,
        orientation_id=orientation_id,
        decisions=tuple(
            CandidateDecision(candidate_id=one, outcome="postponed")
            for one in play.candidates(orientation_id)
        ),
    )
    play.now += timedelta(days=8)
    await play.is_refused(
        "alice", lambda tx: caleol.record_decision(tx, command), Conflict, "nothing_decided"
    )


async def test_who_reads_a_session_and_its_decisions(play: Play) -> None:
    orientation_id = await play.attributed()
    session_id = play.scalar("select id from caleol_sessions")
    for who in ("alice", "bruno", "chloe", "estelle"):
        assert await play.reads(who, lambda tx: caleol.get(tx, session_id))
    for who in ("denis", "karine", "farid", "pascal"):
        await play.is_refused(who, lambda tx: caleol.get(tx, session_id), NotFound)
    seen = {}
    for who in ("alice", "chloe", "estelle", "karine"):
        found = await play.reads(who, lambda tx: caleol.decisions_of(tx, [orientation_id]))
        seen[who] = len(found.get(orientation_id, []))
    assert seen == {"alice": 3, "chloe": 3, "estelle": 0, "karine": 0}


# --- Lease --------------------------------------------------------------------------------------


async def test_who_records_the_lease(play: Play) -> None:
    """Art. 6.2: the attribution counts, the vacancy ends."""
    orientation_id = await play.attributed()
    play.now += timedelta(days=12)
    signed_on = play.day(-1)
    await play.is_refused_to(
        NOT_THE_BAILLEUR,
        lambda tx: caleol.record_lease(tx, orientation_id, signed_on=signed_on),
    )
    row, effects = await play.performs(
        "alice", lambda tx: caleol.record_lease(tx, orientation_id, signed_on=signed_on)
    )
    assert (row.state, row.leased_on) == ("leased", signed_on)
    assert effects.acts == ["orientation.lease"]
    assert effects.told == [("doussard", "reservataire", "orientation.lease")]
    assert play.rows("select state, closed_on from vacancies") == [("closed", signed_on)]
    await play.is_refused(
        "alice", lambda tx: caleol.record_lease(tx, orientation_id, signed_on=signed_on), Conflict
    )


async def test_a_lease_is_signed_after_the_decision_and_before_today(play: Play) -> None:
    orientation_id = await play.attributed()
    for days, code in {1: "lease_in_future", -5: "lease_before_attribution"}.items():
        signed_on = play.day(days)
        await play.is_refused(
            "alice",
            partial(caleol.record_lease, orientation_id=orientation_id, signed_on=signed_on),
            Conflict,
            code,
        )


async def test_a_lease_needs_an_attribution(play: Play) -> None:
    orientation_id = await play.complete()
    await play.is_refused(
        "alice",
        lambda tx: caleol.record_lease(tx, orientation_id, signed_on=play.day()),
        Conflict,
        "wrong_state",
    )
    await play.is_refused(
        "chloe",
        lambda tx: caleol.record_lease(tx, orientation_id, signed_on=play.day()),
        Forbidden,
    )
