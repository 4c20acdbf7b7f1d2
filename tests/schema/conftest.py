from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from server.tenants.transactions import Database as App
from tests.databases import Database, Databases
from tests.operations.play import Play
from tests.schema.client import Api
from tests.worlds import Stage, Worlds


@pytest.fixture
def play(world: Stage) -> Iterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()


@pytest.fixture
async def api(play: Play) -> AsyncIterator[Api]:
    """The API over a world of the test's own."""
    opened = Api(play)
    yield opened
    await opened.client.aclose()


@pytest.fixture(scope="session")
def still_database(databases: Databases, worlds: Worlds) -> Iterator[Database]:
    clone = worlds.clone()
    yield clone
    databases.discard(clone)


@pytest.fixture
async def still(still_database: Database, worlds: Worlds) -> AsyncIterator[Api]:
    """The API over a world in which nobody ever writes: for what only reads or is refused."""
    app = App(still_database.app_dsn, pool_size=2)
    play = Play(Stage(database=still_database, world=worlds.world, app=app))
    opened = Api(play)
    yield opened
    await opened.client.aclose()
    play.close()
    await app.close()


@pytest.fixture
def unswept() -> Iterator[None]:
    """What the whole run has built is left out of the collections: a request whose processor time
    is checked does not pay for sweeping it.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
