"""The acts after the answer, by the API: who may, what they leave, why they are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from server.operations import orientations
from tests.operations.play import paris
from tests.schema.client import Api

SHOWN = """orientation { id state version extensionCount attributedCandidateId
  candidateOffers { rank reply notifiedOn lastDay } timeline { act reason } }"""
NOT_THE_BAILLEUR = (("bruno", "forbidden"), ("chloe", "forbidden"), ("denis", "not_found"))
FOLLOW = "FollowOrientationInput"


def of(orientation_id: UUID, **values: Any) -> dict[str, Any]:
    return {"orientationId": str(orientation_id), **values}


RENOUNCE = ("renounceOrientation", "RenounceOrientationInput", SHOWN)


async def test_renouncing(api: Api) -> None:
    """T17."""
    orientation_id = await api.play.search()
    for who, code in (("alice", "forbidden"), ("karine", "not_found")):
        await api.is_refused(who, *RENOUNCE, code, **of(orientation_id))
    await api.is_refused(
        "chloe", *RENOUNCE, "stale_version", **of(orientation_id, expectedVersion=9)
    )
    payload = await api.act("chloe", *RENOUNCE, **of(orientation_id, motif="Essai"))
    assert payload["orientation"]["state"] == "renounced"
    assert payload["orientation"]["timeline"][0] == {
        "act": "orientation.renounce",
        "reason": "Essai",
    }


@pytest.mark.parametrize(
    ("name", "kind", "values", "state"),
    [
        ("searchOnBehalf", FOLLOW, {}, "searching"),
        ("reorient", FOLLOW, {}, "reoriented"),
        ("extendSearch", "ExtendSearchInput", {"days": 5}, "searching"),
    ],
)
async def test_the_three_ways(
    api: Api, name: str, kind: str, values: dict[str, Any], state: str
) -> None:
    """T11a, b, c: without candidate only."""
    orientation_id = await api.play.search()
    command = of(orientation_id, **values)
    await api.is_refused("alice", name, kind, SHOWN, "wrong_state", **command)
    await api.play.does("chloe", lambda tx: orientations.renounce(tx, orientation_id))
    for who, code in NOT_THE_BAILLEUR:
        await api.is_refused(who, name, kind, SHOWN, code, **command)
    payload = await api.act("alice", name, kind, SHOWN, **command)
    assert payload["errors"] == []
    assert payload["orientation"]["state"] == state


TELL = ("tellCandidate", "TellCandidateInput", SHOWN)
REPLY = ("recordReply", "RecordReplyInput", SHOWN)
NEXT = ("offerNextRank", FOLLOW, SHOWN)
FAIL = ("failLease", "FailLeaseInput", SHOWN)


async def test_the_candidates_in_turn(api: Api) -> None:
    """R441-10, T14 and T16: one candidate retained, who refuses."""
    orientation_id = await api.play.attributed()
    api.set_clock(api.play.now)
    day = api.play.day().isoformat()
    for who, code in NOT_THE_BAILLEUR:
        await api.is_refused(who, *TELL, code, **of(orientation_id, notifiedOn=day))
    await api.is_refused(
        "alice", *TELL, "reply_days_invalid", **of(orientation_id, notifiedOn=day, days=9)
    )
    payload = await api.act("alice", *TELL, **of(orientation_id, notifiedOn=day))
    (offer,) = payload["orientation"]["candidateOffers"]
    assert (offer["rank"], offer["notifiedOn"], offer["reply"]) == (1, day, None)
    reply = of(orientation_id, reply="refused", repliedOn=day)
    for who, code in NOT_THE_BAILLEUR:
        await api.is_refused(who, *REPLY, code, **reply)
        await api.is_refused(who, *NEXT, code, **of(orientation_id))
        await api.is_refused(who, *FAIL, code, **of(orientation_id, reason="Refus"))
    await api.act("alice", *REPLY, **reply)
    await api.is_refused("alice", *NEXT, "no_next_rank", **of(orientation_id))
    await api.is_refused("alice", *FAIL, "reason_required", **of(orientation_id, reason=" "))
    payload = await api.act("alice", *FAIL, **of(orientation_id, reason="Refus"))
    assert payload["orientation"]["state"] == "lease_failed"
    assert payload["orientation"]["candidateOffers"][0]["reply"] == "refused"


async def test_the_next_rank(api: Api) -> None:
    """T14: the silence of the first one is a refusal."""
    orientation_id = await api.play.complete()
    session_id = await api.play.session(orientation_id)
    first, second, third = map(str, api.play.candidates(orientation_id))
    api.set_clock(paris("2026-05-08T12:00"))
    decisions = [
        {"candidateId": first, "outcome": "attribution_rank", "rank": 1},
        {"candidateId": second, "outcome": "attribution_rank", "rank": 2},
        {"candidateId": third, "outcome": "not_attributed", "reason": "household_size"},
    ]
    decided = of(orientation_id, sessionId=str(session_id), decisions=decisions)
    await api.act("alice", "recordDecision", "RecordDecisionInput", SHOWN, **decided)
    await api.act("alice", *TELL, **of(orientation_id, notifiedOn="2026-05-08"))
    await api.is_refused("alice", *NEXT, "candidate_still_expected", **of(orientation_id))
    api.set_clock(paris("2026-05-19T00:00") + timedelta(minutes=1))
    payload = await api.act("alice", *NEXT, **of(orientation_id))
    assert payload["orientation"]["attributedCandidateId"] == second


RECEIVED = ("recordReceived", "RecordReceivedInput", SHOWN)


async def test_an_answer_on_paper(api: Api) -> None:
    """T3: recorded by the bailleur, from the day of receipt."""
    orientation_id = await api.play.offer()
    day = api.play.day().isoformat()
    command = of(
        orientation_id, isAccepted=True, receivedOn=day, channel="paper", person="Mme Essai"
    )
    for who, code in NOT_THE_BAILLEUR:
        await api.is_refused(who, *RECEIVED, code, **command)
    payload = await api.act("alice", *RECEIVED, **command)
    assert payload["orientation"]["state"] == "searching"


async def test_reminding_and_rectifying(api: Api) -> None:
    orientation_id = await api.play.offer()
    remind = ("remindOrientation", "RemindOrientationInput", SHOWN)
    rectify = ("rectifyOrientation", "RectifyOrientationInput", SHOWN)
    wrong = of(orientation_id, mistake="addressee", reason="Essai")
    for who, code in NOT_THE_BAILLEUR:
        await api.is_refused(who, *remind, code, **of(orientation_id))
        await api.is_refused(who, *rectify, code, **wrong)
    payload = await api.act("alice", *remind, **of(orientation_id))
    assert payload["orientation"]["timeline"][0]["act"] == "orientation.remind"
    await api.is_refused("alice", *remind, "already_reminded", **of(orientation_id))
    payload = await api.act("alice", *rectify, **wrong)
    assert payload["orientation"]["state"] == "withdrawn"
