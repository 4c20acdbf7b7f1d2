"""The application refuses a login that could step over row-level security."""

from __future__ import annotations

import psycopg
import pytest

from server.errors import ConfigurationError
from server.tenants.transactions import Database as App
from tests.databases import Database


async def refusal(dsn: str) -> str:
    app = App(dsn, pool_size=1)
    try:
        await app.refuse_power()
    except ConfigurationError as error:
        return str(error)
    finally:
        await app.close()
    return ""


async def test_the_logins_of_the_web_and_of_the_worker_are_welcome(database: Database) -> None:
    assert await refusal(database.app_dsn) == ""
    assert await refusal(database.worker_dsn) == ""


@pytest.mark.parametrize("login", ["super_dsn", "migrate_dsn", "backup_dsn"])
async def test_a_powerful_login_is_refused(database: Database, login: str) -> None:
    """Superuser, one who may become the owner, BYPASSRLS."""
    sentence = await refusal(getattr(database, login))
    assert "refuse de démarrer" in sentence
    assert "portail_app" in sentence


async def test_the_owner_of_a_table_is_refused(database: Database) -> None:
    with psycopg.connect(database.super_dsn) as connection:
        connection.execute("create table left_behind (id int)")
        connection.execute("alter table left_behind owner to portail_app")
    assert "portail_app" in await refusal(database.app_dsn)
