from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Database, Databases
from tests.operations.play import Play
from tests.tenants.crowd import Crowd, fill, gather
from tests.worlds import Stage, Worlds


@pytest.fixture
def play(world: Stage) -> Iterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def filled(worlds: Worlds) -> Database:
    """A template where everybody has rows; nobody writes in it, a test that plants clones it."""
    database = worlds.clone()
    fill(database, worlds.world)
    return database


@pytest.fixture(scope="module")
def crowd(filled: Database, databases: Databases, worlds: Worlds) -> Iterator[Crowd]:
    clone = databases.clone(filled.name)
    with gather(clone, worlds.world) as opened:
        yield opened
    databases.discard(clone)
