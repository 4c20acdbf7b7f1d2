from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import socket_allow_hosts

from tests.databases import Database, Databases


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """One per process: two small clusters started together beat one shared behind a lock."""
    opened = Databases(tmp_path_factory.mktemp("cluster"))
    yield opened
    opened.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """Give a migrated database of its own to the test."""
    clone = databases.clone()
    yield clone
    databases.discard(clone)
