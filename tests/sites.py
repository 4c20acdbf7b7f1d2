"""The demonstration opened for the tests: seeded once a process, then a clone and a web server.

The server is the real one, in a thread: its engine can be listened to, a browser can visit it.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette

from server.app import create_app
from server.demo import runner, seed
from server.demo.world import World
from server.operations import notifications
from server.pages.visits import session_cookie
from server.settings import Settings
from server.tenants.sessions import open_session
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases

ISSUER = "http://127.0.0.1:1"  # nobody there: who visits has her session already
PATIENCE_SECONDS = 30
LATEST = "select id from notifications order by created_at desc limit 80"


def run_apart(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run to the end in a thread of its own: the loop of a test is none of our business."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


@dataclass(kw_only=True)
class Site:
    """A running portal: its address, its application, and a way in for each of the cast."""

    url: str
    app: Starlette
    database: Database
    world: World
    _secrets: dict[str, str] = field(default_factory=dict)

    @property
    def cookie_name(self) -> str:
        return session_cookie(self.app.state.settings)

    def secret_of(self, slug: str) -> str:
        """The session of a person, opened at the first need."""
        if slug not in self._secrets:
            self._secrets[slug] = run_apart(lambda: self._open_session(slug))
        return self._secrets[slug]

    async def _open_session(self, slug: str) -> str:
        app = App(self.database.app_dsn, pool_size=1)
        try:
            return await open_session(
                app, person_id=self.world.people[slug].id, id_token="", user_agent="tests"
            )
        finally:
            await app.close()

    @contextmanager
    def visitor(self, slug: str | None) -> Iterator[httpx2.Client]:
        """An HTTP client signed in as a person, or as nobody."""
        cookies = {} if slug is None else {self.cookie_name: self.secret_of(slug)}
        with httpx2.Client(
            base_url=self.url, cookies=cookies, headers={"accept": "text/html"}, timeout=20
        ) as client:
            yield client


class Demonstration:
    """Owner of a cluster of its own: there the web login may take portail_demo, as in a demo."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._databases = Databases(folder / "cluster")
        try:
            self._right = self._databases.clone().demo()  # holds a connection, not to the template
            self._right.__enter__()
            self._template = self._databases.clone()
            self._world: World = run_apart(self._seed)
        except BaseException:
            self._databases.close()
            raise

    async def _seed(self) -> World:
        operator = App(self._template.migrate_dsn, pool_size=1)
        app = App(self._template.app_dsn, pool_size=1)
        try:
            world = await seed.seed(operator, app, issuer=ISSUER)
        finally:
            await operator.close()
            await app.close()
        await self._write_mails()
        return world

    async def _write_mails(self) -> None:
        """What the worker does behind a demonstration."""
        worker = App(self._template.worker_dsn, pool_size=1)
        settings = self._settings(self._template, ISSUER)
        try:
            async with worker.system_transaction("tests") as tx:
                found = await tx.execute(text(LATEST))
                waiting = [row.id for row in found]
            for one in waiting:
                await notifications.deliver(worker, one, settings)
        finally:
            await worker.close()

    def close(self) -> None:
        self._right.__exit__(None, None, None)
        self._databases.close()

    @contextmanager
    def open(self) -> Iterator[Site]:
        """A portal as somebody finds it on the first morning; closed, it is forgotten."""
        database = self._databases.clone(self._template.name)
        # the protocol is named: without it asyncio leaves Nagle's 40 ms in each answer
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
            door.bind(("127.0.0.1", 0))
            door.listen()
            url = f"http://127.0.0.1:{door.getsockname()[1]}"
            settings = self._settings(database, url)
            content = runner.directory_of(url, seed.directory_of(self._world))
            Path(str(settings.demo_file)).write_text(json.dumps(content), encoding="utf-8")
            app = create_app(settings)
            with serving(app, door):
                yield Site(url=url, app=app, database=database, world=self._world)
        self._databases.discard(database)

    def _settings(self, database: Database, url: str) -> Settings:
        return Settings(
            mode="demo",
            database_url=database.app_dsn,
            worker_database_url=database.worker_dsn,
            public_url=url,
            secret_key="tests",
            oidc_issuer=ISSUER,
            oidc_client_id="tests",
            oidc_client_secret="tests",
            demo_file=str(self._folder / f"{database.name}.json"),
        )


@contextmanager
def serving(app: Starlette, door: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [door]}, name="site")
    thread.start()
    try:
        # the door is open already: what comes before the start waits behind it
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the web server does not stop"
