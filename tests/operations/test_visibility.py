"""« Ce que voit mon organisme » says what PostgreSQL answers, not what somebody believes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from server.db.columns import metadata
from server.domain.visibility import SUBJECTS, WRITES, Sight
from server.errors import Forbidden, NotFound
from server.operations import candidates, isolation, orientations, visibility
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.visibility import Viewer
from server.tenants.audit.probes import Attempts, Somebody
from server.tenants.permissions import Permission
from server.tenants.transactions import Database as App
from tests.operations.play import NUDS, SOURCES_DU_LAC, Play

CAPACITIES = ("bailleur", "reservataire", "prefecture", "epci")
CONTINGENTS = ("none", "fonctionnaires", "rs")


def test_a_subject_has_words_for_whom_the_database_lets_read(play: Play) -> None:
    for subject in SUBJECTS:
        assert subject.table in metadata.tables
        granted = {
            capacity
            for capacity in CAPACITIES
            if play.scalar(
                "select has_any_column_privilege(%s, %s, 'SELECT')",
                f"portail_{capacity}",
                subject.table,
            )
        }
        assert set(subject.reach) == granted, subject.code


def test_the_words_of_a_right_to_write_belong_to_a_subject_and_to_a_permission() -> None:
    assert {code for code, _ in WRITES.values()} <= {one.code for one in SUBJECTS}
    assert set(WRITES) <= {one.value for one in Permission}


async def test_what_is_counted_is_what_one_sees(play: Play) -> None:
    await play.everything()
    alice, farid = [
        {one.subject.code: one for one in await play.reads(who, visibility.subjects)}
        for who in ("alice", "farid")
    ]
    tenant = play.tenant("haute-savoie-habitat")
    mine = "select count(*) from dwellings where bailleur_id = %s"
    assert alice["dwellings"].count == play.scalar(mine, tenant)
    assert alice["orientations"].writes == (
        "offrir un logement, retirer une offre",
        "enregistrer un bail",
    )
    assert farid["candidates"].count is None
    assert farid["candidates"].reach == ""
    assert farid["bilans"].writes == ()


async def test_a_reader_writes_nothing(play: Play) -> None:
    assert [
        one.writes for one in await play.reads("bruno", visibility.subjects) if one.writes
    ] == []


# --- Who may see a file -------------------------------------------------------------------------


@pytest.fixture
def attempts(play: Play) -> Iterator[Attempts]:
    with psycopg.connect(play.stage.database.app_dsn) as connection:
        yield Attempts(connection)


def asked_for_real(
    play: Play, attempts: Attempts, offer: UUID
) -> dict[tuple[str, ...], set[Sight]]:
    """Each organisme of the directory, in each capacity and contingent, tries to read."""
    dwelling, bailleur = play.rows(
        "select dwelling_id, bailleur_id from orientations where id = %s", offer
    )[0]
    del bailleur
    found: dict[tuple[str, ...], set[Sight]] = {}
    for tenant_id, name, capacity in play.rows(
        "select t.id, t.name, c.capacity from tenants t"
        " join tenant_capacities c on c.tenant_id = t.id"
    ):
        for contingent in CONTINGENTS if capacity == "reservataire" else ("none",):
            who = Somebody(role=f"portail_{capacity}", tenant_id=tenant_id, contingents=contingent)
            sights = seen(attempts, who, offer, dwelling)
            if sights:
                shown = contingent if Sight.OFFER in sights else "none"
                found.setdefault((name, capacity, shown), set()).update(sights)
    return found


def seen(attempts: Attempts, who: Somebody, offer: UUID, dwelling: UUID) -> set[Sight]:
    def reads(table: str, column: str, **where: Any) -> bool:
        answer = attempts.selects(who, table, (column,), **{k: [v] for k, v in where.items()})
        return isinstance(answer, int) and answer > 0

    found = set()
    if reads("dwellings", "address", id=dwelling):
        found.add(Sight.ADDRESS)
    elif reads("dwellings", "id", id=dwelling):
        found.add(Sight.DWELLING)
    if reads("orientations", "id", id=offer):
        found.add(Sight.OFFER)
    if reads("candidates", "nud", orientation_id=offer):
        found.add(Sight.CANDIDATES)
    if who.role in ("portail_prefecture", "portail_epci") and reads(
        "caleol_items", "position", orientation_id=offer
    ):
        found.add(Sight.AGENDA)
    return found


def told(viewers: list[Viewer]) -> dict[tuple[str, ...], set[Sight]]:
    return {
        (one.party.name, one.party.capacity, one.party.contingent): set(one.sights)
        for one in viewers
    }


async def stories(play: Play) -> dict[str, UUID]:
    """An offer just sent, one with ordinary candidates, one with a DALO household, one examined."""
    play.run("insert into lec_territories values (%s, '2019-01-01', null)", SOURCES_DU_LAC)
    sent = await play.offer(home=play.home(number=0))
    ordinary = await play.complete(home=play.home(number=1))
    dalo = await play.search(home=play.home(number=2))
    command = PresentCandidates(
        orientation_id=dalo, candidates=(NewCandidate(nud=NUDS[7], is_dalo=True),)
    )
    await play.does("chloe", lambda tx: candidates.present(tx, command))
    state = await play.offer("prefecture", contingent="rs", home=play.home(number=3))
    await play.does("pascal", lambda tx: orientations.accept(tx, state))
    examined = await play.complete(home=play.home(number=4))
    await play.session(examined)
    return {"sent": sent, "ordinary": ordinary, "dalo": dalo, "state": state, "examined": examined}


async def test_who_may_see_an_offer_is_who_can(play: Play, attempts: Attempts) -> None:
    """The list of the page, against every organisme of the directory asked for real."""
    for name, offer in (await stories(play)).items():
        viewers = await play.reads(
            "alice", partial(visibility.viewers_of_offer, orientation_id=offer)
        )
        assert told(viewers) == asked_for_real(play, attempts, offer), name


async def test_who_may_see_a_dwelling_is_who_can(play: Play, attempts: Attempts) -> None:
    await stories(play)
    for number in (0, 2, 3, 4, 9):
        home = play.home(number=number)
        offers = play.rows("select id from orientations where dwelling_id = %s", home)
        viewers = await play.reads(
            "alice", partial(visibility.viewers_of_dwelling, dwelling_id=home)
        )
        if offers:
            assert told(viewers) == asked_for_real(play, attempts, offers[0][0]), number
        else:
            assert {one.party.capacity for one in viewers} == {"bailleur", "prefecture", "epci"}


async def test_a_stranger_asks_in_vain(play: Play) -> None:
    offer = await play.offer()
    for who, error in {"denis": NotFound, "karine": NotFound, "farid": Forbidden}.items():
        with pytest.raises(error):
            await play.reads(who, lambda tx: visibility.viewers_of_offer(tx, offer))
    home = play.home()
    for who, error in {"denis": NotFound, "karine": NotFound, "estelle": Forbidden}.items():
        with pytest.raises(error):
            await play.reads(who, lambda tx: visibility.viewers_of_dwelling(tx, home))


# --- The self-test ------------------------------------------------------------------------------


async def test_the_self_test_is_dated_and_shown_to_all(play: Play) -> None:
    """Once a day, by the worker; its result is read in every capacity."""
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    dsn = play.stage.database.worker_dsn
    assert await play.reads("chloe", isolation.last_check) is None
    assert await isolation.check_if_due(worker, dsn, is_demo=True)
    assert not await isolation.check_if_due(worker, dsn, is_demo=True)
    for who in ("alice", "bruno", "chloe", "estelle", "farid"):
        check = await play.reads(who, isolation.last_check)
        assert check is not None
        assert check.is_sound
        assert check.checks > 30
        assert check.probes > 500
    play.run("update isolation_checks set ran_at = ran_at - interval '25 hours'")
    assert await isolation.check_if_due(worker, dsn, is_demo=True)
    await worker.close()


async def test_a_failure_is_red_for_all_and_told_to_the_operator_alone(play: Play) -> None:
    play.run("alter table dwellings no force row level security")
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    report = await isolation.check(worker, play.stage.database.worker_dsn, is_demo=True)
    assert [one.code for one in report.findings] == ["protected"]
    check = await play.reads("alice", isolation.last_check)
    assert check is not None
    assert (check.outcome, check.failures) == ("failed", 1)
    with pytest.raises(Exception, match="permission denied"):
        await play.reads(
            "alice", lambda tx: tx.execute(text("select findings from isolation_checks"))
        )
    await worker.close()
