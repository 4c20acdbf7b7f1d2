"""The préfecture's nominative readings are written, and shown to whom they concern (§1.2)."""

from __future__ import annotations

import ast
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from server.db.paging import PageRequest
from server.operations import caleol, candidates, orientations, readings
from server.operations.candidates import NewCandidate, PresentCandidates
from server.tenants.transactions import TenantTransaction
from tests.house.sources import called_name, name_of, nodes, python_files
from tests.operations.play import NUDS, Play

# Who may read candidate rows without the trace: acts of the parties to the file, and the trace.
READERS = {
    "server/operations/readings.py",
    "server/operations/candidates.py",
    "server/operations/caleol/deciding.py",
    "server/operations/caleol/offering.py",
}


async def offered(play: Play, *, is_dalo: bool = True, reservataire: str = "doussard") -> UUID:
    """An offer whose candidate is, or is not, a DALO household."""
    contingent, who = {"doussard": ("none", "chloe"), "prefecture": ("rs", "pascal")}[reservataire]
    found = await play.offer(reservataire, contingent=contingent)
    await play.does(who, lambda tx: orientations.accept(tx, found))
    command = PresentCandidates(
        orientation_id=found, candidates=(NewCandidate(nud=NUDS[0], is_dalo=is_dalo),)
    )
    await play.does(who, lambda tx: candidates.present(tx, command))
    return found


async def look(play: Play, who: str, orientation_id: UUID) -> dict[UUID, Any]:
    return await play.reads(who, lambda tx: candidates.list_of(tx, [orientation_id]))


def lines(play: Play) -> list[tuple[Any, ...]]:
    return play.rows(
        "select r.orientation_id, t.slug, r.person_name, r.channel from nominative_readings r"
        " join tenants t on t.id = r.actor_tenant_id order by r.id"
    )


async def test_a_prefecture_that_reads_the_candidates_of_others_leaves_a_line(play: Play) -> None:
    found = await offered(play)
    assert await look(play, "estelle", found)
    assert lines(play) == [(found, "prefecture", play.actor("estelle").person_name, "page")]


async def test_one_line_a_person_a_file_and_an_hour(play: Play) -> None:
    found = await offered(play)
    for _ in range(3):
        await look(play, "estelle", found)
    assert len(lines(play)) == 1
    play.now += timedelta(hours=1)
    await look(play, "estelle", found)
    assert len(lines(play)) == 2


async def test_decisions_are_nominative_too(play: Play) -> None:
    found = await offered(play)
    session_id = await play.session(found)
    decision = play.decision(session_id, found)
    play.now += timedelta(days=8)
    await play.does("alice", lambda tx: caleol.record_decision(tx, decision))
    await play.reads("estelle", lambda tx: caleol.decisions_of(tx, [found]))
    assert [line[0] for line in lines(play)] == [found]


async def test_what_shows_no_household_leaves_no_line(play: Play) -> None:
    """No DALO household: the préfecture reads none of them."""
    found = await offered(play, is_dalo=False)
    assert await look(play, "estelle", found) == {}
    assert lines(play) == []


async def test_its_own_contingent_is_its_own_file(play: Play) -> None:
    found = await offered(play, reservataire="prefecture")
    assert await look(play, "estelle", found)
    assert lines(play) == []


async def test_the_parties_leave_no_line(play: Play) -> None:
    found = await offered(play)
    for who in ("alice", "bruno", "chloe"):
        assert await look(play, who, found)
    assert lines(play) == []


async def test_the_parties_read_who_read_and_nobody_else(play: Play) -> None:
    found = await offered(play)
    await look(play, "estelle", found)
    seen = {
        who: (await play.reads(who, lambda tx: readings.list_page(tx, PageRequest()))).items
        for who in ("alice", "bruno", "chloe", "denis", "karine", "estelle", "farid", "pascal")
    }
    assert {who for who, items in seen.items() if items} == {"alice", "bruno", "chloe", "estelle"}
    (line,) = seen["chloe"]
    assert line.reader_name == "Préfecture de la Haute-Savoie"
    assert line.orientation_id == found
    assert not any(nud in repr(line) for nud in NUDS)


async def test_without_its_line_nothing_is_answered(play: Play) -> None:
    """The trace is no courtesy: when it cannot be written, the reading fails."""
    found = await offered(play)
    play.run("revoke insert on nominative_readings from portail_prefecture")
    with pytest.raises(ProgrammingError):
        await look(play, "estelle", found)


async def _execute(change: str, tx: TenantTransaction) -> None:
    await tx.execute(text(change))


async def test_a_line_is_never_changed_nor_written_for_another(play: Play) -> None:
    found = await offered(play)
    await look(play, "estelle", found)
    for who in ("alice", "chloe", "estelle"):
        for change in (
            "update nominative_readings set person_name = 'personne'",
            "delete from nominative_readings",
            "truncate nominative_readings",
        ):
            with pytest.raises(ProgrammingError):
                await play.does(who, partial(_execute, change))
    assert len(lines(play)) == 1


def test_candidates_are_read_in_one_place() -> None:
    """A new reader of candidates goes through server/operations/readings.py."""
    found = {
        name_of(path)
        for path in python_files("server", "workers")
        for node in nodes(path)
        if isinstance(node, ast.Call) and called_name(node) in {"list_candidates", "list_decisions"}
    }
    assert found == READERS
