"""The catalog of PostgreSQL, audited: what isolates tenants is there, everywhere, and reviewed.

The questions are those of `portail check isolation` (checks.py of server/tenants/audit). Each
exception is in reviewed.py there, with its reason; the texts of the policies and the grants are in
policies.snapshot.txt. To write it again after a migration, then read the difference:

    PORTAIL_WRITE_SNAPSHOT=1 .venv/bin/python -m pytest tests/tenants/test_isolation.py -k snapshot
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.tenants.audit import inspect
from server.tenants.audit.catalog import SNAPSHOT, Connection, ask, written
from server.tenants.audit.checks import CHECKS, Check
from tests.databases import Databases

Rows = set[tuple[str, ...]]


@pytest.fixture(scope="module")
def catalog(databases: Databases) -> Iterator[Connection]:
    """Read by the worker's login, as in production: the catalog needs no power."""
    database = databases.clone()
    with psycopg.connect(database.worker_dsn, autocommit=True) as connection:
        yield connection
    databases.discard(database)


@pytest.mark.parametrize("check", CHECKS, ids=[check.code for check in CHECKS])
def test_the_catalog_is_as_reviewed(catalog: Connection, check: Check) -> None:
    values = check.values | ({"demo": ["portail_demo"]} if "demo" in check.values else {})
    found: Rows = {tuple(map(str, row)) for row in ask(catalog, check.question, **values)}
    assert found == set(check.expected), check.rule


def test_each_question_is_asked_once() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS) >= 30


def test_there_is_something_to_protect(catalog: Connection) -> None:
    """The questions above answer nothing on an empty database too."""
    ((tables, policies),) = ask(
        catalog,
        "select (select count(*) from pg_class where relrowsecurity and relforcerowsecurity),"
        " (select count(*) from pg_policy)",
    )
    assert tables > 30
    assert policies > 200


def test_policies_and_grants_are_the_reviewed_snapshot(catalog: Connection) -> None:
    now = written(catalog)
    if os.environ.get("PORTAIL_WRITE_SNAPSHOT"):
        Path(str(SNAPSHOT)).write_text(now, encoding="utf-8")
    assert SNAPSHOT.read_text(encoding="utf-8").splitlines() == now.splitlines()


def test_the_self_test_passes_on_a_sound_database(databases: Databases) -> None:
    """`portail check isolation`, by the two logins that may run it."""
    database = databases.clone()
    for dsn in (database.app_dsn, database.worker_dsn):
        report = inspect(dsn, is_demo=True)
        assert report.findings == ()
        assert report.is_sound
        assert report.checks > 30
        assert report.probes > 500
    databases.discard(database)
