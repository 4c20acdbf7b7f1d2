from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from pytest_socket import socket_allow_hosts

from server.tenants.transactions import Database as App
from tests.crawl import Crawl, crawl
from tests.databases import Database, Databases, memory_folder
from tests.sites import Demonstration, Site
from tests.worlds import Stage, Worlds

LONG_SECONDS = 3_600
CRAWL_SECONDS = 1_200  # the first test that looks at the pages waits until the portal is walked
MISSING = "SANS"  # begins the reason of what is skipped because this machine lacks a program


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what this machine could not prove, and how much the proofs tried."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for reason in sorted({one.partition(MISSING)[2] for one in reasons if MISSING in one}):
        sentence = f"ATTENTION, sans{reason.strip(chr(39) + ')')}."
        terminalreporter.write_line(sentence, red=True, bold=True)
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            if name == "size":
                terminalreporter.write_line(f"  {value}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A fault run of full size may take its hour, the walk of the portal its quarter; all the
    others fail within minutes.
    """
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))
        elif "crawled" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(CRAWL_SECONDS))


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A test that runs a silent command in this process must not silence those after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """One per process: two small clusters started together beat one shared behind a lock."""
    opened = Databases(memory_folder() or tmp_path_factory.mktemp("cluster"))
    yield opened
    opened.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """Give a migrated database of its own to the test."""
    clone = databases.clone()
    yield clone
    databases.discard(clone)


@pytest.fixture(scope="session")
def worlds(databases: Databases) -> Worlds:
    return Worlds(databases)


@pytest.fixture
async def world(databases: Databases, worlds: Worlds) -> AsyncIterator[Stage]:
    """Give the base world of the demonstration, in a database of the test's own, opened."""
    clone = worlds.clone()
    app = App(clone.app_dsn, pool_size=4)
    yield Stage(database=clone, world=worlds.world, app=app)
    await app.close()
    databases.discard(clone)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The seeded demonstration, in a cluster where the web login may move the clock."""
    opened = Demonstration(tmp_path_factory.mktemp("demonstration"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def portal(demonstration: Demonstration) -> Iterator[Site]:
    """A running portal for those who only look; who acts opens her own."""
    with demonstration.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def crawled(portal: Site) -> Crawl:
    """What each of the cast can reach from their home."""
    return crawl(portal)
