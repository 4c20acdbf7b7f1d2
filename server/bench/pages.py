"""`portail bench pages`: what a warm page costs beside its own SQL, in one run, as a ratio.

Absolute times are those of a machine and of a moment: they are never printed.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2
from sqlalchemy import Engine, event
from starlette.applications import Starlette

from server.app import create_app
from server.db import tenants
from server.db.cluster import Cluster
from server.db.upgrade import upgrade
from server.errors import ConfigurationError
from server.pages.visits import session_cookie
from server.settings import Settings, read_settings
from server.tenants.sessions import open_session
from server.tenants.transactions import Database

DATABASE = "portail"
ISSUER = "http://127.0.0.1:1"
URL = "http://127.0.0.1:2"
WARM_UP, MEASURED = 3, 15

# Who looks at what; `{id}` is the first of the list above it.
PAGES = {
    "alice": (
        *("/", "/flux", "/liberations", "/liberations/{id}", "/orientations", "/orientations/{id}"),
        *("/caleol", "/caleol/{id}", "/urgences", "/bilans", "/logements", "/notifications"),
    ),
    "chloe": ("/", "/flux", "/orientations", "/orientations/{id}", "/caleol", "/bilans"),
    "estelle": ("/", "/flux", "/departement", "/orientations", "/urgences", "/bilans"),
    "farid": ("/", "/flux", "/bilans", "/urgences"),
}


@dataclass
class Meter:
    """Statements of one engine and the time they took, since the last reset."""

    statements: int = 0
    seconds: float = 0.0
    _begun: float = 0.0

    def listen(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)

    def reset(self) -> None:
        self.statements, self.seconds = 0, 0.0

    def _begin(self, *_facts: object) -> None:
        self._begun = time.perf_counter()

    def _end(self, *_facts: object) -> None:
        self.seconds += time.perf_counter() - self._begun
        self.statements += 1


@dataclass(frozen=True, kw_only=True)
class Line:
    slug: str
    page: str
    ratio: float
    statements: int
    weight: int
    compressed: int


@dataclass(kw_only=True)
class Bench:
    app: Starlette
    meter: Meter = field(default_factory=Meter)

    async def measure(self, client: httpx2.AsyncClient, slug: str, page: str, href: str) -> Line:
        """The median of the ratios of each visit: page and SQL of the same moment."""
        for _ in range(WARM_UP):
            answer = await client.get(href)
        if answer.status_code != httpx2.codes.OK:
            raise ConfigurationError(f"{href} répond {answer.status_code} à {slug}.")
        ratios = []
        for _ in range(MEASURED):
            self.meter.reset()
            begun = time.perf_counter()
            answer = await client.get(href)
            ratios.append((time.perf_counter() - begun) / max(self.meter.seconds, 1e-6))
        return Line(
            slug=slug,
            page=page,
            ratio=median(ratios),
            statements=self.meter.statements,
            weight=len(answer.content),
            compressed=len(gzip.compress(answer.content, 9)),
        )


def run() -> int:
    """A demonstration of its own, in a folder that does not stay."""
    with (
        tempfile.TemporaryDirectory(prefix="portail-bench-") as folder,
        _cluster(Path(folder)) as cluster,
    ):
        lines = asyncio.run(_bench(_settings(cluster, Path(folder))))
    _print(lines)
    return 0


@contextmanager
def _cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder / "postgres", durable=False)
    cluster.start()
    try:
        cluster.bootstrap(DATABASE, demo=True)
        upgrade(cluster.dsn("portail_migrate", DATABASE))
        yield cluster
    finally:
        cluster.stop()


def _settings(cluster: Cluster, folder: Path) -> Settings:
    """Seeded by the command itself: the bench knows nothing of the demonstration's inside."""
    environment = {
        **os.environ,
        "PORTAIL_MODE": "demo",
        "PORTAIL_DATA": str(folder),
        "DATABASE_URL": cluster.dsn("portail_app", DATABASE),
        "WORKER_DATABASE_URL": cluster.dsn("portail_worker", DATABASE),
        "MIGRATE_DATABASE_URL": cluster.dsn("portail_migrate", DATABASE),
        "PUBLIC_URL": URL,
        "SECRET_KEY": "bench",
        "OIDC_ISSUER": ISSUER,
        "OIDC_CLIENT_ID": "bench",
        "OIDC_CLIENT_SECRET": "bench",
    }
    seed = [sys.executable, "-m", "server.cli", "demo-seed"]
    subprocess.run(seed, env=environment, check=True)  # noqa: S603 - our own command
    return read_settings(environment)


async def _bench(settings: Settings) -> list[Line]:
    app = create_app(settings)
    database: Database = app.state.database
    bench = Bench(app=app)
    bench.meter.listen(database.engine.sync_engine)
    try:
        return [line for slug in PAGES for line in await _visit(bench, database, settings, slug)]
    finally:
        await database.close()


async def _visit(bench: Bench, database: Database, settings: Settings, slug: str) -> list[Line]:
    cookies = {session_cookie(settings): await _open_session(database, slug)}
    transport = httpx2.ASGITransport(app=bench.app)
    lines, list_html = [], ""
    async with httpx2.AsyncClient(transport=transport, base_url=URL, cookies=cookies) as client:
        for page in PAGES[slug]:
            href = _first(list_html, page) if "{id}" in page else page
            lines.append(await bench.measure(client, slug, page, href))
            list_html = (await client.get(href)).text
    return lines


def _first(html: str, page: str) -> str:
    pattern = re.escape(page).replace(re.escape("{id}"), "[0-9a-f-]{36}")
    found = re.search(f'href="({pattern})"', html)
    if found is None:
        raise ConfigurationError(f"Aucun lien vers {page} dans sa liste.")
    return found[1]


async def _open_session(database: Database, slug: str) -> str:
    async with database.identity_transaction() as tx:
        person = await tenants.find_person(tx, ISSUER, slug)
    if person is None:
        raise ConfigurationError(f"La démonstration n'a personne du nom de {slug}.")
    return await open_session(database, person_id=person[0], id_token="", user_agent="bench")


def _print(lines: list[Line]) -> None:
    print("page (qui)                          page ÷ SQL   requêtes     octets   compressés")
    for one in lines:
        name = f"{one.page} ({one.slug})"
        print(
            f"{name:<36}{one.ratio:>10.1f}{one.statements:>11}{one.weight:>11}{one.compressed:>13}"
        )
