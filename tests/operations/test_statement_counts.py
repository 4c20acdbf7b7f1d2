"""What an act on an offer asks of the database: pinned, and by index under its reader's role."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from server.db.orientations import list_due
from server.operations import orientations
from server.operations.orientations import SendOrientation
from server.tenants.transactions import Database as App
from tests.operations.play import Play, paris

# Its context, then its statements. More than these: a reading that could be done once, or less.
MOST = {"send": 32, "accept": 10, "record_due": 12}
PAST = """
insert into orientations (id, bailleur_id, reservataire_id, vacancy_id, dwelling_id, convention_id,
  insee, state, sent_at, sent_on, answer_due_at, answer_last_day)
select uuidv7(), bailleur_id, reservataire_id, vacancy_id, dwelling_id, convention_id, insee,
  'leased', sent_at - number * interval '1 hour', sent_on, answer_due_at, answer_last_day
from orientations, generate_series(1, 3000) as number
"""


@pytest.fixture
def sent(play: Play) -> Callable[[], Any]:
    @contextmanager
    def counted() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_facts: object) -> None:
            statements.append(statement)

        engine = play.stage.app.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counted


async def test_opening_answering_and_sweeping_ask_no_more(
    play: Play, sent: Callable[[], Any]
) -> None:
    vacancy_id = await play.vacancy()
    command = SendOrientation(
        vacancy_id=vacancy_id, reservataire_id=play.tenant("doussard"), departure_motif="Essai"
    )
    silent = await play.offer(home=play.home(number=1))
    asked = {}
    with sent() as asked["send"]:
        offer = await play.does("alice", lambda tx: orientations.send(tx, command))
    with sent() as asked["accept"]:
        await play.does("chloe", lambda tx: orientations.accept(tx, offer))
    play.now = paris("2026-05-06T09:00")
    with sent() as asked["record_due"]:
        assert await play.does("alice", lambda tx: orientations.record_due(tx, silent))
    assert {act: len(statements) for act, statements in asked.items()} == MOST


async def test_the_sweep_reads_due_offers_from_their_index(play: Play) -> None:
    """Under its own role, among offers that are over: it meets those that are due and no other."""
    due = await play.offer()
    play.run(PAST)
    play.run("analyze orientations")
    now = paris("2026-05-06T09:00")
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    async with worker.system_transaction("tests") as tx:
        event.listen(worker.engine.sync_engine, "before_cursor_execute", note)
        assert [one.id for one in await list_due(tx, now, limit=100)] == [due]
        event.remove(worker.engine.sync_engine, "before_cursor_execute", note)
        ((statement, values),) = asked
        role = (await tx.execute(text("select current_user"))).scalar_one()
        explained = await tx.connection.exec_driver_sql(
            f"explain (analyze, format json) {statement}", values
        )
        plan = explained.scalar_one()
    await worker.close()
    nodes = list(walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    scans = [node for node in nodes if node.get("Relation Name") == "orientations"]
    assert role == "portail_system"
    assert {node.get("Index Name") for node in scans} == {
        "orientations_awaiting_answer",
        "orientations_awaiting_candidates",
    }
    assert sum(node["Actual Rows"] for node in scans) == 1
    assert not any(node.get("Rows Removed by Filter") for node in scans)


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)
