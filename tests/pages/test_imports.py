"""The pages of an import: sent, read, mended, confirmed, in the browser (interface.md §6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from io import BytesIO
from uuid import UUID

import httpx2
import pytest
from python_calamine import CalamineWorkbook

from server.operations import imports
from server.tenants.transactions import Database as App
from tests.operations import files
from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.worlds import Stage

PATH = "/patrimoine/imports"


@pytest.fixture
async def worker(world: Stage) -> AsyncIterator[App]:
    opened = App(world.database.worker_dsn, pool_size=2)
    yield opened
    await opened.close()


async def send(client: httpx2.AsyncClient, content: bytes, name: str = "rpls.csv") -> UUID:
    answer = await client.post(PATH, files={"fichier": (name, content)})
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].removeprefix(f"{PATH}/"))


async def test_from_the_declaration_to_the_stock(site: Site, play: Play, worker: App) -> None:
    """Alice sends the declaration, reads the report, confirms; the page says that it is done."""
    async with site.browser("alice") as client:
        import_id = await send(client, files.rpls({}, {24: "4"}, {63: "7"}))
        page = f"{PATH}/{import_id}"
        assert "lecture en cours" in (await client.get(page)).text.lower()
        await imports.analyse(worker, import_id)
        report = (await client.get(page)).text
        assert "Ce que le fichier changerait" in report
        assert "Déclaration RPLS" in report
        assert "Collectivités territoriales" in report  # field 63, a proposal
        answer = await client.post(f"{page}/confirmer", data={"absents": "gardes"})
        assert answer.status_code == 303
        await imports.apply(worker, import_id)
        assert "Le patrimoine est à jour" in (await client.get(page)).text
        found = (await client.get("/logements?q=R-0002")).text
        assert "R-0002" in found
    assert play.scalar("select count(*) from dwellings where reference like 'R-000%%'") == 3


async def test_what_runs_and_what_has_ended_are_told_in_the_same_panel(
    site: Site, worker: App
) -> None:
    """An open page swaps its panel for the one of the answer: without one it would never end."""
    panel = re.compile(r'id="import-direct"[^>]*>\s*<p class="news".*?</p>\s*<div class="live-body')
    async with site.browser("alice") as client:
        import_id = await send(client, files.rpls({}))
        page = f"{PATH}/{import_id}"
        assert panel.search((await client.get(page)).text)
        await imports.analyse(worker, import_id)
        assert panel.search((await client.get(page)).text)
        refused = await client.post(
            f"{page}/confirmer", data={"absents": "sortis", "sortis_le": "demain"}
        )
        assert refused.status_code == 422
        assert "import-direct" not in refused.text  # nothing else may take away what was typed
        await client.post(f"{page}/confirmer", data={"absents": "gardes"})
        assert "logements écrits\N{NO-BREAK SPACE}: 0 sur 1" in (await client.get(page)).text
        await imports.apply(worker, import_id)
        done = (await client.get(page)).text
        assert "Le patrimoine est à jour" in done
        assert panel.search(done)


async def test_a_file_given_back_says_line_and_column(site: Site, worker: App) -> None:
    """« ligne 12, colonne Typologie », on the page and beside the line in the workbook."""
    async with site.browser("alice") as client:
        content = files.table(files.LINE.format(number=1).replace("T3", "trois"))
        page = f"{PATH}/{await send(client, content)}"
        await imports.analyse(worker, UUID(page.rsplit("/", 1)[1]))
        text = (await client.get(page)).text
        assert "Ce fichier ne peut pas encore être enregistré" in text
        assert "«\u00a0trois\u00a0» n&#39;est pas une typologie" in text
        assert "Enregistrer dans le patrimoine" not in text
        given = await client.get(f"{page}/annote.xlsx")
        rows = CalamineWorkbook.from_filelike(BytesIO(given.content)).get_sheet_by_index(0)
        head, line = rows.to_python()
        assert head[:3] == ["Ligne", "Ce qu'il faut corriger ou confirmer", "Référence"]
        assert line[0] == 2
        assert str(line[1]).startswith("À corriger, colonne « Typologie » : « trois »")


async def test_columns_are_mapped_once_and_remembered(site: Site, worker: App) -> None:
    """Headers of a house of its own: asked the first time, known the second."""
    header = "Mon numéro;Où;Adresse postale;Taille;Mètres;Prêt;Bâti en"
    content = files.table(files.LINE.format(number=1), header=header)
    async with site.browser("alice") as client:
        import_id = await send(client, content)
        page = f"{PATH}/{import_id}"
        await imports.analyse(worker, import_id)
        text = (await client.get(page)).text
        assert "Il manque des colonnes" in text
        refused = await client.post(f"{page}/colonnes", data={"colonne.reference": "0"})
        assert refused.status_code == 422
        assert "Indiquez la colonne «\u00a0Typologie\u00a0»" in refused.text
        codes = ("reference", "insee", "address", "typology", "surface_m2", "financing")
        chosen = {f"colonne.{code}": str(index) for index, code in enumerate(codes)}
        chosen["colonne.built_year"] = "6"
        assert (await client.post(f"{page}/colonnes", data=chosen)).status_code == 303
        await imports.analyse(worker, import_id)
        assert "Ce que le fichier changerait" in (await client.get(page)).text
        again = await send(client, content)
        await imports.analyse(worker, again)
        assert "Ce que le fichier changerait" in (await client.get(f"{PATH}/{again}")).text


async def test_a_reader_reads_and_is_offered_no_act(site: Site, play: Play, worker: App) -> None:
    import_id = await files.sent(play, worker, files.homes(1))
    async with site.browser("bruno") as client:
        assert "Envoyer et faire lire" not in (await client.get(PATH)).text
        text = (await client.get(f"{PATH}/{import_id}")).text
        assert "Ce que le fichier changerait" in text
        assert not re.search(r'action="[^"]*(?:confirmer|relire|colonnes)"', text)


async def test_what_was_ticked_is_kept_when_something_lacks(
    site: Site, play: Play, worker: App
) -> None:
    import_id = await files.sent(play, worker, files.homes(1))
    async with site.browser("alice") as client:
        data = {"absents": "sortis", "sortis_le": ""}
        answer = await client.post(f"{PATH}/{import_id}/confirmer", data=data)
        assert answer.status_code == 422
        assert "Indiquez depuis quel jour" in answer.text
        assert re.search(r'value="sortis" checked', answer.text)


async def test_the_template_is_read_by_the_portal_itself(
    site: Site, play: Play, worker: App
) -> None:
    async with site.browser("alice") as client:
        template = (await client.get(f"{PATH}/modele.xlsx")).content
        import_id = await send(client, template, "modele.xlsx")
        await imports.analyse(worker, import_id)
    assert files.state(play, import_id) == "ready"
    assert files.report(play, import_id)["counts"]["created"] == 1


async def test_a_body_above_the_cap_is_refused_before_it_is_read(site: Site) -> None:
    async with site.browser("alice") as client:
        big = {"fichier": ("gros.csv", b"a" * (25 * 1024 * 1024))}
        assert (await client.post(PATH, files=big)).status_code == 413
        other = await client.post("/liberations/nouvelle", files={"f": ("x", b"a" * 300_000)})
        assert other.status_code == 413
