"""The context of a transaction: absent it gives nothing, and it never bleeds into the next one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
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
IMPATIENT = text("set local statement_timeout = '3ms'")
BAILLEURS = ("alice", "denis", "gaelle", "hugo", "ines", "jules")


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


class Hammer:
    """Transactions of six bailleurs on three connections, a third of them cut half-way."""

    def __init__(self, stage: Stage) -> None:
        self.app = App(stage.database.app_dsn, pool_size=3)
        self.actors = [stage.world.actor(who) for who in BAILLEURS]
        self.draw = random.Random(20260430)  # noqa: S311 - the same cuts at each run
        self.seen: Counter[tuple[UUID, frozenset[UUID]]] = Counter()
        self.cut = Counter[str]()
        self.queries = 0

    async def _visit(self, actor: Actor, ending: str) -> None:
        async with self.app.write_transaction(actor) as tx:
            for _ in range(2):
                owners = frozenset((await tx.execute(OWNERS)).scalars())
                self.seen[actor.tenant_id, owners] += 1
                self.queries += 1
            if ending == "cancelled":
                await tx.execute(SLOW)
            if ending == "timed out":
                await tx.execute(IMPATIENT)
                await tx.execute(SLOW)
            if ending == "failed":
                raise ZeroDivisionError

    async def one(self, number: int) -> None:
        ending = self.draw.choice(["well"] * 6 + ["cancelled", "timed out", "failed"])
        actor = self.actors[number % len(self.actors)]
        task = asyncio.create_task(self._visit(actor, ending))
        if ending == "cancelled":
            await asyncio.sleep(self.draw.random() * 0.02)
            task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        self.cut[type(result).__name__] += 1


@pytest.mark.parametrize("queries", [1_500, pytest.param(20_000, marks=pytest.mark.long)])
async def test_no_context_bleeds_into_another(
    world: Stage, queries: int, record_property: Callable[[str, object], None]
) -> None:
    hammer, start = Hammer(world), 0
    while hammer.queries < queries:
        await asyncio.gather(*(hammer.one(number) for number in range(start, start + 25)))
        start += 25
    await hammer.app.close()
    record_property("size", f"réserve de connexions : {hammer.queries} requêtes, 0 mélange ; "
                            f"{dict(hammer.cut)}")  # fmt: skip
    assert [key for key in hammer.seen if key[1] != {key[0]}] == []
    assert {key[0] for key in hammer.seen} == {actor.tenant_id for actor in hammer.actors}
    assert set(hammer.cut) == {"NoneType", "CancelledError", "TooSlow", "ZeroDivisionError"}
    assert sum(hammer.cut.values()) == start
