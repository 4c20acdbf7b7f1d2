"""The web says every minute that it lives and reaches the database: what is silent is an outage.

The demonstration is one machine that sleeps at night: it does not beat, and counts no outage.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.operations import outages
from server.settings import Settings
from server.tenants.transactions import Database

BEAT_SECONDS = 60.0

logger = structlog.get_logger()


@asynccontextmanager
async def beating(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Beat before the first request, so that an outage is known before anybody acts on it."""
    if settings.is_demo:
        yield
        return
    await _beat(database)
    task = asyncio.create_task(_beat_for_ever(database))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _beat_for_ever(database: Database) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        await _beat(database)


async def _beat(database: Database) -> None:
    """A database that does not answer is the outage itself: the next beat will see it."""
    try:
        await outages.beat(database)
    except (SQLAlchemyError, OSError) as error:
        logger.warning("heartbeat_failed", error=type(error).__name__)
