"""The worker as it runs: real queue, real transactions, killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from server.db.ids import new_id
from server.errors import ConfigurationError
from server.operations import bilans
from tests.databases import Database
from tests.workers.stories import Play, rows_of, settings_of
from tests.worlds import Stage
from workers import main

ROOT = Path(__file__).parents[2]
PATIENCE = 60
PROGRAM = """
import sys
from server.settings import Settings
from workers import main

main.HEARTBEAT_SECONDS, main.HEARTBEAT_TTL_SECONDS, main.MAINTENANCE_SECONDS = 0.3, 1.0, 0.3
main.run(Settings(
    mode="demo", database_url="", worker_database_url=sys.argv[1],
    public_url="https://portail.invalid", secret_key="s", oidc_issuer="", oidc_client_id="",
    oidc_client_secret="",
))
"""


@pytest.fixture
def play(world: Stage) -> Play:
    return Play(stage=world)


async def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(is_true):
        assert time.monotonic() < deadline, "the worker did not finish in time"
        await asyncio.sleep(0.02)


def waiting(database: Database) -> int:
    (row,) = rows_of(database, "select count(*) from dramatiq.queue where state <> 'rejected'")
    return int(row[0])


@asynccontextmanager
async def at_work(database: Database) -> AsyncIterator[None]:
    """A worker in threads of this process."""
    stopped = threading.Event()
    thread = threading.Thread(target=main.work, args=(settings_of(database), stopped))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        await asyncio.to_thread(thread.join, PATIENCE)
        assert not thread.is_alive()


@contextmanager
def process(database: Database) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, as the demonstration starts it."""
    started = subprocess.Popen(  # noqa: S603 - our own interpreter on our own text
        [sys.executable, "-c", PROGRAM, database.worker_dsn], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


async def enqueue(play: Play, actor_name: str, subject_id: UUID) -> None:
    async with play.stage.app.write_transaction(play.alice) as tx:
        await tx.execute(
            text("select enqueue_job(:name, :id)"), {"name": actor_name, "id": subject_id}
        )


async def everything(play: Play) -> UUID:
    """Acts that announce each kind of job; answers the urgency."""
    await play.leased()
    asked = await play.vacancy()
    await play.send(asked)
    urgence_id = await play.request_urgence(asked)
    await play.approve_urgence(urgence_id)
    async with play.stage.app.write_transaction(play.alice, now=play.now) as tx:
        await bilans.publish(tx, 2026)
    return urgence_id


def states(database: Database) -> dict[str, int]:
    return dict(rows_of(database, "select state, count(*)::int from notifications group by 1"))


async def test_the_worker_does_all_that_the_acts_announced(play: Play) -> None:
    database = play.stage.database
    await everything(play)
    assert set(states(database)) == {"queued"}
    async with at_work(database):
        await until(lambda: waiting(database) == 0)
    assert set(states(database)) == {"kept"}
    assert rows_of(database, "select state, workbook is not null from bilans") == [
        ("published", True)
    ]
    assert rows_of(
        database,
        "select v.nature, v.state, o.state from urgences u join vacancies v on v.id = u.vacancy_id"
        " join orientations o on o.vacancy_id = v.id where u.applied_at is not null",
    ) == [("urgency", "closed", "withdrawn")]


async def test_every_job_may_run_twice(play: Play) -> None:
    database = play.stage.database
    urgence_id = await everything(play)
    (bilan_id,) = rows_of(database, "select id from bilans")[0]
    for (notification_id,) in rows_of(database, "select id from notifications"):
        await enqueue(play, "notifications.deliver", notification_id)
    await enqueue(play, "bilans.distribute", bilan_id)
    await enqueue(play, "urgences.apply", urgence_id)
    async with at_work(database):
        await until(lambda: waiting(database) == 0)
    assert rows_of(database, "select distinct attempts from notifications") == [(1,)]
    (given,) = rows_of(database, "select count(*) from journal where act = 'bilan.distributed'")
    assert given == (1,)
    (told,) = rows_of(
        database,
        "select count(*) from notifications where template = 'orientation.withdraw'",
    )
    assert told == (1,)


async def test_a_job_without_a_row_is_kept_aside(play: Play) -> None:
    database = play.stage.database
    await enqueue(play, "bilans.distribute", new_id())
    async with at_work(database):
        await until(lambda: waiting(database) == 0)
    assert rows_of(database, "select state::text from dramatiq.queue") == [("rejected",)]


async def test_the_sweep_runs_beside_the_jobs(play: Play) -> None:
    """Art. 5.3: silence is recorded at the end of the period and told to both."""
    database = play.stage.database
    await play.send(await play.vacancy())
    shift = "insert into business_clock values (true, %s - now()) returning 1"
    rows_of(database, shift, play.now.replace(month=5, day=6))
    tacit = "select state from notifications where template = 'orientation.tacit'"
    async with at_work(database):
        await until(lambda: rows_of(database, tacit) == [("kept",), ("kept",)])
    assert rows_of(
        database, "select state, accepted_on::text, acceptance_mode from orientations"
    ) == [("searching", "2026-05-05", "tacit")]


@pytest.mark.parametrize("kills", [1, pytest.param(8, marks=pytest.mark.long)])
async def test_a_killed_worker_loses_nothing_and_doubles_nothing(play: Play, kills: int) -> None:
    database = play.stage.database
    await everything(play)
    again = (
        "select enqueue_job('notifications.deliver', id) from notifications, generate_series(1, %s)"
    )
    rows_of(database, again, 5 * kills)
    for _ in range(kills):
        with process(database) as killed:
            await until_some_work_is_done(database)
            killed.send_signal(signal.SIGKILL)
    assert waiting(database) > 0
    with process(database):
        await until(lambda: waiting(database) == 0)
    assert set(states(database)) == {"kept"}
    (distributed,) = rows_of(
        database, "select count(*) from journal where act = 'bilan.distributed'"
    )
    assert distributed == (1,)


async def until_some_work_is_done(database: Database) -> None:
    before = waiting(database)
    await until(lambda: waiting(database) < before)


async def test_a_stop_is_clean(play: Play) -> None:
    database = play.stage.database
    await play.send(await play.vacancy())
    with process(database) as worker:
        await until(lambda: waiting(database) == 0)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, PATIENCE) == os.EX_OK


def test_a_login_with_power_is_refused(database: Database) -> None:
    settings = replace(settings_of(database), worker_database_url=database.super_dsn)
    with pytest.raises(ConfigurationError, match="refuse de démarrer"):
        main.run(settings)
