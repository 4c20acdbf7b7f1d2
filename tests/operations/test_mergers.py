"""A commune that merges: annexe, advice, offers and counts follow it, whatever the code written."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Select, select

from server.db.dwellings import Vacancy
from server.db.mergers import code_on
from server.db.paging import PageRequest
from server.db.tables import communes
from server.domain.communes import Merger, commune_at
from server.domain.deadlines import PARIS
from server.domain.flux import Indicator
from server.operations import annexes, flux, ledger, orientations, vacancies
from server.operations.advice import ExplainedAdvice, advise
from server.operations.annexes import StartDraft
from server.operations.orientations import SendOrientation
from server.tenants.transactions import TenantTransaction
from tests.operations.play import DOUSSARD, FAVERGES, SOURCES_DU_LAC, Play
from tests.worlds import Stage

JANUARY = datetime(2027, 1, 20, 9, tzinfo=PARIS)
ORIENTED = Indicator.ORIENTED
MERGED = "insert into commune_mergers values (%s, %s, %s, '')"


@pytest.fixture
async def play(world: Stage) -> AsyncIterator[Play]:
    opened = Play(world, now=JANUARY)
    yield opened
    opened.close()


async def test_a_statement_names_a_commune_as_the_domain_does(play: Play) -> None:
    draw = random.Random(74)  # noqa: S311 - drawn cases, no secret
    known = [row[0] for row in play.rows("select insee from communes order by insee limit 60")]
    draw.shuffle(known)
    olds, middles, lasts = known[:20], known[20:40], known[40:]
    mergers = [
        Merger(
            old_insee=old, new_insee=draw.choice(into), on_date=date(draw.randint(2017, 2030), 1, 1)
        )
        for some, into in ((olds, middles + lasts), (middles[:10], lasts))
        for old in some
    ]
    for one in mergers:
        play.run(MERGED, one.old_insee, one.new_insee, one.on_date)
    for year in (2016, 2020, 2026, 2031):
        on = date(year, 6, 1)
        statement = select(communes.c.insee, code_on(communes.c.insee, on).label("now"))
        found = await play.reads("alice", partial(_execute, statement))
        wrong = [row for row in found if row.insee in known
                 and row.now != commune_at(row.insee, mergers, on)]  # fmt: skip
        assert wrong == []


async def _execute(statement: Select[Any], tx: TenantTransaction) -> list[Any]:
    return list(await tx.execute(statement))


async def published(play: Play) -> None:
    """The annexe of 2027, Doussard being part of Faverges since 1 January."""
    play.run(MERGED, DOUSSARD, FAVERGES, "2027-01-01")
    command = StartDraft(epci_siren=SOURCES_DU_LAC, year=2027)
    annexe_id = await play.does("alice", lambda tx: annexes.start(tx, command))
    seen = play.scalar("select revision from annexes where id = %s", annexe_id)
    await play.does("alice", lambda tx: annexes.publish(tx, annexe_id, seen))


async def test_the_lines_of_last_year_follow_the_commune(play: Play) -> None:
    """16 rights of 54 become 16 of the 640 of the new commune; nothing is lost (art. 4)."""
    await published(play)
    (board,) = await play.reads(
        "alice", lambda tx: flux.boards(tx, 2027, epci_siren=SOURCES_DU_LAC)
    )
    annexe = board.computed.annexe
    assert [share.stock.insee for share in annexe.communes] == [FAVERGES]
    assert {rate.denominator for rate in annexe.lines} == {640}
    assert [rate.rate_bp for rate in annexe.lines] == [484, 250, 2234, 125, 500, 2500]
    assert annexe.total_droits == 390


async def _advise(row: Vacancy, tx: TenantTransaction) -> ExplainedAdvice:
    return await advise(tx, row)


async def _send(command: SendOrientation, tx: TenantTransaction) -> None:
    await orientations.send(tx, command)


async def test_a_dwelling_of_the_old_commune_is_advised_offered_and_counted(play: Play) -> None:
    """Its bailleur has not sent a new file: it still bears the old code; so do the conventions."""
    await published(play)
    play.run("update conventions set starts_on = '2026-03-01'")
    for home in (play.home(DOUSSARD), play.home(FAVERGES)):
        vacancy_id = await play.vacancy(home)
        page = await play.reads(
            "alice", lambda tx: vacancies.list_page(tx, PageRequest(), insee=FAVERGES)
        )
        row = next(one for one in page.items if one.id == vacancy_id)
        assert (row.dwelling.insee, row.dwelling.commune_name) == (FAVERGES, "Faverges-Seythenex")
        advised = await play.reads("alice", partial(_advise, row))
        proposed = {one.party_key for one in advised.advice.standings}
        parties = {f"{play.tenant(slug)}:none" for slug in ("doussard", "faverges-seythenex")}
        assert parties <= proposed
        command = SendOrientation(
            vacancy_id=vacancy_id,
            reservataire_id=play.tenant("doussard"),
            departure_motif="Choix pour l'essai",
        )
        await play.does("alice", partial(_send, command))
    (board,) = await play.reads(
        "alice", lambda tx: flux.boards(tx, 2027, epci_siren=SOURCES_DU_LAC)
    )
    assert board.vacancy_count == 2
    line = next(one for one in board.lines if one.reservataire_id == play.tenant("doussard"))
    assert line.position is not None
    assert line.position.oriented == 2 * 10_000


async def test_several_dwellings_of_the_old_commune_are_freed(play: Play) -> None:
    """Each is read for itself: its commune of the day is not asked of the others' rows."""
    await published(play)
    homes = [play.home(DOUSSARD, number) for number in range(3)]
    freed = [await play.vacancy(home) for home in homes]
    communes_of = play.rows(
        "select vacancy_id, strata ->> 'commune' from ledger_moves"
        " where basis = 'oriented' and vacancy_id = any(%s) order by position",
        freed,
    )
    assert communes_of == [(vacancy_id, FAVERGES) for vacancy_id in freed]


