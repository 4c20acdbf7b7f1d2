"""`portail check isolation`: French for a person, JSON for a machine, 0 or 1 for both."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server.errors import ConfigurationError
from tests.databases import Database
from workers.checking import check_isolation


def environment(database: Database) -> dict[str, str]:
    return {"WORKER_DATABASE_URL": database.worker_dsn, "PORTAIL_MODE": "demo"}


def apart(work: Callable[[], tuple[str, int]]) -> tuple[str, int]:
    """The command has an event loop of its own."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def results(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.super_dsn) as connection:
        return connection.execute(
            "select outcome, failures, findings from isolation_checks order by id"
        ).fetchall()


def test_a_sound_database_is_told_so_and_its_result_kept(database: Database) -> None:
    told, status = apart(lambda: check_isolation(environment(database), as_data=False))
    assert status == 0
    assert told.splitlines()[-1] == "Isolation des organismes : aucune fuite."
    assert results(database) == [("passed", 0, [])]


def test_a_fault_is_named_and_the_command_fails(database: Database) -> None:
    with psycopg.connect(database.super_dsn, autocommit=True) as connection:
        connection.execute("alter policy bailleur_select on candidates using (true)")
    told, status = apart(lambda: check_isolation(environment(database), as_data=False))
    assert status == 1
    assert "ÉCHEC  Les règles toujours vraies sont relues." in told
    assert "de trop : candidates portail_bailleur r" in told
    data = json.loads(apart(lambda: check_isolation(environment(database), as_data=True))[0])
    assert data["is_sound"] is False
    assert {one["code"] for one in data["findings"]} >= {"open_policies", "snapshot"}
    assert [(outcome, failures > 0) for outcome, failures, _ in results(database)] == [
        ("failed", True)
    ] * 2


def test_a_powerful_login_is_refused(database: Database) -> None:
    powerful = {"WORKER_DATABASE_URL": database.super_dsn}
    with pytest.raises(ConfigurationError, match="refuse de démarrer"):
        apart(lambda: check_isolation(powerful, as_data=False))


def test_without_an_address_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WORKER_DATABASE_URL"):
        check_isolation({"PORTAIL_DATA": str(tmp_path)}, as_data=False)
