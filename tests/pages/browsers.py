"""Browsers for the tests of pages: somebody signed in, the real application, the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx2
import psycopg
from starlette.applications import Starlette

from server.app import create_app
from server.db.tenants import list_memberships
from server.domain.deadlines import PARIS
from server.pages.visits import session_cookie
from server.settings import Settings
from server.tenants.actors import Capacity
from server.tenants.sessions import find_signed_in, open_session, switch_membership
from tests.databases import Database
from tests.worlds import ISSUER, Stage

ORIGIN = "http://portail.test"
THURSDAY = datetime(2026, 4, 30, 9, 0, tzinfo=PARIS)
"""30 April 2026: every convention of the world is in force, a holiday and a week-end follow."""


def settings_of(database: Database) -> Settings:
    return Settings(
        mode="demo",
        database_url=database.app_dsn,
        worker_database_url=database.worker_dsn,
        public_url=ORIGIN,
        secret_key="k" * 40,
        oidc_issuer=ISSUER,
        oidc_client_id="portail",
        oidc_client_secret="x" * 40,
    )


def set_clock(database: Database, now: datetime) -> None:
    """Move the business clock, as the demonstration may."""
    with psycopg.connect(database.super_dsn, autocommit=True) as connection:
        connection.execute(
            "insert into business_clock (singleton, shift) values (true, %(now)s - now())"
            " on conflict (singleton) do update set shift = excluded.shift",
            {"now": now},
        )


class Site:
    """The application on the test's database, and who comes to it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.settings = settings_of(stage.database)
        self.app: Starlette = create_app(self.settings)

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[httpx2.AsyncClient]:
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}
        ) as client:
            yield client

    @asynccontextmanager
    async def browser(
        self, person: str, capacity: Capacity | None = None
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """Somebody signed in, in her first seat or in the one of this capacity."""
        person_id = self.stage.world.people[person].id
        secret = await open_session(
            self.stage.app, person_id=person_id, id_token="", user_agent="test"
        )
        if capacity is not None:
            await self._sit(secret, capacity)
        async with self.anonymous() as client:
            client.cookies.set(session_cookie(self.settings), secret)
            yield client

    async def _sit(self, secret: str, capacity: Capacity) -> None:
        signed_in = await find_signed_in(self.stage.app, secret)
        assert signed_in is not None
        async with self.stage.app.identity_transaction() as tx:
            seats = await list_memberships(tx, signed_in.session.person_id)
        seat = next(one for one in seats if one.capacity == capacity)
        await switch_membership(self.stage.app, signed_in, seat.id)

    async def close(self) -> None:
        await self.app.state.database.close()


@asynccontextmanager
async def site(stage: Stage, now: datetime = THURSDAY) -> AsyncIterator[Site]:
    """The site of a test, its business clock set."""
    set_clock(stage.database, now)
    opened = Site(stage)
    try:
        yield opened
    finally:
        await opened.close()
