"""The worker process: jobs of dramatiq on PostgreSQL, and the sweep of what is due."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
from dramatiq import Worker
from dramatiq.asyncio import async_to_sync
from dramatiq.broker import Broker
from dramatiq.middleware import AsyncIO, Middleware, Retries, ShutdownNotifications, TimeLimit
from dramatiq_postgres import PostgresBroker

from server.operations import isolation, requests, sweep
from server.settings import Settings
from server.tenants.transactions import Database
from workers.actors import declare

logger = structlog.get_logger()

THREADS = 4
DEMO_SWEEP_SECONDS = 2.0
SWEEP_SECONDS = 20.0
STOP_MILLISECONDS = 10_000
# a job whose worker was killed starts again within the sum of the last two
HEARTBEAT_SECONDS, HEARTBEAT_TTL_SECONDS, MAINTENANCE_SECONDS = 5.0, 15.0, 5.0


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; ends its jobs in hand before leaving."""
    asyncio.run(_refuse_power(settings))
    with _interruptions() as stopped:
        work(settings, stopped)


async def _refuse_power(settings: Settings) -> None:
    database = Database(settings.worker_database_url, pool_size=1)
    try:
        await database.refuse_power()
    finally:
        await database.close()


def work(settings: Settings, stopped: threading.Event) -> None:
    """Run the jobs in threads and the sweep in this one, until `stopped` is set."""
    # the sweep has one; so has the progress of an import, which is written beside it
    database = Database(settings.worker_database_url, pool_size=THREADS + 2)
    broker = _broker(settings, database)
    declare(broker, database, settings)
    worker = Worker(broker, worker_threads=THREADS)
    worker.start()
    logger.info("worker_started", mode=settings.mode)
    try:
        _sweep_until(stopped, database, settings)
    finally:
        worker.stop(timeout=STOP_MILLISECONDS)
        broker.close()
        logger.info("worker_stopped")


class ClosesDatabase(Middleware):
    """Closes the pool in the loop that opened it; AsyncIO, listed before, ends that loop after."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        del broker, worker
        async_to_sync(self._database.close)()


def _broker(settings: Settings, database: Database) -> PostgresBroker:
    return PostgresBroker(
        url=settings.worker_database_url,
        schema="dramatiq",
        results=False,
        poll_interval=1.0,
        heartbeat_interval=HEARTBEAT_SECONDS,
        heartbeat_ttl=HEARTBEAT_TTL_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        middleware=[
            TimeLimit(),
            ShutdownNotifications(),
            Retries(),
            AsyncIO(),
            ClosesDatabase(database),
        ],
    )


def _sweep_until(stopped: threading.Event, database: Database, settings: Settings) -> None:
    """The loop carries the obligation: whatever one turn meets, the next one comes."""
    seconds = DEMO_SWEEP_SECONDS if settings.is_demo else SWEEP_SECONDS
    sweep_once = async_to_sync(sweep.record_due)
    while not stopped.is_set():
        try:
            recorded = sweep_once(database, is_stopped=stopped.is_set)
        except Exception as error:  # noqa: BLE001 - a database that restarts has many errors
            logger.warning("sweep_failed", error=type(error).__name__)
        else:
            if recorded:
                logger.info("sweep_recorded", count=recorded)
        _check_isolation(database, settings)
        _forget_requests(database)
        stopped.wait(seconds)


def _check_isolation(database: Database, settings: Settings) -> None:
    """Once a day; a self-test that cannot run is tried again at the next turn."""
    check_once = async_to_sync(isolation.check_if_due)
    try:
        check_once(database, settings.worker_database_url, is_demo=settings.is_demo)
    except Exception as error:  # noqa: BLE001 - a database that restarts has many errors
        logger.warning("isolation_check_failed", error=type(error).__name__)


def _forget_requests(database: Database) -> None:
    """Idempotency keys of more than 30 days."""
    try:
        forgotten = async_to_sync(requests.forget_old)(database)
    except Exception as error:  # noqa: BLE001 - a database that restarts has many errors
        logger.warning("requests_not_forgotten", error=type(error).__name__)
    else:
        if forgotten:
            logger.info("requests_forgotten", count=forgotten)


@contextmanager
def _interruptions() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
