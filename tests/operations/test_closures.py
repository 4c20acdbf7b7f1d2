"""Declared closures: shown to the bailleur, without effect unless the convention says so (§5.4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import Page, PageRequest
from server.domain.deadlines import PARIS
from server.domain.orientations import State
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import closures, orientations
from server.operations.closures import DeclareClosure
from server.operations.orientations import SendOrientation
from server.tenants.transactions import TenantTransaction
from tests.operations.play import Play

BRIDGE = DeclareClosure(
    first_day=date(2026, 5, 4), last_day=date(2026, 5, 7), reason="  pont du 8 mai "
)
EMPTY = {
    "alice": Forbidden,
    "bruno": Forbidden,
    "estelle": Forbidden,
    "farid": Forbidden,
    "hsh machine": Forbidden,
}


async def declare(play: Play, command: DeclareClosure = BRIDGE, who: str = "chloe") -> UUID:
    return (await play.does(who, lambda tx: closures.declare(tx, command))).id


async def listed(wanted: OrientationFilter, tx: TenantTransaction) -> Page[Orientation]:
    return await orientations.list_page(tx, PageRequest(first=5), wanted)


def suspend(play: Play) -> None:
    play.run("update conventions set closure_rule = 'suspended'")


async def test_a_closure_is_declared_with_its_author(play: Play) -> None:
    await declare(play)
    assert play.rows("select first_day, last_day, reason, declared_by from closures") == [
        (BRIDGE.first_day, BRIDGE.last_day, "pont du 8 mai", play.actor("chloe").person_name)
    ]
    found = await play.reads("chloe", closures.list_own)
    assert [(one.reason, one.declared_at) for one in found] == [("pont du 8 mai", play.now)]


async def test_only_a_reservataire_declares(play: Play) -> None:
    await play.is_refused_to(EMPTY, lambda tx: closures.declare(tx, BRIDGE))
    await play.is_refused_to(EMPTY, closures.list_own)


async def test_what_is_wrong_is_refused_at_its_field(play: Play) -> None:
    """The cases are those of tests/domain/test_closures.py."""
    past = DeclareClosure(first_day=date(2026, 4, 1), last_day=date(2026, 4, 2), reason="")
    error = await play.is_refused(
        "chloe", lambda tx: closures.declare(tx, past), Invalid, "closure_past"
    )
    assert {one.field for one in error.motifs} == {"first_day", "reason"}
    await declare(play)
    await play.is_refused(
        "chloe", lambda tx: closures.declare(tx, BRIDGE), Invalid, "closure_overlap"
    )
    await declare(play, who="karine")  # the town halls of two communes bridge together


async def test_each_reads_those_that_concern_it(play: Play) -> None:
    """The bailleur and the préfecture see when a réservataire is closed, not who declared it."""
    await declare(play)
    doussard = play.tenant("doussard")
    for who in ("alice", "bruno", "denis", "estelle"):
        found = await play.reads(who, lambda tx: closures.list_of(tx, doussard))
        assert [(one.reason, one.declared_by) for one in found] == [("pont du 8 mai", "")], who
    assert await play.reads("karine", closures.list_own) == []
    assert await play.reads("karine", lambda tx: closures.list_of(tx, doussard)) == []
    with pytest.raises(Forbidden):
        await play.reads("farid", lambda tx: closures.list_of(tx, doussard))


async def test_a_closure_to_come_is_withdrawn(play: Play) -> None:
    made = await declare(play)
    strangers = {"karine": NotFound, "pascal": NotFound, "faverges machine": NotFound, **EMPTY}
    await play.is_refused_to(strangers, lambda tx: closures.withdraw(tx, made))
    await play.does("chloe", lambda tx: closures.withdraw(tx, made))
    assert await play.reads("chloe", closures.list_own) == []
    assert play.rows("select withdrawn_by from closures") == [(play.actor("chloe").person_name,)]
    await play.is_refused("chloe", lambda tx: closures.withdraw(tx, made), NotFound)


async def test_a_closure_that_has_begun_stays(play: Play) -> None:
    made = await declare(play)
    play.now += timedelta(days=4)
    await play.is_refused(
        "chloe", lambda tx: closures.withdraw(tx, made), Conflict, "closure_begun"
    )


async def test_a_closure_that_is_over_is_no_longer_listed(play: Play) -> None:
    await declare(play)
    play.now += timedelta(days=8)
    assert await play.reads("chloe", closures.list_own) == []


# --- Its effect on an offer ---------------------------------------------------------------------


def delays(play: Play, offer_id: UUID) -> tuple[date, date | None, list[str]]:
    due, silent, receipt = play.rows(
        "select answer_last_day, silent_search_last_day, answer_receipt from orientations"
        " where id = %s",
        offer_id,
    )[0]
    return due, silent, [one["reason"] for one in receipt["skipped"]]


async def test_the_clock_runs_on_unless_the_convention_says_so(play: Play) -> None:
    """§5.4: sent on 30 April, silence on 5 May whatever the town hall does."""
    await declare(play)
    due, silent, skipped = delays(play, await play.offer())
    assert (due, silent) == (date(2026, 5, 5), None)
    assert skipped == ["Fête du Travail", "samedi", "dimanche"]


async def test_the_convention_stops_the_clock(play: Play) -> None:
    """Closed from Monday to Thursday, then 8 May and a week-end: answer until Tuesday the 12th."""
    suspend(play)
    await declare(play)
    due, silent, skipped = delays(play, await play.offer())
    assert (due, silent) == (date(2026, 5, 12), date(2026, 6, 4))
    assert skipped.count("fermeture : pont du 8 mai") == 4
    assert skipped.count("Victoire de 1945") == 1


async def test_an_offer_keeps_the_closures_of_its_day(play: Play) -> None:
    """Declared after the sending, it changes nothing; withdrawn after, neither."""
    suspend(play)
    offer_id = await play.offer()
    made = await declare(play)
    assert delays(play, offer_id)[0] == date(2026, 5, 5)
    other = await play.offer(home=play.home(number=1))
    await play.does("chloe", lambda tx: closures.withdraw(tx, made))
    assert delays(play, other)[0] == date(2026, 5, 12)
    await play.does("chloe", lambda tx: orientations.accept(tx, other))
    searched = play.scalar("select candidates_last_day from orientations where id = %s", other)
    assert searched == date(2026, 6, 2)  # 15 days from 30 April, without the four closed ones


async def test_the_closures_are_those_of_who_answers(play: Play) -> None:
    suspend(play)
    await declare(play, who="karine")
    assert delays(play, await play.offer())[0] == date(2026, 5, 5)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-05-06", State.SENT),
        ("2026-05-12", State.SENT),
        ("2026-05-13", State.SEARCHING),
        ("2026-06-04", State.SEARCHING),
        ("2026-06-05", State.NO_CANDIDATE),
    ],
)
async def test_lists_tell_the_state_in_law(play: Play, day: str, state: State) -> None:
    """No sweep ran: SQL and the domain say the same of an offer whose clock was stopped."""
    suspend(play)
    await declare(play)
    offer_id = await play.offer()
    play.now = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=PARIS)
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert orientations.effective_state(row, play.now) is state
    for one in (State.SENT, State.SEARCHING, State.NO_CANDIDATE):
        wanted = OrientationFilter(states=(one.value,), at=play.now)
        page = await play.reads("alice", partial(listed, wanted))
        assert [item.id for item in page.items] == ([offer_id] if one is state else [])


@pytest.mark.parametrize(("is_suspended", "last"), [(False, 5), (True, 12)])
async def test_the_check_before_sending_shows_them(
    play: Play, is_suspended: bool, last: int
) -> None:
    if is_suspended:
        suspend(play)
    await declare(play)
    later = DeclareClosure(
        first_day=date(2026, 12, 24), last_day=date(2026, 12, 31), reason="fêtes"
    )
    await declare(play, later)
    vacancy_id = await play.vacancy()
    command = SendOrientation(
        vacancy_id=vacancy_id, reservataire_id=play.tenant("doussard"), departure_motif="Essai"
    )
    found = await play.reads("alice", lambda tx: orientations.preview(tx, command))
    assert found.answer is not None
    assert found.answer.last_day == date(2026, 5, last)
    assert bool(found.answer.closures) is is_suspended
