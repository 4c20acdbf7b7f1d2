from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import LiteralString

import httpx2
import psycopg
import pytest
from psycopg import sql
from python_calamine import CalamineWorkbook
from sqlalchemy import event

from server.db.department import CommuneFigures
from server.operations import department, orientations, vacancies
from server.operations.orientations import SendOrientation
from server.operations.vacancies import RegisterVacancy
from server.pages.department import drawing
from server.pages.department.indicators import INDICATORS, refusal_bp
from server.tenants.actors import Actor
from tests.pages.browsers import THURSDAY, Site, site
from tests.worlds import Stage

HSH, DOUSSARD, FAVERGES = "haute-savoie-habitat", "74104", "74123"
SOURCES_DU_LAC, PAYS_D_EVIAN = "247400773", "200071967"


@dataclass(frozen=True, kw_only=True)
class Department:
    """A site where three offers arrived: one refused, one silent for long, one waiting."""

    stage: Stage
    site: Site


@pytest.fixture
async def opened(world: Stage) -> AsyncIterator[Department]:
    alice = world.world.actor("alice")
    for index, day in enumerate((-10, -10, 0)):
        sent = await _offer(world, alice, index, day)
        _change(world, sent, "delivery = 'delivered', delivered_at = sent_at")
        if index == 0:
            _change(world, sent, "state = 'refused', answered_at = sent_at")
    async with site(world) as started:
        yield Department(stage=world, site=started)


async def _offer(stage: Stage, alice: Actor, index: int, day: int) -> str:
    at = THURSDAY + timedelta(days=day)
    dwelling = stage.world.dwellings[HSH, FAVERGES][index]
    async with stage.app.write_transaction(alice, now=at) as tx:
        vacancy_id = await vacancies.register(
            tx, RegisterVacancy(dwelling_id=dwelling, free_on=date(2026, 6, 1))
        )
    async with stage.app.write_transaction(alice, now=at) as tx:
        sent = await orientations.send(
            tx,
            SendOrientation(
                vacancy_id=vacancy_id,
                reservataire_id=stage.world.tenants["faverges-seythenex"],
                departure_motif="Un ménage y attend ce logement.",
            ),
        )
    return str(sent)


def _change(stage: Stage, orientation_id: str, change: LiteralString) -> None:
    """What an act leaves in the row; its own tests are elsewhere."""
    with psycopg.connect(stage.database.super_dsn, autocommit=True) as connection:
        statement = sql.SQL("update orientations set {} where id = %s").format(sql.SQL(change))
        connection.execute(statement, [orientation_id])


async def get(opened: Department, address: str, person: str = "estelle") -> httpx2.Response:
    async with opened.site.browser(person) as browser:
        return await browser.get(address)


# --- Who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/departement", "/departement.xlsx", "/departement.csv"])
@pytest.mark.parametrize("person", ["alice", "bruno", "chloe", "denis", "farid", "pascal"])
async def test_the_department_is_for_the_prefecture(
    opened: Department, person: str, address: str
) -> None:
    answer = await get(opened, address, person)
    assert answer.status_code == 403
    assert "Faverges" not in answer.text


async def test_the_navigation_leads_there(opened: Department) -> None:
    assert 'href="/departement" aria-current="page"' in (await get(opened, "/departement")).text
    assert 'href="/departement"' not in (await get(opened, "/flux", "alice")).text


# --- Figures ------------------------------------------------------------------------------------


async def test_each_commune_has_its_figures(opened: Department) -> None:
    stage = opened.stage
    async with stage.app.read_transaction(stage.world.actor("estelle")) as tx:
        found = await department.overview(tx)
    rows = {row.insee: row for row in found.communes}
    assert len(rows) == 279
    faverges, doussard = rows[FAVERGES], rows[DOUSSARD]
    assert faverges.epci_siren == SOURCES_DU_LAC
    assert (faverges.vacancies, faverges.oriented, faverges.waiting) == (3, 3, 1)
    assert (faverges.answered, faverges.refused) == (2, 1)  # silence for ten days is an answer
    assert doussard.dwellings > 0
    assert (doussard.vacancies, doussard.oriented) == (0, 0)


async def test_a_bailleur_may_be_chosen(opened: Department) -> None:
    stage = opened.stage
    async with stage.app.read_transaction(stage.world.actor("estelle")) as tx:
        leman = await department.overview(tx, bailleur_id=stage.world.tenants["leman-habitat"])
        whole = await department.overview(tx, bailleur_id=stage.world.tenants["doussard"])
    assert sum(row.vacancies for row in leman.communes) == 0
    assert sum(row.vacancies for row in whole.communes) == 3  # no bailleur: the choice is ignored


