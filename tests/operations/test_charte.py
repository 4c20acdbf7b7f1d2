"""The charte revised by the préfecture, and what is withdrawn from the flux (art. 2.3 and 7)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from server.db.charte import list_versions, read_bilan_rules
from server.domain.charte import Category, Parameters, Version, of_year
from server.domain.dwellings import Level
from server.errors import Conflict, Forbidden, Invalid, PortalError
from server.operations import bilans, charte, flux, soustractions, vacancies
from tests.operations.play import DOUSSARD, Act, Play

NOT_THE_PREFECTURE: dict[str, type[PortalError]] = dict.fromkeys(
    ("alice", "bruno", "chloe", "denis", "karine", "farid", "hsh machine"), Forbidden
)
NOT_A_BAILLEUR: dict[str, type[PortalError]] = dict.fromkeys(
    ("chloe", "karine", "estelle", "farid", "doussard machine"), Forbidden
)


def revision(**changed: Any) -> Version:
    values: dict[str, Any] = {
        "code": "2027",
        "from_on": date(2027, 1, 1),
        "decision": "Comité technique du 3 novembre 2026",
        "parameters": Parameters(mutation_rate_bp=800, keeps_npnru=False),
    }
    return Version(**{**values, **changed})


def revising(version: Version) -> Act[date]:
    return lambda tx: charte.revise(tx, version)


def keeping(vacancy_id: UUID, nature: str = "mutation") -> Act[None]:
    return lambda tx: vacancies.keep(tx, vacancy_id, nature=nature, reason="")


async def kept(play: Play, number: int, nature: str = "mutation") -> UUID:
    vacancy_id = await play.vacancy(play.home(number=number))
    await play.does("alice", keeping(vacancy_id, nature))
    return vacancy_id


# --- Versions --------------------------------------------------------------------------------


async def test_everybody_reads_the_charte(play: Play) -> None:
    for who in ("alice", "bruno", "chloe", "denis", "karine", "estelle", "farid", "hsh machine"):
        (first,) = await play.reads(who, charte.list_versions)
        assert first.parameters == Parameters()


async def test_the_prefecture_records_what_the_comite_technique_decided(play: Play) -> None:
    _, effects = await play.performs("estelle", revising(revision()))
    assert effects.acts == ["charte.revised"]
    versions = await play.reads("chloe", charte.list_versions)
    assert [one.code for one in versions] == ["2023", "2027"]
    assert of_year(versions, 2026).parameters.mutation_rate_bp == 1_000
    assert of_year(versions, 2027).parameters.withdrawn == (Category.MUTATION, Category.NPNRU)
    facts = play.scalar("select facts from journal where act = 'charte.revised'")
    assert facts["changes"] == {"mutation_rate_bp": [1000, 800], "keeps_npnru": [True, False]}


async def test_nobody_else_revises_it(play: Play) -> None:
    await play.is_refused_to(NOT_THE_PREFECTURE, revising(revision()))


async def test_a_revision_does_not_change_the_past(play: Play) -> None:
    late = revision(from_on=play.now.date())
    await play.is_refused("estelle", revising(late), Invalid, "from_past")


async def test_two_versions_never_begin_the_same_day(play: Play) -> None:
    await play.does("estelle", revising(revision()))
    again = revision(code="2027 bis", parameters=Parameters(answer_days=3))
    await play.is_refused("estelle", revising(again), Conflict, "day_taken")


async def test_what_a_revision_reaches_is_said_to_each_for_its_own(play: Play) -> None:
    """Art. 8: no running convention changes by itself."""
    before = play.rows("select id, mutation_rate_bp from conventions order by id")
    await play.does("estelle", revising(revision()))
    assert play.rows("select id, mutation_rate_bp from conventions order by id") == before
    version = revision()
    every = await play.reads("estelle", lambda tx: charte.reached_by(tx, version))
    own = await play.reads("alice", lambda tx: charte.reached_by(tx, version))
    assert 0 < len(own) < len(every)
    assert {one.row.bailleur_name for one in own} == {"Haute-Savoie Habitat"}
    assert all(one.differences[0].name == "mutation_rate_bp" for one in own)
    first, _ = await play.reads("alice", list_versions)
    assert await play.reads("alice", lambda tx: charte.reached_by(tx, first)) == ()


# --- Withdrawn vacancies ---------------------------------------------------------------------


async def test_mutations_are_counted_as_they_come(play: Play) -> None:
    """Art. 2.3: amber above the ceiling to date, and nothing is ever blocked."""
    await kept(play, 0)
    found = await play.reads("alice", lambda tx: soustractions.standing(tx, 2026))
    assert (found.share.count, found.share.level) == (1, Level.AMBER)
    assert found.counts[Category.MUTATION] == 1
    await kept(play, 1)
    found = await play.reads("alice", lambda tx: soustractions.standing(tx, 2026))
    assert found.share.count == 2
    ((epci, share),) = [one for one in found.by_epci if one[1].count]
    assert "Sources" in epci
    assert share.count == 2
    rows = await play.reads("bruno", lambda tx: soustractions.list_withdrawn(tx, 2026))
    assert [(one.category, one.insee) for one in rows] == [("mutation", DOUSSARD)] * 2
    assert await play.reads("alice", lambda tx: soustractions.list_withdrawn(tx, 2025)) == []


async def test_the_ceiling_is_the_one_of_the_charte_that_year(play: Play) -> None:
    play.run("update charte_versions set mutation_rate_bp = 10000")
    await kept(play, 0)
    share = await play.reads("alice", lambda tx: flux.own_mutation_share(tx, 2026))
    assert (share.ceiling_bp, share.level) == (10_000, Level.GREEN)
    content = (await play.reads("alice", lambda tx: bilans.preview(tx, 2026))).content
    assert content["mutations"]["ceiling_bp"] == 10_000


@pytest.mark.parametrize("nature", ["npnru", "orcod", "insalubrite", "vente"])
async def test_what_the_charte_keeps_stays_in_the_flux(play: Play, nature: str) -> None:
    """Domain §4: each is withdrawn only when the charte in force says so, outside of the 10 %."""
    vacancy_id = await play.vacancy()
    await play.is_refused("alice", keeping(vacancy_id, nature), Invalid, "nature_invalid")
    play.run(
        "update charte_versions set keeps_npnru = false, keeps_orcod = false,"
        " keeps_insalubrite = false, keeps_vente = false"
    )
    _, effects = await play.performs("alice", keeping(vacancy_id, nature))
    assert effects.acts == [f"vacancy.kept_{nature}"]
    found = await play.reads("alice", lambda tx: soustractions.standing(tx, 2026))
    assert (found.counts[nature], found.share.count, found.share.total) == (1, 0, 1)
    content = (await play.reads("alice", lambda tx: bilans.preview(tx, 2026))).content
    assert [one["nature"] for one in content["out_of_flux"]] == [nature]
    assert content["mutations"]["count"] == 0


async def test_a_bailleur_reads_its_own_and_nobody_else_does(play: Play) -> None:
    await kept(play, 0)
    for who, error in NOT_A_BAILLEUR.items():
        await play.is_refused(who, lambda tx: soustractions.standing(tx, 2026), error)
    found = await play.reads("denis", lambda tx: soustractions.standing(tx, 2026))
    assert (found.share.total, found.counts[Category.MUTATION]) == (0, 0)


# --- Expected a year ahead -------------------------------------------------------------------


async def test_the_forecast_goes_with_the_bilan(play: Play) -> None:
    """Art. 7: before 28 February, by category of operation, with the bilan of the year before."""
    numbers = {"mutation": 12, "npnru": 3}
    _, effects = await play.performs(
        "alice", lambda tx: soustractions.save_forecast(tx, 2026, numbers)
    )
    assert effects.acts == ["soustraction.forecast"]
    content = (await play.reads("alice", lambda tx: bilans.preview(tx, 2025))).content
    assert content["forecast"]["year"] == 2026
    assert content["forecast"]["numbers"]["mutation"] == 12
    again = {"mutation": 10}
    await play.does("alice", lambda tx: soustractions.save_forecast(tx, 2026, again))
    found = await play.reads("alice", lambda tx: soustractions.forecast_of(tx, 2026))
    assert found == {"mutation": 10, "npnru": 0, "orcod": 0, "insalubrite": 0, "vente": 0}
    assert await play.reads("denis", lambda tx: soustractions.forecast_of(tx, 2026)) == {}


@pytest.mark.parametrize(
    ("year", "numbers", "code"),
    [
        (2025, {"mutation": 1}, "year_invalid"),
        (2028, {"mutation": 1}, "year_invalid"),
        (2026, {"mutation": -1}, "number_invalid"),
        (2026, {"vente": 10_001}, "number_invalid"),
    ],
)
async def test_a_forecast_that_cannot_be(
    play: Play, year: int, numbers: dict[str, int], code: str
) -> None:
    act: Act[None] = lambda tx: soustractions.save_forecast(tx, year, numbers)  # noqa: E731 - one act
    await play.is_refused("alice", act, Invalid, code)
    for who in ("bruno", "chloe", "estelle", "farid"):
        await play.is_refused(who, act, Forbidden)


async def test_the_bilan_reads_the_version_that_the_law_reads(play: Play) -> None:
    """The statement of the bilan and `of_year` agree, before the first version too."""
    await play.does("estelle", revising(revision()))
    versions = await play.reads("alice", charte.list_versions)
    for year in (2021, 2023, 2026, 2027, 2030):
        ceiling_bp, _ = await play.reads("alice", lambda tx, year=year: read_bilan_rules(tx, year))  # type: ignore[misc] # its own year
        assert ceiling_bp == of_year(versions, year).parameters.mutation_rate_bp
