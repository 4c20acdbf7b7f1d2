"""After the answer: giving up, the three ways of art. 5.3, the candidates in turn (R441-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from server.errors import Conflict, Invalid
from server.operations import caleol, orientations
from server.operations.caleol import CandidateDecision, RecordDecision, RecordReply, TellCandidate
from server.operations.orientations import SendOrientation
from tests.operations.play import (
    HSH,
    NOT_THE_BAILLEUR,
    NOT_THE_RESERVATAIRE,
    Act,
    Play,
    paris,
)

# --- Renunciation (T17) and what follows (T11) --------------------------------------------------


async def test_who_renounces(play: Play) -> None:
    """T17: after an acceptance only; the bailleur is told at once."""
    offer_id = await play.offer()
    renounce = partial(orientations.renounce, orientation_id=offer_id, motif=" Plus de besoin ")
    await play.is_refused("chloe", renounce, Conflict, "wrong_state")
    await play.does("chloe", lambda tx: orientations.accept(tx, offer_id))
    await play.is_refused_to(NOT_THE_RESERVATAIRE, renounce)
    row, effects = await play.performs("chloe", renounce)
    assert row.state == "renounced"
    assert effects.acts == ["orientation.renounce"]
    assert effects.told == [(HSH, "bailleur", "orientation.renounce")]
    assert (
        play.scalar("select reason from journal where act = 'orientation.renounce'")
        == "Plus de besoin"
    )
    await play.is_refused("chloe", renounce, Conflict, "wrong_state")


@pytest.mark.parametrize(
    ("way", "state", "template"),
    [
        (orientations.search_on_behalf, "searching", "orientation.search_on_behalf"),
        (orientations.reorient, "reoriented", "orientation.reorient"),
        (partial(orientations.extend, days=3), "searching", "orientation.extend"),
    ],
)
async def test_the_bailleur_chooses_what_follows_a_renunciation(
    play: Play, way: Callable[..., Any], state: str, template: str
) -> None:
    """T17: as after a period without candidate (T11a, b, c)."""
    offer_id = await play.search()
    await play.does("chloe", lambda tx: orientations.renounce(tx, offer_id))
    act = partial(way, orientation_id=offer_id)
    await play.is_refused_to(NOT_THE_BAILLEUR, act)
    row, effects = await play.performs("alice", act)
    assert row.state == state
    assert effects.told == [("doussard", "reservataire", template)]


async def test_a_renounced_dwelling_offered_to_another_is_engaged(play: Play) -> None:
    offer_id = await play.search()
    await play.does("chloe", lambda tx: orientations.renounce(tx, offer_id))
    command = SendOrientation(
        vacancy_id=play.vacancy_of(offer_id),
        reservataire_id=play.tenant("departement"),
        departure_motif="Essai",
    )
    await play.does("alice", lambda tx: orientations.send(tx, command))
    for way in (
        orientations.search_on_behalf,
        orientations.reorient,
        partial(orientations.extend, days=3),
    ):
        await play.is_refused(
            "alice", partial(way, orientation_id=offer_id), Conflict, "live_orientation_exists"
        )


async def test_an_extension_is_numbered_and_its_length_is_kept(play: Play) -> None:
    """T11c: log number and length."""
    offer_id = await play.search()
    for number, (now, days) in enumerate([("2026-05-28T09:00", 5), ("2026-06-08T09:00", 2)], 1):
        play.now = paris(now)
        row = await play.does(
            "alice", partial(orientations.extend, orientation_id=offer_id, days=days)
        )
        assert row.extension_count == number
    kept = play.rows("select facts ->> 'days' from journal where act = 'orientation.extend'")
    assert sorted(kept) == [("2",), ("5",)]


# --- The candidates in turn (T14 to T16) --------------------------------------------------------


async def ranked(play: Play) -> UUID:
    """A dwelling attributed with a rank to two candidates of three, a week later."""
    offer_id = await play.complete()
    session_id = await play.session(offer_id)
    first, second, third = play.candidates(offer_id)
    command = RecordDecision(
        session_id=session_id,
        orientation_id=offer_id,
        decisions=(
            CandidateDecision(candidate_id=second, outcome="attribution_rank", rank=1),
            CandidateDecision(candidate_id=first, outcome="attribution_rank", rank=2),
            CandidateDecision(
                candidate_id=third, outcome="not_attributed", reason="household_size"
            ),
        ),
    )
    play.now += timedelta(days=8)
    await play.does("alice", lambda tx: caleol.record_decision(tx, command))
    return offer_id


def attributed_to(play: Play, offer_id: UUID) -> UUID:
    found: UUID = play.scalar(
        "select attributed_candidate_id from orientations where id = %s", offer_id
    )
    return found


def told(play: Play, offer_id: UUID, days: int = 10) -> Act[Any]:
    command = TellCandidate(orientation_id=offer_id, notified_on=play.day(), days=days)
    return partial(caleol.tell, command=command)


def answered(play: Play, offer_id: UUID, reply: str, on: date | None = None) -> Act[Any]:
    command = RecordReply(orientation_id=offer_id, reply=reply, replied_on=on or play.day())
    return partial(caleol.hear, command=command)


async def test_who_tells_a_candidate_and_hears_it(play: Play) -> None:
    offer_id = await ranked(play)
    tell = told(play, offer_id)
    await play.is_refused_to(NOT_THE_BAILLEUR, tell)
    _, effects = await play.performs("alice", tell)
    assert effects.acts == ["orientation.candidate_told"]
    await play.is_refused("alice", tell, Conflict, "candidate_already_told")
    hear = answered(play, offer_id, "accepted")
    await play.is_refused_to(NOT_THE_BAILLEUR, hear)
    await play.is_refused("alice", answered(play, offer_id, "?"), Invalid, "reply_invalid")
    _, effects = await play.performs("alice", hear)
    assert effects.acts == ["orientation.candidate_accepted"]
    await play.is_refused("alice", hear, Conflict, "reply_already_recorded")
    for who, number in {"alice": 1, "chloe": 1, "karine": 0, "denis": 0, "estelle": 0}.items():
        found = await play.reads(who, lambda tx: caleol.offers_of(tx, [offer_id]))
        assert len(found.get(offer_id, [])) == number, who


async def test_the_first_rank_refuses_and_the_second_has_the_dwelling(play: Play) -> None:
    """T14, R441-10: only once the first one has refused, and the bailleur says so."""
    offer_id = await ranked(play)
    first, second = play.candidates(offer_id)[1::-1]
    assert attributed_to(play, offer_id) == first
    step = partial(caleol.next_rank, orientation_id=offer_id)
    await play.is_refused("alice", step, Conflict, "candidate_still_expected")
    await play.does("alice", told(play, offer_id))
    await play.is_refused("alice", step, Conflict, "candidate_still_expected")
    await play.does("alice", answered(play, offer_id, "refused"))
    lease = partial(caleol.record_lease, orientation_id=offer_id, signed_on=play.day())
    await play.is_refused("alice", lease, Conflict, "candidate_refused")
    fail = partial(caleol.fail_lease, orientation_id=offer_id, reason="Refus")
    await play.is_refused("alice", fail, Conflict, "rank_remaining")
    await play.is_refused_to(NOT_THE_BAILLEUR, step)
    row, effects = await play.performs("alice", step)
    assert (row.state, row.attributed_candidate_id) == ("attributed", second)
    assert effects.acts == ["orientation.next_rank"]
    assert effects.told == [("doussard", "reservataire", "orientation.next_rank")]
    await play.does("alice", lease)
    assert play.state(offer_id) == "leased"


async def test_the_silence_of_every_rank_frees_the_dwelling(play: Play) -> None:
    """T16, Q12: each silence is a refusal; the vacancy goes to anybody again, the same included."""
    offer_id = await ranked(play)
    fail = partial(caleol.fail_lease, orientation_id=offer_id, reason="Aucune réponse")
    await play.does("alice", told(play, offer_id))
    play.now += timedelta(days=15)
    late = answered(play, offer_id, "accepted")
    await play.is_refused("alice", late, Conflict, "reply_too_late")
    lease = partial(caleol.record_lease, orientation_id=offer_id, signed_on=play.day())
    await play.is_refused("alice", lease, Conflict, "candidate_silent")
    await play.does("alice", lambda tx: caleol.next_rank(tx, offer_id))
    await play.does("alice", told(play, offer_id))
    await play.is_refused("alice", fail, Conflict, "candidate_still_expected")
    play.now += timedelta(days=15)
    await play.is_refused(
        "alice", lambda tx: caleol.next_rank(tx, offer_id), Conflict, "no_next_rank"
    )
    await play.is_refused_to(NOT_THE_BAILLEUR, fail)
    row, effects = await play.performs("alice", fail)
    assert row.state == "lease_failed"
    assert row.attributed_on is not None
    assert effects.told == [("doussard", "reservataire", "orientation.fail_lease")]
    again = SendOrientation(
        vacancy_id=play.vacancy_of(offer_id),
        reservataire_id=play.tenant("doussard"),
        departure_motif="Essai",
    )
    second = await play.does("alice", lambda tx: orientations.send(tx, again))
    assert play.scalar("select rank from orientations where id = %s", second) == 2


async def test_a_lease_may_be_recorded_late_if_it_was_signed_in_time(play: Play) -> None:
    offer_id = await ranked(play)
    await play.does("alice", told(play, offer_id))
    signed_on = play.day(3)
    play.now += timedelta(days=20)
    row = await play.does(
        "alice", lambda tx: caleol.record_lease(tx, offer_id, signed_on=signed_on)
    )
    assert row.leased_on == signed_on
