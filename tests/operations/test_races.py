"""Two people at once, on two connections: the database lets one through and tells the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from server.db.ledgers.posting import lock_positions
from server.db.orientations import lock_orientation
from server.errors import Conflict, PortalError
from server.operations import (
    caleol,
    candidates,
    ledger,
    orientations,
    sweep,
    urgences,
    vacancies,
)
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.operations.urgences import DecideUrgence, RequestUrgence
from server.operations.vacancies import RegisterVacancy
from server.tenants.transactions import Database as App
from server.tenants.transactions import TenantTransaction
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
async def test_an_answer_of_the_last_microsecond_and_the_sweep(play: Play, attempt: int) -> None:
    """Given in time it counts, even if it is written when the sweep is already there."""
    orientation_id = await play.offer()
    midnight = paris("2026-05-06T00:00")
    play.now = midnight - timedelta(microseconds=1)
    held, swept = asyncio.Event(), asyncio.Event()

    async def answer(tx: TenantTransaction) -> None:
        held.set()
        await swept.wait()
        await orientations.refuse(tx, orientation_id)

    async def passes() -> None:
        await held.wait()
        play.sets_clock(midnight + timedelta(seconds=attempt / 2))
        assert await sweep.record_due(worker) == 0
        swept.set()

    worker = App(play.stage.database.worker_dsn, pool_size=1)
    await asyncio.gather(play.does("chloe", answer), passes())
    play.sets_clock(midnight + timedelta(hours=9))
    assert await sweep.record_due(worker) == 0
    await worker.close()
    assert play.state(orientation_id) == "refused"


async def test_two_workers_sweep_at_once(play: Play) -> None:
    """SKIP LOCKED: each silence is recorded and told once, by one or by the other."""
    offers = [await play.offer(home=play.home(number=number)) for number in range(7)]
    play.sets_clock(paris("2026-05-06T09:00"))
    workers = [App(play.stage.database.worker_dsn, pool_size=1) for _ in range(2)]
    recorded = await asyncio.gather(*(sweep.record_due(one, batch=3) for one in workers))
    assert sum(recorded) == len(offers)
    assert [await sweep.record_due(one) for one in workers] == [0, 0]
    for one in workers:
        await one.close()
    assert play.rows(
        "select distinct state, acceptance_mode, accepted_on::text from orientations"
    ) == [("searching", "tacit", "2026-05-05")]
    acts = (
        "select count(*), count(distinct subject_id) from journal where act = 'orientation.tacit'"
    )
    assert play.rows(acts) == [(7, 7)]
    told = "select count(*) from notifications where template = 'orientation.tacit'"
    assert play.scalar(told) == 14


async def test_an_offer_that_cannot_be_recorded_stops_no_other(play: Play) -> None:
    """Even when those that fail are the oldest, and more than a batch."""
    offers = [await play.offer(home=play.home(number=number)) for number in range(4)]
    play.run(
        "create function refuse() returns trigger language plpgsql as"
        " 'begin raise exception ''essai''; end'"
    )
    play.run(
        "create trigger refuse before update on orientations for each row"
        f" when (old.id in ('{offers[0]}', '{offers[1]}')) execute function refuse()"
    )
    play.sets_clock(paris("2026-05-06T09:00"))
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    assert await sweep.record_due(worker, batch=2) == 2
    await worker.close()
    assert [play.state(one) for one in offers] == ["sent", "sent", "searching", "searching"]


@pytest.mark.parametrize("attempt", range(ROUNDS))
async def test_withdrawn_while_the_reservataire_types(play: Play, attempt: int) -> None:
    """domain.md §5.7, 7: each acts on the offer as it was on the screen; the second is told."""
    orientation_id = await play.offer()
    accept = (
        "chloe",
        lambda tx: orientations.accept(tx, orientation_id, expected_version=1),
    )
    withdraw = (
        "alice",
        lambda tx: orientations.withdraw(tx, orientation_id, reason="Vente", expected_version=1),
    )
    outcomes = await race(play, *((accept, withdraw) if attempt % 2 else (withdraw, accept)))
    one_winner(outcomes, "stale_version")
    if play.state(orientation_id) == "searching":
        return
    assert play.state(orientation_id) == "withdrawn"
    typed = PresentCandidates(
        orientation_id=orientation_id, candidates=(NewCandidate(nud=NUDS[0]),)
    )
    await play.is_refused(
        "chloe", lambda tx: candidates.present(tx, typed), Conflict, "wrong_state"
    )


@pytest.mark.parametrize("attempt", range(ROUNDS))
async def test_a_double_click(play: Play, attempt: int) -> None:
    """The same act of the same person, twice: done once, told once."""
    orientation_id = await play.offer()
    act = orientations.accept if attempt % 2 else orientations.refuse
    click = ("chloe", lambda tx: act(tx, orientation_id))
    one_winner(await race(play, click, click, click), "stale_version")
    assert len(play.journal(orientation_id)) == 2
    assert play.scalar("select count(*) from notifications") == 2


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


async def test_an_act_on_an_offer_while_its_ledger_is_posted(play: Play) -> None:
    """The act holds the offer, the worker the ledgers: each has what the other needs next."""
    orientation_id = await play.search()
    await play.does("chloe", lambda tx: orientations.renounce(tx, orientation_id, motif="Essai"))
    offer_held, ledgers_held = asyncio.Event(), asyncio.Event()

    async def searches(tx: TenantTransaction) -> None:
        await lock_orientation(tx, orientation_id)
        offer_held.set()
        await ledgers_held.wait()
        await orientations.search_on_behalf(tx, orientation_id)

    async def posts(tx: TenantTransaction) -> None:
        await offer_held.wait()
        await lock_positions(tx, tx.actor.tenant_id)
        ledgers_held.set()
        await ledger.post(tx)

    await asyncio.gather(play.does("alice", searches), play.does("alice", posts))
    assert play.state(orientation_id) == "searching"
    assert await play.reads("alice", ledger.unposted) == []
