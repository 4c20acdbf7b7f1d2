"""The sweep on drawn days of 2020 to 2040: 12 of them, 300 in `make test-long`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from server.db.orientations import list_due
from server.domain.deadlines import local_day
from server.operations import orientations
from server.tenants.transactions import Database as App
from tests.clocks import INSTANTS, MICROSECOND, counted, midnight_after
from tests.databases import Databases
from tests.operations.play import Play
from tests.worlds import Stage, Worlds

SHORT, LONG = 12, 300
ANSWER_DAYS, CANDIDATE_DAYS = 2, 15


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture
def play(databases: Databases, worlds: Worlds, runner: asyncio.Runner) -> Iterator[Play]:
    """A world whose examples run in turn in one loop of ours: hypothesis is no coroutine."""
    clone = worlds.clone()
    app = App(clone.app_dsn, pool_size=1)
    opened = Play(Stage(database=clone, world=worlds.world, app=app))
    opened.run("update dwellings set delivered_on = '2010-01-01'")
    yield opened
    opened.close()
    runner.run(app.close())
    databases.discard(clone)


@pytest.mark.parametrize("examples", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])
def test_the_sweep_records_each_silence_at_its_date(
    play: Play,
    runner: asyncio.Runner,
    examples: int,
    record_property: Callable[[str, object], None],
) -> None:
    """Art. 5.3: nothing is due one microsecond before midnight; then both dates are the law's."""
    sweeper = App(play.stage.database.worker_dsn, pool_size=1)
    tried = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(sent_at=INSTANTS)
    def check(sent_at: datetime) -> None:
        nonlocal tried
        tried += 1
        runner.run(_silence(play, sweeper, sent_at))

    check()
    runner.run(sweeper.close())
    record_property("size", f"ronde, dates tirées de 2020 à 2040 : {tried} offres, 0 écart")
    assert tried >= examples


async def _silence(play: Play, sweeper: App, sent_at: datetime) -> None:
    play.now = sent_at
    play.run("truncate vacancies, notifications cascade")
    play.run("update conventions set starts_on = %s", local_day(sent_at - timedelta(days=300)))
    orientation_id = await play.offer()
    accepted_on = counted(local_day(sent_at), ANSWER_DAYS)
    presented_on = counted(accepted_on, CANDIDATE_DAYS)
    await _becomes(play, sweeper, orientation_id, midnight_after(accepted_on), "searching")
    await _becomes(play, sweeper, orientation_id, midnight_after(presented_on), "no_candidate")
    assert play.rows(
        "select accepted_on, acceptance_mode, candidates_last_day from orientations"
    ) == [(accepted_on, "tacit", presented_on)]
    assert play.rows(
        "select act, at from journal where subject_id = %s and act <> 'orientation.sent'"
        " order by at",
        orientation_id,
    ) == [
        ("orientation.tacit", midnight_after(accepted_on)),
        ("orientation.close_empty", midnight_after(presented_on)),
    ]


async def _becomes(
    play: Play, sweeper: App, orientation_id: UUID, due_at: datetime, state: str
) -> None:
    before = play.state(orientation_id)
    for now, due in ((due_at - MICROSECOND, []), (due_at, [orientation_id])):
        async with sweeper.system_transaction("tests") as tx:
            assert [one.id for one in await list_due(tx, now, limit=10)] == due
        recorded = await play.does(
            "alice", lambda tx: orientations.record_due(tx, orientation_id), now=now
        )
        assert recorded is bool(due)
        assert play.state(orientation_id) == (state if due else before)
