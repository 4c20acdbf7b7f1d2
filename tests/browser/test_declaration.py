"""From the file of January to the annexe 1 that a commune reads, in the browser (art. 4)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pypdf
import pytest
from playwright.sync_api import Browser, Locator, expect
from python_calamine import CalamineWorkbook

from server.operations import imports
from server.tenants.transactions import Database as App
from tests.browser.window import Window, open_window
from tests.operations.files import rpls
from tests.sites import Demonstration, Site, run_apart

pytestmark = pytest.mark.browser

MOST_STEPS = 9
HOMES = (
    "select d.reference, d.rpls_id, d.insee, d.address, d.typology, d.surface_m2::text,"
    " d.built_year::text, d.is_qpv, d.financing from dwellings d"
    " join communes c on c.insee = d.insee join tenants t on t.id = d.bailleur_id"
    " where t.slug = 'haute-savoie-habitat' and c.epci_siren = '247400773' and d.left_on is null"
    " and d.kind = 'social' and d.delivered_on is null order by d.reference"
)
CODES = {"plai": "10", "plus": "13", "pls": "14", "other": "99"}


@pytest.fixture
def stage(demonstration: Demonstration) -> Iterator[Site]:
    """A portal of the test's own: it acts."""
    with demonstration.open() as opened:
        yield opened


def declaration(stage: Site) -> bytes:
    """The homes of the Sources du Lac as their bailleur declares them, and one that it had not."""
    with psycopg.connect(stage.database.super_dsn) as connection:
        known = connection.execute(HOMES).fetchall()
    homes = [
        {
            1: rpls_id, 2: reference, 4: insee, 7: "", 9: "", 10: address, 22: "1" if qpv else "2",
            24: typology.removeprefix("t"), 25: surface.replace(".", ","), 26: built,
            27: built, 32: CODES[money],
        }
        for reference, rpls_id, insee, address, typology, surface, built, qpv, money in known
    ]  # fmt: skip
    forgotten = {2: "HSH-OUBLIE-1", 4: "74104", 10: "DE LA MAQUETTE", 26: "1998", 32: "13"}
    return rpls(*homes, forgotten)


@dataclass
class Walk:
    """What a person does: each page asked for or form sent is a step."""

    window: Window
    steps: int = 0

    def opens(self, address: str) -> None:
        self.steps += 1
        self.window.go(address)

    def uses(self, named: str) -> None:
        self.steps += 1
        page = self.window.page
        with page.expect_event("load"):
            _named(page.locator("main"), named).click()


def _named(where: Locator, words: str) -> Locator:
    return where.locator("a, button").filter(has_text=words).first


def working(stage: Site, job: str, import_id: UUID) -> None:
    """The worker's part, by the operation that its job calls."""

    async def work() -> None:
        database = App(stage.database.worker_dsn, pool_size=2)
        await getattr(imports, job)(database, import_id)
        await database.close()

    run_apart(work)


def test_from_the_declaration_to_the_annexe_that_a_commune_reads(
    stage: Site, browser: Browser
) -> None:
    alice = Walk(open_window(browser, stage, "alice"))
    page = alice.window.page
    alice.opens("/patrimoine/imports")
    page.set_input_files(
        "#champ-fichier",
        {"name": "rpls-2026.csv", "mimeType": "text/csv", "buffer": declaration(stage)},
    )
    alice.uses("Envoyer et faire lire")
    import_id = UUID(page.url.rsplit("/", 1)[1].split("?")[0])
    working(stage, "analyse", import_id)
    expect(page.locator("main")).to_contain_text("Ce que le fichier changerait")
    alice.uses("Enregistrer dans le patrimoine")
    working(stage, "apply", import_id)
    expect(page.locator("main")).to_contain_text("Le patrimoine est à jour")

    alice.opens("/annexes/preparer")
    page.select_option("#champ-epci", "247400773")
    page.select_option("#champ-annee", "2026")
    page.fill("#champ-motif", "Un logement oublié dans la déclaration.")
    alice.uses("Ouvrir le brouillon")
    assert re.search(r"\b55\b", page.inner_text("#tableau-1"))
    alice.uses("Vérifier et publier")
    alice.uses("Publier et transmettre l'annexe 1")
    assert alice.steps <= MOST_STEPS
    address = page.url.removeprefix(stage.url).split("?")[0]

    chloe = open_window(browser, stage, "chloe")
    chloe.go("/annexes")
    with chloe.page.expect_event("load"):
        chloe.page.locator(f'main a[href="{address}"]').first.click()
    read(chloe, "29,09 %", "16")
    for window in (alice.window, chloe):
        window.page.context.close()


def read(window: Window, rate: str, droits: str) -> None:
    """The commune's line, its explanation, and the same figures in both files."""
    line = window.page.locator("#tableau-2 tr", has_text="Commune de Doussard").first.inner_text()
    assert rate in line.replace("\u202f", " ").replace("\xa0", " ")
    assert re.search(rf"\b{droits}\b", line)
    pdf = pypdf.PdfReader(io.BytesIO(downloaded(window, "PDF")))
    printed = " ".join(one.extract_text() for one in pdf.pages).replace("\xa0", " ")
    assert rate.replace("\u202f", " ") in printed.replace("\u202f", " ")
    book = CalamineWorkbook.from_filelike(io.BytesIO(downloaded(window, "XLSX")))
    cells = [cell for name in book.sheet_names
             for row in book.get_sheet_by_name(name).to_python() for cell in row]  # fmt: skip
    assert 0.2909 in [round(one, 4) for one in cells if isinstance(one, float)]


def downloaded(window: Window, kind: str) -> bytes:
    with window.page.expect_download() as given:
        _named(window.page.locator("main"), kind).click()
    return given.value.path().read_bytes()
