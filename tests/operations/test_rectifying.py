"""A wrong act corrected by a new dated one: what may be, what the law forbids, what it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from server.db.ledgers import Balance
from server.domain.flux import Indicator
from server.errors import Conflict, Invalid
from server.operations import caleol, flux, ledger, orientations
from server.operations.ledger.posting import post
from server.operations.orientations import ReceivedAnswer, Rectify, SendOrientation
from tests.operations.play import NOT_THE_BAILLEUR, Play, paris


def wrong(offer_id: UUID, mistake: str, day: date | None = None, **changed: Any) -> partial[Any]:
    command = Rectify(orientation_id=offer_id, mistake=mistake, reason="Erreur de saisie", day=day)
    return partial(orientations.rectify, command=replace(command, **changed))


async def oriented(play: Play) -> int:
    """What the flux of the year counts as oriented to Doussard, in 1/10 000 dwelling."""
    boards = await play.reads("alice", lambda tx: flux.boards(tx, play.now.year))
    return sum(
        line.position.oriented
        for board in boards
        for line in board.lines
        if line.position and line.reservataire_id == play.tenant("doussard")
    )


def facts_of_the_act(play: Play) -> dict[str, Any]:
    found: dict[str, Any] = play.scalar(
        "select facts from journal where act = 'orientation.rectified'"
    )
    return found


async def test_an_offer_to_the_wrong_organisme_counts_no_more(play: Play) -> None:
    """It was refused, and counted as oriented: the correction takes it away, the journal keeps
    both, the dwelling goes to the right one.
    """
    offer_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, offer_id))
    assert await oriented(play) == 10_000
    act = wrong(offer_id, "addressee")
    await play.is_refused_to(NOT_THE_BAILLEUR, act)
    rehearsed = await play.reads(
        "alice",
        lambda tx: orientations.rehearse_rectification(tx, act.keywords["command"]),
    )
    assert [(one.indicator, one.year, one.change) for one in rehearsed.changes] == [
        ("oriented", 2026, -1)
    ]
    row, effects = await play.performs("alice", act)
    assert (row.state, row.withdrawal_reason) == ("withdrawn", "Erreur de saisie")
    assert effects.acts == ["orientation.rectified"]
    assert effects.told == [("doussard", "reservataire", "orientation.rectified")]
    assert await oriented(play) == 0
    assert facts_of_the_act(play) == {
        "mistake": "addressee",
        "from": {"state": "refused", "day": None},
        "to": {"state": "withdrawn", "day": None},
        "counters": [{"indicator": "oriented", "year": 2026, "change": -1}],
    }
    acts = [line[0] for line in play.journal(offer_id)]
    assert acts == ["orientation.sent", "orientation.refuse", "orientation.rectified"]


@pytest.mark.parametrize(
    ("answer", "refusals"),
    [
        (None, "free"),
        (orientations.accept, "free"),
        (orientations.refuse, "free"),
        (orientations.refuse, "counted"),
        (orientations.refuse, "from_kth"),
    ],
)
async def test_the_ledger_is_as_if_the_wrong_offer_had_not_been(
    play: Play, answer: Callable[..., Any] | None, refusals: str
) -> None:
    """Art. 5.1: what the advice reads goes back to where the sending found it, on each basis,
    whatever a refusal costs.
    """
    play.rewrite("update charte_versions set refusals = %s, refusal_rank = 1", refusals)

    async def balances() -> list[list[Balance]]:
        await play.does("alice", post)
        return [
            await play.reads("alice", partial(ledger.balances, year=2026, basis=basis))
            for basis in Indicator
        ]

    vacancy_id = await play.vacancy()
    before = await balances()
    command = SendOrientation(
        vacancy_id=vacancy_id, reservataire_id=play.tenant("doussard"), departure_motif="Essai"
    )
    offer_id = await play.does("alice", lambda tx: orientations.send(tx, command))
    assert await balances() != before
    if answer is not None:
        await play.does("chloe", partial(answer, orientation_id=offer_id))
    await play.does("alice", wrong(offer_id, "addressee"))
    assert await balances() == before
    assert await play.reads("alice", ledger.unposted) == []
    made = [
        (one.basis, one.event_id, one.part, one.kind.value)
        for one in await play.reads("alice", ledger.derived)
    ]
    kept = play.rows(
        "select basis, event_id, part, kind from ledger_moves where bailleur_id = %s",
        play.tenant("haute-savoie-habitat"),
    )
    assert sorted(made) == sorted(kept)


async def test_a_refusal_taken_back_is_in_no_run(play: Play) -> None:
    """From the second in a row: the first was of an offer for somebody else."""
    play.rewrite("update charte_versions set refusals = 'from_kth', refusal_rank = 2")
    first = await play.offer(home=play.home(number=1))
    await play.does("chloe", lambda tx: orientations.refuse(tx, first))
    await play.does("alice", wrong(first, "addressee"))
    second = await play.offer(home=play.home(number=2))
    await play.does("chloe", lambda tx: orientations.refuse(tx, second))
    await play.does("alice", post)
    kinds = play.rows(
        "select distinct kind from ledger_moves where orientation_id = %s and basis = 'oriented'",
        second,
    )
    assert sorted(kind for (kind,) in kinds) == ["oriented", "released"]
    made = await play.reads("alice", ledger.derived)
    assert "counted" not in {one.kind.value for one in made}


async def test_a_wrong_day_of_acceptance_moves_the_period(play: Play) -> None:
    """Received on Thursday 30 April, typed as of Monday 4 May."""
    offer_id = await play.offer()
    play.now = paris("2026-05-04T16:00")
    command = ReceivedAnswer(
        orientation_id=offer_id,
        is_accepted=True,
        received_on=date(2026, 5, 4),
        channel="paper",
        person="Mme Essai",
    )
    await play.does("alice", lambda tx: orientations.record_received(tx, command))
    row = await play.does("alice", wrong(offer_id, "answer", date(2026, 4, 30)))
    assert (row.accepted_on, row.candidates_last_day) == (date(2026, 4, 30), date(2026, 5, 27))
    assert facts_of_the_act(play)["from"]["day"] == "2026-05-04"


async def test_a_wrong_day_of_lease_or_attribution_is_corrected(play: Play) -> None:
    offer_id = await play.attributed()
    held_on = play.now.date() - timedelta(days=1)
    play.now += timedelta(days=5)
    signed_on = play.day(-1)
    await play.does("alice", lambda tx: caleol.record_lease(tx, offer_id, signed_on=play.day()))
    row = await play.does("alice", wrong(offer_id, "lease", signed_on))
    assert row.leased_on == signed_on
    closed_on = play.scalar(
        "select closed_on from vacancies where id = %s", play.vacancy_of(offer_id)
    )
    assert closed_on == signed_on
    row = await play.does("alice", wrong(offer_id, "attribution", held_on + timedelta(days=2)))
    assert row.attributed_on == held_on + timedelta(days=2)
    for mistake, day, code in (
        ("lease", play.day(1), "day_in_future"),
        ("lease", held_on - timedelta(days=9), "day_out_of_order"),
        ("lease", signed_on, "day_unchanged"),
        ("lease", None, "day_required"),
        ("attribution", signed_on + timedelta(days=1), "day_out_of_order"),
        ("addressee", None, "lease_signed"),
        ("answer", play.day(-9), "lease_signed"),
    ):
        await play.is_refused("alice", wrong(offer_id, mistake, day), Conflict, code)


async def test_a_tacit_acceptance_is_acquired(play: Play) -> None:
    """Art. 5.3: recorded or not, the silence has answered."""
    offer_id = await play.offer()
    play.now = paris("2026-05-06T09:00")
    for mistake, day in (("addressee", None), ("answer", date(2026, 5, 4))):
        error = await play.is_refused(
            "alice", wrong(offer_id, mistake, day), Conflict, "tacit_acquired"
        )
        assert "cette acceptation est acquise" in error.message


@pytest.mark.parametrize(
    ("mistake", "changed", "error", "code"),
    [
        ("?", {}, Invalid, "mistake_invalid"),
        ("addressee", {"reason": " "}, Conflict, "reason_required"),
        ("addressee", {"expected_version": 9}, Conflict, "stale_version"),
        ("addressee", {}, Conflict, "candidates_presented"),
        ("lease", {}, Conflict, "wrong_state"),
    ],
)
async def test_what_is_not_rectified(
    play: Play, mistake: str, changed: dict[str, Any], error: type[Conflict], code: str
) -> None:
    presented = code == "candidates_presented"
    offer_id = await (play.complete() if presented else play.offer())
    await play.is_refused("alice", wrong(offer_id, mistake, **changed), error, code)


async def test_a_period_that_has_ended_is_acquired(play: Play) -> None:
    offer_id = await play.search()
    play.now = paris("2026-05-28T09:00")
    await play.is_refused(
        "alice", wrong(offer_id, "answer", date(2026, 5, 4)), Conflict, "period_elapsed"
    )