async def test_the_ledger_of_a_merged_commune_is_the_one_of_the_new_commune(play: Play) -> None:
    """Dwellings that still bear the old code post in the new commune, at its rates, to zero."""
    await published(play)
    play.run("update conventions set starts_on = '2026-03-01'")
    sent = [await play.vacancy(play.home(insee)) for insee in (DOUSSARD, FAVERGES)]
    for vacancy_id in sent:
        command = SendOrientation(
            vacancy_id=vacancy_id,
            reservataire_id=play.tenant("doussard"),
            departure_motif="Choix pour l'essai",
        )
        await play.does("alice", partial(_send, command))
    await play.does("alice", ledger.post)
    balances = await play.reads("alice", lambda tx: ledger.balances(tx, 2027, basis=ORIENTED))
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in balances:
        sums[one.family, one.value] += one.lag
    assert set(sums.values()) == {0}
    assert {value for family, value in sums if family == "commune"} == {FAVERGES}
    here = {one.party: one for one in balances if (one.family, one.value) == ("commune", FAVERGES)}
    doussard = here[f"{play.tenant('doussard')}:none"]
    assert (doussard.due, doussard.received) == (2 * 250, 2 * 10_000)
    faverges = here[f"{play.tenant('faverges-seythenex')}:none"]
    assert (faverges.due, faverges.received) == (2 * 2234, 0)
    owner = play.tenant("haute-savoie-habitat")
    again = {
        (row["party"], row["family"], row["value"]): (row["due"], row["received"])
        for row in ledger.balance_rows(owner, await play.reads("alice", ledger.derived))
        if row["basis"] == ORIENTED
    }
    kept = {(one.party, one.family, one.value): (one.due, one.received) for one in balances}
    assert {key: told for key, told in again.items() if any(told)} == {
        key: told for key, told in kept.items() if any(told)
    }


async def test_a_merger_of_the_coming_year_leaves_the_ledger_of_this_one(play: Play) -> None:
    """What was posted under the old code stays so; the year after reads it in the new commune."""
    vacancy_id = await play.vacancy(play.home(DOUSSARD))
    await play.does("alice", ledger.post)
    before = await play.reads("alice", lambda tx: ledger.balances(tx, 2027, basis=ORIENTED))
    play.run(MERGED, DOUSSARD, FAVERGES, "2028-01-01")
    await play.does("alice", ledger.post)
    after = await play.reads("alice", lambda tx: ledger.balances(tx, 2027, basis=ORIENTED))
    assert after == before
    assert play.scalar("select insee from vacancies where id = %s", vacancy_id) == DOUSSARD
