"""The base world for the tests: built once a process, in a template; then a clone a test."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

from server.demo.world import World, build
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases

ISSUER = "http://127.0.0.1:1"


class Stage(NamedTuple):
    """What the fixture `world` gives: `database, world, app = stage`, or by name."""

    database: Database
    world: World
    app: App


def build_world(database: Database) -> World:
    """Build in a thread of its own: the test's event loop is none of our business."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _build(database)).result()


async def _build(database: Database) -> World:
    operator = App(database.migrate_dsn, pool_size=1)
    app = App(database.app_dsn, pool_size=1)
    try:
        return await build(operator, app, now=datetime.now(UTC), issuer=ISSUER)
    finally:
        await operator.close()
        await app.close()


class Worlds:
    """Owner of the template that holds the world."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._template = databases.clone()
        self.world = build_world(self._template)

    def clone(self) -> Database:
        return self._databases.clone(self._template.name)
