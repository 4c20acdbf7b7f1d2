"""`portail bench pages`: what a warm page costs beside its own SQL, in one run, as a ratio.

Absolute times are those of a machine and of a moment: they are never printed.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2
from sqlalchemy import Engine, event
from starlette.applications import Starlette

from server.app import create_app
from server.bench.grounds import ISSUER, URL, cluster_in, seed
from server.db import tenants
from server.errors import ConfigurationError
from server.pages.visits import session_cookie
from server.settings import Settings, read_settings
from server.tenants.sessions import open_session
from server.tenants.transactions import Database

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
        cluster_in(Path(folder), demo=True) as cluster,
    ):
        lines = asyncio.run(_bench(read_settings(seed(cluster, Path(folder)))))
    _print(lines)
    return 0


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
