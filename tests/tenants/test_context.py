"""The context of a transaction: absent it gives nothing, and it never bleeds into the next one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from server.tenants.actors import Actor
from server.tenants.transactions import Database as App
from tests.databases import Database
from tests.worlds import Stage

OWNERS = text("select distinct bailleur_id from dwellings")
SLOW = text("select pg_sleep(0.02)")
BAILLEURS = ("alice", "denis", "gaelle", "hugo", "ines", "jules")
QUERIES = 500


def test_without_a_context_there_is_no_right_at_all(database: Database) -> None:
    for dsn in (database.app_dsn, database.worker_dsn):
        with psycopg.connect(dsn) as connection:
            for table in ("tenants", "dwellings", "sessions", "communes", "alembic_version"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"select from {table}".encode())  # names above
                connection.rollback()


@pytest.mark.parametrize("tenant", ["", "00000000-0000-0000-0000-000000000000"])
def test_without_a_tenant_there_is_no_row(world: Stage, tenant: str) -> None:
    private = ("dwellings", "conventions", "annexes", "tenant_mailboxes", "journal")
    with psycopg.connect(world.database.app_dsn) as connection:
        for role in ("portail_bailleur", "portail_reservataire", "portail_epci"):
            connection.execute("select set_config('role', %s, true)", [role])
            connection.execute("select set_config('app.tenant_id', %s, true)", [tenant])
            for table in private:
                query = f"select count(*) from {table}"  # noqa: S608 # names above
                found = connection.execute(query.encode()).fetchone()
                assert found == (0,), (role, table)
            connection.rollback()


def test_the_context_ends_with_its_transaction(world: Stage) -> None:
    with psycopg.connect(world.database.app_dsn) as connection:
        for ending in (connection.commit, connection.rollback):
            connection.execute("select set_config('role', 'portail_bailleur', true)")
            connection.execute(
                "select set_config('app.tenant_id', %s, true)",
                [str(world.world.tenants["leman-habitat"])],
            )
            assert connection.execute("select count(*) from dwellings").fetchone() == (142,)
            ending()
            found = connection.execute(
                "select current_user, nullif(current_setting('app.tenant_id', true), '')"
            ).fetchone()
            assert found == ("portail_app", None)
            connection.rollback()


async def test_a_reading_writes_nothing(world: Stage) -> None:
    async with world.app.read_transaction(world.world.actor("alice")) as tx:
        with pytest.raises(Exception, match="read-only"):
            await tx.execute(text("update dwellings set left_on = current_date"))


async def test_a_failed_act_leaves_the_connection_clean(world: Stage) -> None:
    app = App(world.database.app_dsn, pool_size=1)
    with pytest.raises(ProgrammingError):
        async with app.write_transaction(world.world.actor("alice")) as tx:
            await tx.execute(text("select missing from dwellings"))
    async with app.read_transaction(world.world.actor("denis")) as tx:
        owners = set((await tx.execute(OWNERS)).scalars())
    assert owners == {world.world.tenants["leman-habitat"]}
    await app.close()


async def test_no_context_bleeds_into_another(world: Stage) -> None:
    """500 transactions of six bailleurs on three connections, a fifth of them cut half-way."""
    draw = random.Random(20260430)  # noqa: S311 - the same cuts at each run
    app = App(world.database.app_dsn, pool_size=3)
    actors = [world.world.actor(who) for who in BAILLEURS]
    seen: Counter[tuple[UUID, frozenset[UUID]]] = Counter()
    cut = Counter[str]()

    async def visit(actor: Actor, ending: str) -> None:
        async with app.write_transaction(actor) as tx:
            owners = frozenset((await tx.execute(OWNERS)).scalars())
            seen[actor.tenant_id, owners] += 1
            if ending == "cancelled":
                await tx.execute(SLOW)
            if ending == "failed":
                raise ZeroDivisionError

    async def one(number: int) -> None:
        ending = draw.choice(["well", "well", "well", "cancelled", "failed"])
        task = asyncio.create_task(visit(actors[number % len(actors)], ending))
        if ending == "cancelled":
            await asyncio.sleep(draw.random() * 0.02)
            task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        cut[type(result).__name__] += 1

    for start in range(0, QUERIES, 25):
        await asyncio.gather(*(one(number) for number in range(start, start + 25)))
    await app.close()
    assert [key for key in seen if key[1] != {key[0]}] == []
    assert {key[0] for key in seen} == {actor.tenant_id for actor in actors}
    assert set(cut) == {"NoneType", "CancelledError", "ZeroDivisionError"}, cut
    assert sum(cut.values()) == QUERIES
    assert sum(seen.values()) > QUERIES // 2