async def test_the_page_takes_few_statements(opened: Department) -> None:
    statements: list[str] = []
    engine = opened.site.app.state.database.engine.sync_engine

    def remember(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    async with opened.site.browser("estelle") as browser:
        await browser.get("/departement")
        event.listen(engine, "before_cursor_execute", remember)
        await browser.get("/departement?indicateur=refus&tri=-refus")
    # two contexts, the session and its seats, the bell, the bailleurs, the communes
    assert len(statements) == 7


@pytest.mark.parametrize(
    ("answered", "refused", "rate"), [(0, 0, None), (3, 1, 3333), (3, 2, 6667), (2, 1, 5000)]
)
def test_the_rate_of_refusals_is_rounded_half_up(
    answered: int, refused: int, rate: int | None
) -> None:
    assert refusal_bp(answered, refused) == rate


# --- Page ---------------------------------------------------------------------------------------


async def test_the_map_says_in_words_what_it_shows(opened: Department) -> None:
    text = (await get(opened, "/departement?indicateur=liberations")).text
    assert (
        'aria-label="Carte des communes, libérations de l&#39;année : 1 commune sur 279 ; la plus'
        ' forte valeur est à Faverges-Seythenex, 3 libérations."' in text
    )
    assert "<title>Faverges-Seythenex\u00a0: 3 libérations</title>" in text
    assert "<title>Doussard\u00a0: 0 libération</title>" in text
    assert "<title>Annecy" not in text


async def test_totals_and_rows_are_those_of_the_filter(opened: Department) -> None:
    inside = (await get(opened, f"/departement?epci={SOURCES_DU_LAC}&indicateur=refus")).text
    assert "50,00\u00a0%" in inside
    assert f'href="/orientations?commune={FAVERGES}"' in inside
    assert 'href="/orientations?commune=74218"' not in inside
    outside = (await get(opened, f"/departement?epci={PAYS_D_EVIAN}")).text
    assert 'href="/orientations?commune=74218"' in outside
    assert f"commune={FAVERGES}" not in outside


async def test_columns_sort_both_ways(opened: Department) -> None:
    def order(text: str) -> list[str]:
        return re.findall(r'href="/orientations\?commune=(\d+)"', text)

    first = order((await get(opened, "/departement?tri=-liberations")).text)
    assert first[0] == FAVERGES
    names = order((await get(opened, "/departement?tri=commune")).text)
    assert names == order((await get(opened, "/departement?tri=-commune")).text)[::-1]
    assert names.index(DOUSSARD) < names.index(FAVERGES)


@pytest.mark.parametrize(
    "query",
    ["indicateur=x&tri=y&page=z&epci=1&bailleur=1", "page=9999", "page=0", "page=99999999999", ""],
)
async def test_what_is_asked_wrongly_is_left_out(opened: Department, query: str) -> None:
    answer = await get(opened, f"/departement?{query}")
    assert answer.status_code == 200
    assert FAVERGES in answer.text


async def test_a_fragment_is_the_block_of_the_page(opened: Department) -> None:
    async with opened.site.browser("estelle") as browser:
        whole = await browser.get("/departement?indicateur=dalo")
        part = await browser.get("/departement?indicateur=dalo", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert part.text.strip() in whole.text


async def test_the_files_hold_what_is_filtered(opened: Department) -> None:
    address = f"epci={SOURCES_DU_LAC}&tri=-liberations"
    page = (await get(opened, f"/departement?{address}")).text
    assert f"/departement.xlsx?{address}".replace("&", "&amp;") in page
    answer = await get(opened, f"/departement.xlsx?{address}")
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="departement-2026-prefecture-de-la-haute-savoie-2026-04-30.xlsx"'
    )
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    header, first, *rest = book.get_sheet_by_name("Liste").to_python()
    assert header[:4] == ["Code INSEE", "Commune", "EPCI", "Logements dans l'assiette"]
    assert first[:2] == [FAVERGES, "Faverges-Seythenex"]
    assert first[4:8] == [3.0, 3.0, 1.0, 0.5]
    assert DOUSSARD in {row[0] for row in rest}
    about = {
        str(name): str(value) for name, value in book.get_sheet_by_name("À propos").to_python()
    }
    assert about["EPCI"].startswith("CC des Sources du Lac")
    text = (await get(opened, f"/departement.csv?{address}")).content.decode("utf-8-sig")
    assert ";3;3;1;50%;0\r\n" in text


# --- Drawing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "tops"),
    [
        ([], []),
        ([4], [4]),
        ([1, 1, 1, 1, 1, 9], [1, 9]),
        (range(1, 11), [2, 4, 6, 8, 10]),
    ],
)
def test_classes_are_of_equal_size_and_five_at_most(values: list[int], tops: list[int]) -> None:
    assert drawing.ceilings(values) == tops


def test_the_legend_covers_each_value_once() -> None:
    values = [1, 1, 2, 3, 5, 8, 13, 21]
    rows = [_commune(f"7400{index}", value) for index, value in enumerate(values, 1)]
    view = drawing.map_view(rows, INDICATORS["liberations"])
    texts = [line["text"] for line in view["legend"]]
    assert texts == ["0 ou sans donnée", "1", "2 à 3", "5", "8 à 13", "21"]
    assert [shape["shade"] for shape in view["shapes"]] == [1, 1, 2, 2, 3, 4, 4, 5]


def _commune(insee: str, number: int) -> CommuneFigures:
    return CommuneFigures(
        insee=insee,
        name=insee,
        sort_name=insee,
        epci_siren=None,
        epci_name=None,
        dwellings=1,
        vacancies=number,
        oriented=0,
        waiting=0,
        answered=0,
        refused=0,
        dalo=0,
    )
