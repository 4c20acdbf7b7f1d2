"""The assiette at a date and the exclusions of a dwelling (art. 2.1 to 2.3 and 3)."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest

from server.db.assiette import count_qpv
from server.db.dwellings import Dwelling, DwellingFilter
from server.db.paging import PageRequest
from server.domain.annexe import CommuneStock, ExclusionCode
from server.domain.dwellings import assiette_motifs
from server.errors import Conflict, Forbidden, Invalid, PortalError, ScopeMissing
from server.operations import assiette, vacancies
from server.operations.assiette import ExcludeDwelling
from server.operations.vacancies import facts_of
from tests.operations.play import DOUSSARD, FAVERGES, NOT_THE_BAILLEUR, Act, Play, Refusals

TODAY = date(2026, 4, 30)
# A person of the bailleur answers for the reason: no machine dates it, whatever its scopes.
REFUSED: Refusals = {
    **NOT_THE_BAILLEUR,
    "hsh machine": ScopeMissing,
    "leman machine": ScopeMissing,
}


def excluding(home: UUID, code: str = "demolition", on: date = TODAY) -> Act[None]:
    command = ExcludeDwelling(dwelling_id=home, code=code, from_on=on, source="Délibération")
    return lambda tx: assiette.exclude(tx, command)


def ending(home: UUID, on: date = TODAY) -> Act[None]:
    return lambda tx: assiette.end(tx, home, on)


async def counted(play: Play, on: date = TODAY, who: str = "alice") -> dict[str, CommuneStock]:
    found = await play.reads(who, lambda tx: assiette.count(tx, on))
    return {one.insee: one for one in found}


def current(play: Play, home: UUID) -> str | None:
    found: str | None = play.scalar("select exclusion from dwellings where id = %s", home)
    return found


def periods(play: Play, home: UUID) -> list[tuple[str, date, date | None]]:
    return [
        (code, start, until)
        for code, start, until in play.rows(
            "select code, from_on, until_on from dwelling_exclusions where dwelling_id = %s"
            " order by from_on, id",
            home,
        )
    ]


async def side(play: Play, *, is_in: bool) -> list[Dwelling]:
    wanted = DwellingFilter(insee=DOUSSARD, is_in_assiette=is_in)
    return await play.reads("alice", lambda tx: vacancies.search_dwellings(tx, wanted, limit=1_000))


# --- Counting --------------------------------------------------------------------------------


async def test_the_assiette_of_the_sources_du_lac(play: Play) -> None:
    """The real annexe 1 (domain §2.5): A 54 and 586, 33 in plan de vente, C 54 and 553."""
    found = await counted(play)
    doussard, faverges = found[DOUSSARD], found[FAVERGES]
    assert (doussard.total, doussard.excluded, doussard.flux) == (54, 0, 54)
    assert (faverges.total, faverges.excluded, faverges.flux) == (586, 33, 553)
    assert faverges.exclusions[ExclusionCode.PLAN_VENTE] == 33


async def test_each_reads_the_assiette_of_its_own(play: Play) -> None:
    assert DOUSSARD not in await counted(play, who="denis")
    assert set(await counted(play, who="farid")) == {DOUSSARD, FAVERGES}
    assert len(await counted(play, who="estelle")) > 2
    await play.is_refused("chloe", lambda tx: assiette.count(tx, TODAY), Forbidden)


async def test_the_columns_add_up_to_what_is_excluded(play: Play) -> None:
    """Σ B = number excluded, and C is what the law says in, dwelling by dwelling, on any day."""
    draw = random.Random(5)  # noqa: S311 - drawn cases, no secret
    homes = [play.home(number=index) for index in range(40)]
    for home in homes:
        changed = draw.randrange(5)
        day = TODAY - timedelta(days=draw.randrange(900))
        if changed == 0:
            play.run("update dwellings set delivered_on = %s where id = %s", day, home)
        elif changed == 1:
            play.run("update dwellings set kind = 'foyer' where id = %s", home)
        elif changed == 2:
            play.run("update dwellings set left_on = %s where id = %s", day, home)
        else:
            await play.does("alice", excluding(home, draw.choice(list(ExclusionCode)).value, day))
    for on in (TODAY, date(2026, 1, 1), date(2025, 1, 1), date(2024, 3, 15)):
        stock = (await counted(play, on))[DOUSSARD]
        assert sum(stock.exclusions.values()) == stock.excluded
        assert stock.flux == stock.total - stock.excluded
    stock = (await counted(play))[DOUSSARD]
    rows = await play.reads(
        "alice",
        lambda tx: vacancies.search_dwellings(tx, DwellingFilter(insee=DOUSSARD), limit=1_000),
    )
    within = [one for one in rows if not assiette_motifs(facts_of(one), TODAY)]
    assert stock.flux == len(within)
    inside = await side(play, is_in=True)
    outside = await side(play, is_in=False)
    assert {one.id for one in inside} == {one.id for one in within}
    assert len(inside) + len(outside) == len(rows)


async def test_a_new_dwelling_enters_the_year_after_its_delivery(play: Play) -> None:
    """Art. 3: delivered in 2026, in A on 1 January 2027."""
    play.run("update dwellings set delivered_on = '2026-02-01' where id = %s", play.home())
    assert (await counted(play, date(2026, 12, 31)))[DOUSSARD].total == 53
    assert (await counted(play, date(2027, 1, 1)))[DOUSSARD].total == 54


async def test_the_quartier_prioritaire_of_a_day(play: Play) -> None:
    """A dwelling that enters a quartier today was outside of it yesterday."""
    play.run("update dwellings set is_qpv = true where id = %s", play.home())
    (changed,) = play.rows("select on_date, was_qpv from dwelling_qpv_changes")
    before = await play.reads("alice", lambda tx: count_qpv(tx, changed[0] - timedelta(1)))
    since = await play.reads("alice", lambda tx: count_qpv(tx, changed[0]))
    assert since - before == 1


# --- Communes that merge ---------------------------------------------------------------------


async def test_dwellings_of_a_merged_commune_are_counted_in_the_new_one(play: Play) -> None:
    """A merger of 1 January 2027: until then two communes, from then on one."""
    play.run(
        "insert into commune_mergers values (%s, %s, '2027-01-01', 'Doussard')", DOUSSARD, FAVERGES
    )
    assert (await counted(play, date(2026, 12, 31)))[DOUSSARD].total == 54
    merged = await counted(play, date(2027, 1, 1))
    assert DOUSSARD not in merged
    assert (merged[FAVERGES].total, merged[FAVERGES].excluded) == (640, 33)


async def test_a_list_of_the_new_commune_holds_the_dwellings_of_the_old_code(play: Play) -> None:
    play.run(
        "insert into commune_mergers values (%s, %s, '2026-01-01', 'Doussard')", DOUSSARD, FAVERGES
    )
    found = await play.reads(
        "alice",
        lambda tx: vacancies.search_dwellings(tx, DwellingFilter(insee=FAVERGES), limit=1_000),
    )
    assert {one.insee for one in found} == {DOUSSARD, FAVERGES}


async def test_the_former_codes_of_the_departement_are_known(play: Play) -> None:
    known = dict(play.rows("select old_insee, new_insee from commune_mergers"))
    assert known["74268"] == "74010"  # Seynod, Annecy
    assert known["74270"] == FAVERGES  # Seythenex


# --- Excluding -------------------------------------------------------------------------------


async def test_a_bailleur_excludes_then_takes_back(play: Play) -> None:
    home = play.home()
    _, effects = await play.performs("alice", excluding(home, "sante", date(2026, 3, 1)))
    assert effects.acts == ["dwelling.excluded"]
    assert current(play, home) == "sante"
    assert periods(play, home) == [("sante", date(2026, 3, 1), None)]
    assert (await counted(play, date(2026, 2, 28)))[DOUSSARD].excluded == 0
    assert (await counted(play, date(2026, 3, 1)))[DOUSSARD].excluded == 1
    _, effects = await play.performs("alice", ending(home, date(2026, 4, 15)))
    assert effects.acts == ["dwelling.included"]
    assert current(play, home) is None
    assert (await counted(play, date(2026, 4, 14)))[DOUSSARD].excluded == 1
    assert (await counted(play, date(2026, 4, 15)))[DOUSSARD].excluded == 0


async def test_another_reason_ends_the_one_that_runs(play: Play) -> None:
    home = play.home()
    await play.does("alice", excluding(home, "plan_vente", date(2026, 1, 1)))
    await play.does("alice", excluding(home, "demolition", date(2026, 4, 1)))
    assert periods(play, home) == [
        ("plan_vente", date(2026, 1, 1), date(2026, 4, 1)),
        ("demolition", date(2026, 4, 1), None),
    ]
    assert current(play, home) == "demolition"


async def test_an_entry_by_mistake_ends_the_day_it_began(play: Play) -> None:
    home = play.home()
    await play.does("alice", excluding(home))
    await play.does("alice", ending(home))
    await play.does("alice", excluding(home, "sante"))
    assert (await counted(play))[DOUSSARD].exclusions[ExclusionCode.SANTE] == 1


async def test_nobody_else_excludes_nor_takes_back(play: Play) -> None:
    home = play.home()
    await play.is_refused_to(REFUSED, excluding(home))
    await play.does("alice", excluding(home))
    await play.is_refused_to(REFUSED, ending(home))


async def test_the_charte_decides_on_plai_adaptes(play: Play) -> None:
    """Art. 2.2: this column exists by the charte alone."""
    home = play.home()
    play.run("update charte_versions set excludes_plai_adapte = false")
    await play.is_refused(
        "alice", excluding(home, "plai_adapte"), Invalid, "exclusion_not_in_charte"
    )
    await play.does("alice", excluding(home, "sante"))


@pytest.mark.parametrize(
    ("code", "on", "motif"),
    [
        ("autre", TODAY, "exclusion_unknown"),
        ("sante", TODAY + timedelta(1), "exclusion_in_future"),
    ],
)
async def test_what_is_refused_changes_nothing(play: Play, code: str, on: date, motif: str) -> None:
    await play.is_refused("alice", excluding(play.home(), code, on), Invalid, motif)


async def test_what_is_not_excluded_is_not_taken_back(play: Play) -> None:
    await play.is_refused("alice", ending(play.home()), Conflict, "not_excluded")


async def test_an_excluded_dwelling_has_no_vacancy_in_the_flux(play: Play) -> None:
    home = play.home()
    await play.does("alice", excluding(home))
    with pytest.raises(Conflict):
        await play.vacancy(home)


# --- The database holds it -------------------------------------------------------------------


async def test_two_at_once_leave_one(play: Play) -> None:
    home = play.home()
    results = await asyncio.gather(
        *(play.does("alice", excluding(home, code)) for code in ("sante", "demolition")),
        return_exceptions=True,
    )
    assert all(one is None or isinstance(one, PortalError) for one in results)
    assert len([one for one in periods(play, home) if one[2] is None]) == 1
    assert current(play, home) == next(one[0] for one in periods(play, home) if one[2] is None)


def test_at_most_one_exclusion_a_dwelling_whatever_is_written(play: Play) -> None:
    """Random periods, written by hand: what the database keeps never overlaps."""
    draw = random.Random(16)  # noqa: S311 - drawn cases, no secret
    homes = [play.home(number=index) for index in range(3)]
    kept = refused = 0
    for _ in range(200):
        start = date(2020, 1, 1) + timedelta(days=draw.randrange(400))
        until = start + timedelta(days=draw.randrange(60)) if draw.random() < 0.9 else None
        try:
            play.run(
                "insert into dwelling_exclusions select uuidv7(), id, bailleur_id, 'sante', %s, %s"
                " from dwellings where id = %s",
                start,
                until,
                draw.choice(homes),
            )
            kept += 1
        except psycopg.errors.ExclusionViolation:
            refused += 1
    assert kept > 5
    assert refused > 50
    ((clashes,),) = play.rows(
        "select count(*) from dwelling_exclusions a join dwelling_exclusions b"
        " on a.dwelling_id = b.dwelling_id and a.id < b.id"
        " where daterange(a.from_on, a.until_on) && daterange(b.from_on, b.until_on)"
    )
    assert clashes == 0


def test_whoever_writes_the_column_of_today_the_period_is_dated(play: Play) -> None:
    """An import or a tool that knows only the column: the dates follow it."""
    home = play.home()
    play.run("update dwellings set exclusion = 'sante' where id = %s", home)
    play.run("update dwellings set exclusion = 'demolition' where id = %s", home)
    play.run("update dwellings set exclusion = null where id = %s", home)
    found = periods(play, home)
    assert [one[0] for one in found] == ["sante", "demolition"]
    assert all(one[2] is not None for one in found)
    every = play.scalar("select count(*) from dwellings where exclusion is not null")
    assert play.scalar("select count(*) from dwelling_exclusions where until_on is null") == every


async def test_the_list_keeps_its_filters_page_after_page(play: Play) -> None:
    wanted = DwellingFilter(exclusion="plan_vente", typology="t3")
    first = await play.reads(
        "alice", lambda tx: vacancies.list_dwellings(tx, PageRequest(first=5), wanted)
    )
    assert len(first.items) == 5
    assert {(one.exclusion, one.typology) for one in first.items} == {("plan_vente", "t3")}
