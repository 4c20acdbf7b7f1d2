"""The stock of a bailleur, from its file: a dry run, a confirmation, all or nothing (2.1, 12.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AsyncIO, Retries, TimeLimit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.db import imports as stock
from server.db.paging import PageRequest
from server.documents.imports import MOST_BYTES
from server.errors import Conflict, Forbidden, Invalid, ScopeMissing
from server.operations import imports
from server.operations.imports import NewImport
from server.tenants.transactions import Database as App
from tests.operations import files
from tests.operations.files import applied, confirmation, report, sent, state
from tests.operations.play import NOT_THE_BAILLEUR, Play
from tests.workers.stories import settings_of
from tests.worlds import Stage
from workers.actors import declare
from workers.main import ClosesDatabase

STOCK = (
    "select reference, rpls_id, insee, address, kind, typology, surface_m2::text, financing,"
    " built_year, delivered_on, is_qpv, exclusion, left_on from dwellings"
    " where bailleur_id = (select id from tenants where slug = 'haute-savoie-habitat')"
    " order by reference"
)


@pytest.fixture
async def worker(world: Stage) -> AsyncIterator[App]:
    opened = App(world.database.worker_dsn, pool_size=5)
    yield opened
    await opened.close()


async def test_a_file_is_read_confirmed_and_written(play: Play, worker: App) -> None:
    """The dry run tells and writes nothing; the confirmation writes what was told."""
    before = play.rows(STOCK)
    import_id = await sent(play, worker, files.homes(3))
    assert state(play, import_id) == "ready"
    counts = report(play, import_id)["counts"]
    assert (counts["created"], counts["changed"], counts["departed"]) == (3, 0, len(before))
    assert play.rows(STOCK) == before
    command = confirmation(play, import_id)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    assert play.rows(STOCK) == before
    await imports.apply(worker, import_id)
    assert state(play, import_id) == "confirmed"
    assert len(play.rows(STOCK)) == len(before) + 3
    row = next(row for row in play.rows(STOCK) if row[0] == "HSH-1")
    assert row == (
        *("HSH-1", "", "74104", "1 rue de la Maquette", "social", "t3", "64.50", "plus", 1998),
        *(None, False, None, None),
    )
    acts = [act for act, *_ in play.journal(import_id)]
    assert acts == ["import.received", "import.confirmed", "import.applied"]


async def test_importing_twice_is_importing_once(play: Play, worker: App) -> None:
    await applied(play, worker, files.homes(5))
    once = play.rows("select * from dwellings order by id")
    again = await sent(play, worker, files.homes(5))
    counts = report(play, again)["counts"]
    assert (counts["created"], counts["changed"], counts["unchanged"]) == (0, 0, 5)
    command = confirmation(play, again)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    for _ in range(2):  # a job may run twice
        await imports.apply(worker, again)
    assert play.rows("select * from dwellings order by id") == once
    assert play.scalar("select count(*) from journal where act like 'dwelling.%%'") == 0


async def test_only_what_changed_is_changed_and_each_change_is_told(
    play: Play, worker: App
) -> None:
    await applied(play, worker, files.homes(3))
    line = files.LINE.format(number=2).replace("64,50", "66").replace("T3", "T4")
    import_id = await sent(play, worker, files.table(line))
    told = report(play, import_id)
    assert told["counts"]["changed"] == 1
    assert told["changes"] == [
        {"reference": "HSH-2", "fields": {"typology": ["t3", "t4"], "surface_m2": [64.5, 66.0]}}
    ]
    await applied(play, worker, files.table(line))
    ((facts, reason),) = play.rows(
        "select facts, reason from journal where act = 'dwelling.changed'"
    )
    assert facts == told["changes"][0]["fields"]
    assert reason == "typologie : t3 → t4 ; surface : 64,5 → 66,0"


# --- What leaves, what comes back -----------------------------------------------------------------


async def test_what_the_file_does_not_hold_leaves_only_if_asked(play: Play, worker: App) -> None:
    """A partial file changes nothing elsewhere; a whole one lets go of the rest, on a day."""
    await applied(play, worker, files.homes(2))
    stock = len(play.rows(STOCK))
    await applied(play, worker, files.homes(1))
    assert play.scalar("select count(*) from dwellings where left_on is not null") == 0
    busy = play.home(number=3)
    await play.vacancy(busy)
    import_id = await applied(play, worker, files.homes(1), leave=True)
    counts = report(play, import_id)["counts"]
    assert (counts["departed"], counts["busy"]) == (stock - 2, 1)
    left = play.rows("select id, left_on from dwellings where left_on is not null")
    assert len(left) == stock - 2
    assert {day for _, day in left} == {play.day()}
    assert busy not in {home for home, _ in left}  # its vacancy is still open
    assert play.scalar("select count(*) from journal where act = 'dwelling.left'") == stock - 2


async def test_a_dwelling_that_comes_back_is_confirmed(play: Play, worker: App) -> None:
    await applied(play, worker, files.homes(2))
    play.run("update dwellings set left_on = '2025-01-01' where reference = 'HSH-2'")
    import_id = await sent(play, worker, files.homes(2))
    assert report(play, import_id)["confirmable"] == {"return": 1}
    bare = replace(confirmation(play, import_id), kinds=frozenset())
    refusal = await play.is_refused(
        "alice", lambda tx: imports.confirm(tx, bare), Invalid, "not_confirmed"
    )
    assert refusal.motifs[0].field == "accepte.return"
    await applied(play, worker, files.homes(2))
    assert play.scalar("select left_on from dwellings where reference = 'HSH-2'") is None


async def test_what_the_file_does_not_say_is_kept(play: Play, worker: App) -> None:
    """No column of exclusion, of number at the RPLS, of delivery: they stay as they were."""
    await applied(play, worker, files.homes(1))
    play.run(
        "update dwellings set exclusion = 'sante', rpls_id = '0740000001', is_qpv = true,"
        " delivered_on = '2026-02-01', kind = 'foyer' where reference = 'HSH-1'"
    )
    import_id = await applied(play, worker, files.homes(1))
    assert report(play, import_id)["counts"]["changed"] == 0
    header = f"{files.HEADER};Exclusion"
    told = files.table(f"{files.LINE.format(number=1)};plan de vente", header=header)
    await applied(play, worker, told)
    kept = play.rows(
        "select exclusion, rpls_id, is_qpv, delivered_on::text, kind from dwellings"
        " where reference = 'HSH-1'"
    )
    assert kept == [("plan_vente", "0740000001", True, "2026-02-01", "foyer")]


# --- All or nothing -------------------------------------------------------------------------------


async def test_a_file_with_one_error_is_not_imported(play: Play, worker: App) -> None:
    bad = files.LINE.format(number=2).replace("T3", "trois")
    content = files.table(files.LINE.format(number=1), bad)
    import_id = await sent(play, worker, content)
    assert state(play, import_id) == "blocked"
    assert files.told(play, import_id) == [(3, "Typologie", "typology_invalid")]
    command = confirmation(play, import_id)
    await play.is_refused(
        "alice", lambda tx: imports.confirm(tx, command), Conflict, "import_not_waiting"
    )
    await imports.apply(worker, import_id)
    assert play.scalar("select count(*) from dwellings where reference = 'HSH-1'") == 0


async def test_what_is_no_table_says_why(play: Play, worker: App) -> None:
    import_id = await sent(play, worker, b"%PDF-1.7\x00")
    assert state(play, import_id) == "unreadable"
    assert report(play, import_id)["motifs"][0]["code"] == "file_unreadable"
    far = await sent(play, worker, files.rpls({4: "01004"}))
    assert state(play, far) == "blocked"
    assert report(play, far)["motifs"][0]["code"] == "file_without_dwelling"


async def test_the_stock_that_changed_since_the_dry_run_is_looked_at_again(
    play: Play, worker: App
) -> None:
    """Refused at the confirmation, and at the writing if it changes in between."""
    import_id = await sent(play, worker, files.homes(2))
    command = confirmation(play, import_id)
    play.run("update dwellings set address = 'ailleurs' where id = %s", play.home())
    await play.is_refused(
        "alice", lambda tx: imports.confirm(tx, command), Conflict, "stock_changed"
    )
    await play.does("alice", lambda tx: imports.read_again(tx, import_id))
    await imports.analyse(worker, import_id)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    play.run("update dwellings set address = 'encore ailleurs' where id = %s", play.home())
    before = play.rows("select * from dwellings order by id")
    await imports.apply(worker, import_id)
    assert state(play, import_id) == "stale"
    assert play.rows("select * from dwellings order by id") == before


async def test_a_change_made_during_the_writing_is_not_lost(
    play: Play, worker: App, world: Stage
) -> None:
    """Begun before the writing and ended after its check: it is waited for, and it stays."""
    await applied(play, worker, files.homes(2))
    line = files.LINE.format(number=2).replace("T3", "T4")
    import_id = await sent(play, worker, files.table(line))
    command = confirmation(play, import_id)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    with psycopg.connect(world.database.super_dsn) as other:
        other.execute("update dwellings set address = 'ailleurs' where reference = 'HSH-2'")
        writing = asyncio.create_task(imports.apply(worker, import_id))
        waits = "select count(*) from pg_locks where not granted"
        while play.scalar(waits) == 0:
            assert not writing.done(), "the writing did not wait"
            await asyncio.sleep(0.02)
        other.commit()
    await writing
    assert state(play, import_id) == "stale"
    kept = play.rows("select address, typology from dwellings where reference = 'HSH-2'")
    assert kept == [("ailleurs", "t3")]


async def test_what_fails_at_every_try_is_unreadable_and_says_so(
    play: Play, world: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last try tells it; « lecture en cours » never lasts for ever."""
    command = NewImport(name="patrimoine.csv", content=files.homes(1))
    import_id = await play.does("alice", lambda tx: imports.receive(tx, command))

    async def failing(*_arguments: Any, **_named: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("server.operations.imports.analysing.parse", failing)
    database = App(world.database.worker_dsn, pool_size=2)
    middleware = [TimeLimit(), Retries(), AsyncIO(), ClosesDatabase(database)]
    broker = StubBroker(middleware=middleware)
    declare(broker, database, settings_of(world.database))
    broker.get_actor("imports.analyse").send_with_options(args=(str(import_id),), max_retries=0)
    workers = Worker(broker, worker_threads=1, worker_timeout=20)
    workers.start()
    await asyncio.to_thread(partial(broker.join, "default", fail_fast=False, timeout=60_000))
    await asyncio.to_thread(workers.stop)
    assert state(play, import_id) == "unreadable"
    (motif,) = report(play, import_id)["motifs"]
    assert motif["code"] == "analysis_failed"
    assert "envoyez-le de nouveau" in motif["message"]


async def test_what_is_written_is_counted_while_nothing_shows_yet(
    play: Play, worker: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction writes all; how far it is shows to everybody between the slices."""
    monkeypatch.setattr("server.operations.imports.parsing.SLICE", 2)
    import_id = await sent(play, worker, files.homes(5))
    command = confirmation(play, import_id)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    written = stock.apply_rows
    seen: list[tuple[int, int]] = []

    async def watched(*arguments: Any, **named: Any) -> Any:
        done = play.scalar("select lines_done from imports where id = %s", import_id)
        visible = "select count(*) from dwellings where reference like 'HSH-_'"
        seen.append((done, play.scalar(visible)))
        return await written(*arguments, **named)

    with monkeypatch.context() as looking:
        looking.setattr(stock, "apply_rows", watched)
        await imports.apply(worker, import_id)
    assert seen == [(0, 0), (2, 0), (4, 0)]
    assert state(play, import_id) == "confirmed"


async def test_what_fails_to_be_written_at_every_try_can_be_read_again(
    play: Play, worker: App
) -> None:
    """« enregistrement en cours » never lasts for ever, and nothing was written."""
    import_id = await sent(play, worker, files.homes(2))
    command = confirmation(play, import_id)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    await imports.give_up(worker, import_id)
    assert state(play, import_id) == "stale"
    assert [one["code"] for one in report(play, import_id)["motifs"]] == ["writing_failed"]
    await imports.apply(worker, import_id)  # a job left behind writes nothing any more
    assert play.scalar("select count(*) from dwellings where reference like 'HSH-_'") == 0
    await play.does("alice", lambda tx: imports.read_again(tx, import_id))
    await imports.analyse(worker, import_id)
    assert state(play, import_id) == "ready"


async def test_giving_up_changes_nothing_of_a_file_that_was_read(play: Play, worker: App) -> None:
    import_id = await sent(play, worker, files.homes(1))
    before = report(play, import_id)
    await imports.give_up(worker, import_id)
    assert (state(play, import_id), report(play, import_id)) == ("ready", before)


async def test_a_commune_merges_on_its_day(play: Play, worker: App) -> None:
    """One dated reference: the code is kept before the merger, moved from that day on."""
    merger = "insert into commune_mergers values ('74104', '74123', %s, 'Doussard')"
    play.run(merger, play.day() + timedelta(1))
    before = await sent(play, worker, files.homes(1))
    assert report(play, before)["confirmable"] == {}
    play.run("update commune_mergers set on_date = %s where old_insee = '74104'", play.day())
    after = await sent(play, worker, files.homes(1))
    assert report(play, after)["confirmable"] == {"merged_commune": 1}
    await applied(play, worker, files.homes(1))
    assert play.scalar("select insee from dwellings where reference = 'HSH-1'") == "74123"


async def test_a_write_that_fails_halfway_leaves_nothing(
    play: Play, worker: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away after the first slice: no dwelling, and the job may run again."""
    monkeypatch.setattr("server.operations.imports.parsing.SLICE", 2)
    import_id = await sent(play, worker, files.homes(5))
    command = confirmation(play, import_id)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    before = play.rows("select * from dwellings order by id")
    written = stock.apply_rows
    calls = []

    async def failing(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError
        return await written(*arguments, **named)

    with monkeypatch.context() as broken:
        broken.setattr(stock, "apply_rows", failing)
        with pytest.raises(ConnectionError):
            await imports.apply(worker, import_id)
    assert play.rows("select * from dwellings order by id") == before
    await imports.apply(worker, import_id)
    assert state(play, import_id) == "confirmed"
    assert len(play.rows("select * from dwellings")) == len(before) + 5


async def test_two_confirmations_at_once(play: Play, worker: App) -> None:
    """One of the two decides; the other is told that the file does not wait any more."""
    import_id = await sent(play, worker, files.homes(3))
    command = confirmation(play, import_id)
    outcomes = await asyncio.gather(
        *(play.does("alice", lambda tx: imports.confirm(tx, command)) for _ in range(2)),
        return_exceptions=True,
    )
    (refusal,) = [one for one in outcomes if one is not None]
    assert isinstance(refusal, Conflict)
    assert refusal.code == "import_not_waiting"


async def test_two_files_of_one_bailleur_at_once(play: Play, worker: App) -> None:
    """Both confirmed on the same stock: the first is written, the second must be read again."""
    found = [await sent(play, worker, files.homes(count)) for count in (2, 4)]
    for import_id in found:
        command = confirmation(play, import_id)
        await play.does("alice", partial(imports.confirm, command=command))
    await asyncio.gather(*(imports.apply(worker, one) for one in (*found, *found)))
    assert sorted(state(play, one) for one in found) == ["confirmed", "stale"]
    count = play.scalar("select count(*) from dwellings where reference like 'HSH-_'")
    assert count in (2, 4)


CELLS = st.sampled_from(
    ("", "74104", "74093", "T3", "trois", "64,50", "PLUS", "1998", "HSH-1", ";")
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=4))
async def test_random_files_never_half_import(
    play: Play, worker: App, lines: list[list[str]]
) -> None:
    """Each file is written whole or not at all, whatever it holds."""
    good = files.LINE.format(number=9)
    content = files.table(good, *(";".join(cells) for cells in lines))
    before = play.rows(STOCK)
    import_id = await sent(play, worker, content)
    if state(play, import_id) == "ready":
        command = confirmation(play, import_id)
        await play.does("alice", lambda tx: imports.confirm(tx, command))
    await imports.apply(worker, import_id)
    told = report(play, import_id)["counts"]
    if state(play, import_id) == "confirmed":
        assert len(play.rows(STOCK)) == len(before) + told["created"]
    else:
        assert told["faults"] > 0
        assert play.rows(STOCK) == before


# --- Who ------------------------------------------------------------------------------------------


async def test_a_stranger_sees_and_does_nothing(play: Play, worker: App) -> None:
    """An import is the bailleur's alone; its reader reads it, and decides nothing."""
    import_id = await sent(play, worker, files.homes(1))
    command = confirmation(play, import_id)
    refusals = {**NOT_THE_BAILLEUR, "hsh machine": ScopeMissing, "leman machine": ScopeMissing}
    await play.is_refused_to(refusals, lambda tx: imports.confirm(tx, command))
    await play.is_refused_to(refusals, lambda tx: imports.read_again(tx, import_id))
    others = {who: error for who, error in refusals.items() if who != "bruno"}
    await play.is_refused_to(others, lambda tx: imports.get(tx, import_id))
    assert (await play.reads("bruno", lambda tx: imports.get(tx, import_id))).id == import_id
    new = NewImport(name="x.csv", content=b"a;b")
    for who in ("bruno", "chloe", "karine", "estelle", "farid"):
        await play.is_refused(who, lambda tx: imports.receive(tx, new), Forbidden)
    denis = await play.reads("denis", lambda tx: imports.list_page(tx, PageRequest()))
    assert denis.items == ()


async def test_the_name_of_a_file_is_shown_and_nothing_else(play: Play) -> None:
    command = NewImport(name="C:\\Users\\..\\..\\etc\\patri\x00moine.csv", content=b"a;b")
    import_id = await play.does("alice", lambda tx: imports.receive(tx, command))
    assert play.scalar("select file_name from imports where id = %s", import_id) == "patrimoine.csv"
    for content in (b"", b"a" * (MOST_BYTES + 1)):
        wrong = NewImport(name="x.csv", content=content)
        await play.is_refused("alice", partial(imports.receive, command=wrong), Invalid)


async def test_field_63_is_proposed_and_applied_nowhere(play: Play, worker: App) -> None:
    await applied(play, worker, files.rpls({}, {63: "7"}, {4: "74123", 63: "1"}))
    found = await play.reads("alice", imports.proposed_contingents)
    assert found == {"74104": {"4": 1, "7": 1}, "74123": {"1": 1}}
