"""Beside an answer: what the bailleur received on paper or by telephone, and its reminders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from uuid import UUID

import pytest

from server.errors import Conflict, Invalid
from server.operations import orientations
from server.operations.orientations import ReceivedAnswer
from tests.operations.play import NOT_THE_BAILLEUR, Play, paris


def received(offer_id: UUID, *, is_accepted: bool = True) -> ReceivedAnswer:
    return ReceivedAnswer(
        orientation_id=offer_id,
        is_accepted=is_accepted,
        received_on=date(2026, 5, 4),
        channel="paper",
        person="Mme Essai, secrétaire de mairie",
    )


async def test_an_answer_on_paper_counts_from_its_receipt(play: Play) -> None:
    """T3: received on Monday 4 May, recorded on the 5th; candidates from the 4th."""
    offer_id = await play.offer()
    play.now = paris("2026-05-05T16:00")
    record = partial(orientations.record_received, command=received(offer_id))
    await play.is_refused_to(NOT_THE_BAILLEUR, record)
    row, effects = await play.performs("alice", record)
    assert (row.state, row.acceptance_mode) == ("searching", "express")
    assert (row.accepted_on, row.candidates_last_day) == (date(2026, 5, 4), date(2026, 5, 28))
    assert effects.acts == ["orientation.accept"]
    assert effects.told == [("doussard", "reservataire", "orientation.received")]
    facts = play.scalar("select facts from journal where act = 'orientation.accept'")
    assert (facts["received"], facts["by"]) == ("paper", "Mme Essai, secrétaire de mairie")
    await play.is_refused("alice", record, Conflict, "stale_version")


async def test_a_refusal_by_telephone_keeps_its_motif(play: Play) -> None:
    """T4."""
    offer_id = await play.offer()
    play.now = paris("2026-05-04T16:00")
    command = replace(received(offer_id, is_accepted=False), channel="phone", motif="Trop loin")
    row = await play.does("alice", lambda tx: orientations.record_received(tx, command))
    assert (row.state, row.refusal_motif) == ("refused", "Trop loin")


@pytest.mark.parametrize(
    ("changed", "error", "code"),
    [
        ({"received_on": date(2026, 5, 6)}, Conflict, "received_in_future"),
        ({"received_on": date(2026, 4, 29)}, Conflict, "received_before_sending"),
        ({"channel": "pigeon"}, Invalid, "channel_invalid"),
        ({"person": " "}, Invalid, "person_required"),
        ({"expected_version": 9}, Conflict, "stale_version"),
    ],
)
async def test_an_answer_that_may_not_be_recorded(
    play: Play, changed: dict[str, object], error: type[Conflict | Invalid], code: str
) -> None:
    offer_id = await play.offer()
    play.now = paris("2026-05-05T16:00")
    command = replace(received(offer_id), **changed)  # type: ignore[arg-type] # cases
    await play.is_refused(
        "alice", lambda tx: orientations.record_received(tx, command), error, code
    )


async def test_after_the_deadline_the_silence_has_answered(play: Play) -> None:
    """Art. 5.3: an answer recorded too late does not undo what the silence did."""
    offer_id = await play.offer()
    play.now = paris("2026-05-06T00:00")
    await play.is_refused(
        "alice",
        lambda tx: orientations.record_received(tx, received(offer_id)),
        Conflict,
        "answer_too_late",
    )


async def test_a_reminder_is_sent_once_a_day(play: Play) -> None:
    """While the réservataire is waited for: its answer, then its candidates."""
    offer_id = await play.offer()
    remind = partial(orientations.remind, orientation_id=offer_id)
    await play.is_refused_to(NOT_THE_BAILLEUR, remind)
    _, effects = await play.performs("alice", remind)
    assert effects.acts == ["orientation.remind"]
    assert effects.told == [("doussard", "reservataire", "orientation.remind")]
    assert effects.jobs == ["notifications.deliver"]
    await play.is_refused("alice", remind, Conflict, "already_reminded")
    play.now = paris("2026-05-04T09:00")
    await play.does("alice", remind)
    await play.does("chloe", lambda tx: orientations.accept(tx, offer_id))
    play.now = paris("2026-05-05T09:00")
    await play.does("alice", remind)
    await play.does("chloe", lambda tx: orientations.renounce(tx, offer_id))
    play.now = paris("2026-05-06T09:00")
    await play.is_refused("alice", remind, Conflict, "wrong_state")
