"""Two people at once, on two connections: the database lets one through and tells the other."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from server.errors import Conflict, PortalError
from server.operations import caleol, candidates, orientations, urgences, vacancies
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.operations.urgences import DecideUrgence, RequestUrgence
from server.operations.vacancies import RegisterVacancy
from tests.operations.play import NUDS, Act, Play, paris

ROUNDS = 4  # each round is a fresh race; the pool has four connections


async def race(play: Play, *contenders: tuple[str, Act[object]]) -> list[object]:
    """All begin their transactions, then act together; answers or refusals, in order."""
    started = asyncio.Barrier(len(contenders))

    async def run(who: str, act: Act[object]) -> object:
        async def together(tx: object) -> object:
            await started.wait()
            return await act(tx)  # type: ignore[arg-type] # the transaction of `does`

        try:
            return await play.does(who, together)
        except PortalError as error:
            return error

    return await asyncio.gather(*(run(who, act) for who, act in contenders))


def one_winner(outcomes: list[object], *codes: str) -> None:
    refusals = [one for one in outcomes if isinstance(one, PortalError)]
    assert len(refusals) == len(outcomes) - 1
    for one in refusals:
        assert isinstance(one, Conflict)
        assert {motif.code for motif in one.motifs} & set(codes), one.motifs
        assert one.message


@pytest.mark.parametrize("attempt", range(ROUNDS))
async def test_two_answers_at_once(play: Play, attempt: int) -> None:
    """First wins, the other is told that somebody else answered."""
    orientation_id = await play.offer()
    accept = ("chloe", lambda tx: orientations.accept(tx, orientation_id))
    refuse = ("doussard machine", lambda tx: orientations.refuse(tx, orientation_id))
    outcomes = await race(play, *((accept, refuse) if attempt % 2 else (refuse, accept)))
    one_winner(outcomes, "stale_version")
    assert any("Une autre personne" in str(getattr(one, "message", "")) for one in outcomes)
    first = {"searching": "accept", "refused": "refuse"}[play.state(orientation_id)]
    acts = [act for act, *_ in play.journal(orientation_id)]
    assert acts == ["orientation.sent", f"orientation.{first}"]
    assert play.scalar("select count(*) from notifications") == 2


async def test_an_answer_and_the_sweep_at_the_deadline(play: Play) -> None:
    """Whatever comes first, the law is the same: the silence was an acceptance."""
    orientation_id = await play.offer()
    play.now = paris("2026-05-06T00:00")
    outcomes = await race(
        play,
        ("chloe", lambda tx: orientations.refuse(tx, orientation_id)),
        ("alice", lambda tx: orientations.record_due(tx, orientation_id)),
    )
    assert isinstance(outcomes[0], Conflict)
    assert outcomes[0].code == "answer_too_late"
    if outcomes[1] is False:  # the answer held the row: the sweep comes again
        await play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    assert play.state(orientation_id) == "searching"
    assert play.scalar("select acceptance_mode from orientations") == "tacit"


async def test_two_sweeps_at_once(play: Play) -> None:
    orientation_id = await play.offer()
    play.now = paris("2026-05-06T09:00")
    sweep = ("alice", lambda tx: orientations.record_due(tx, orientation_id))
    outcomes = await race(play, sweep, sweep, sweep)
    assert sorted(map(str, outcomes)) == ["False", "False", "True"]
    assert play.scalar("select count(*) from journal where act = 'orientation.tacit'") == 1
    assert (
        play.scalar("select count(*) from notifications where template = 'orientation.tacit'") == 2
    )


@pytest.mark.parametrize("attempt", range(ROUNDS))
async def test_the_same_dwelling_freed_twice_at_once(play: Play, attempt: int) -> None:
    del attempt
    command = RegisterVacancy(dwelling_id=play.home(), free_on=play.day(30))
    register = ("alice", lambda tx: vacancies.register(tx, command))
    one_winner(await race(play, register, register, register), "vacancy_already_open")
    assert play.scalar("select count(*) from vacancies") == 1
    assert play.scalar("select count(*) from journal") == 1


async def test_the_same_vacancy_offered_twice_at_once(play: Play) -> None:
    vacancy_id = await play.vacancy()

    def send(slug: str) -> tuple[str, Act[UUID]]:
        command = SendOrientation(
            vacancy_id=vacancy_id, reservataire_id=play.tenant(slug), departure_motif="Essai"
        )
        return "alice", lambda tx: orientations.send(tx, command)

    one_winner(await race(play, send("doussard"), send("departement")), "live_orientation_exists")
    assert play.scalar("select count(*) from orientations") == 1


async def test_the_last_candidate_presented_twice_at_once(play: Play) -> None:
    orientation_id = await play.search()
    await play.present(orientation_id, *NUDS[:2])

    def present(who: str, nud: str) -> tuple[str, Act[object]]:
        command = PresentCandidates(
            orientation_id=orientation_id, candidates=(NewCandidate(nud=nud),)
        )
        return who, lambda tx: candidates.present(tx, command)

    outcomes = await race(play, present("chloe", NUDS[2]), present("doussard machine", NUDS[3]))
    one_winner(outcomes, "wrong_state", "too_many_candidates")
    assert play.scalar("select count(*) from candidates") == 3
    assert play.state(orientation_id) == "candidates_complete"


async def test_two_commissions_for_the_same_dwelling(play: Play) -> None:
    orientation_id = await play.complete()
    command = play.agenda(orientation_id)
    plan = ("alice", lambda tx: caleol.plan(tx, command))
    one_winner(await race(play, plan, plan), "wrong_state", "stale_version")
    assert play.scalar("select count(*) from caleol_sessions") == 1


async def test_two_requests_and_two_decisions_at_once(play: Play) -> None:
    vacancy_id = await play.vacancy()
    asked = RequestUrgence(vacancy_id=vacancy_id, kind="fire", title="Incendie")
    ask = ("alice", lambda tx: urgences.request(tx, asked))
    outcomes = await race(play, ask, ask)
    one_winner(outcomes, "urgency_already_requested")
    urgence_id = next(one for one in outcomes if isinstance(one, UUID))
    approve = DecideUrgence(urgence_id=urgence_id, is_approved=True, is_out_of_flux=True)
    refuse = DecideUrgence(urgence_id=urgence_id, is_approved=False, reason="Ailleurs")
    decided = await race(
        play,
        ("estelle", lambda tx: urgences.decide(tx, approve)),
        ("estelle", lambda tx: urgences.decide(tx, refuse)),
    )
    one_winner(decided, "urgency_already_decided", "stale_version")
    assert play.scalar("select count(*) from journal where subject_kind = 'urgence'") == 2


async def test_an_act_that_fails_leaves_no_job(play: Play) -> None:
    """The job is a row of the act's own transaction."""
    vacancy_id = await play.vacancy()
    command = SendOrientation(vacancy_id=vacancy_id, reservataire_id=play.tenant("doussard"))
    before = play.dump()

    async def send_then_fail(tx: object) -> None:
        await orientations.send(tx, command)  # type: ignore[arg-type] # the transaction of `does`
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await play.does("alice", send_then_fail)
    assert play.dump() == before
