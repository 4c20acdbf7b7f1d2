"""A simulation from its question to the draft of annexe 1, in the pages; who reads it meanwhile."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx2
import pytest
from python_calamine import CalamineWorkbook

from server.operations import scenarios
from server.operations.scenarios import drawing
from server.tenants.transactions import Database as App
from tests.operations.play import SOURCES_DU_LAC, Play
from tests.pages.browsers import Site
from tests.pages.reading import refused, words

QUESTION = {"nom": "Quatre droits de plus", "annee": "2027", "epci": SOURCES_DU_LAC}


async def posted(client: httpx2.AsyncClient, address: str, **fields: str) -> str:
    answer = await client.post(address, data=fields)
    assert answer.status_code == 303, words(answer)
    return str(answer.headers["location"])


async def made(client: httpx2.AsyncClient, **fields: str) -> str:
    return await posted(client, "/simulations/nouvelle", **{**QUESTION, **fields})


async def revision(client: httpx2.AsyncClient, address: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', (await client.get(address)).text)
    assert found
    return found[1]


def rights(play: Play, droits: str = "20") -> dict[str, str]:
    line = f"{SOURCES_DU_LAC}/{play.tenant('doussard')}:none"
    return {"sorte": "droits", "ligne": line, "valeur": droits, "jour": "2027-01-01"}


async def changed(client: httpx2.AsyncClient, address: str, fields: dict[str, str]) -> None:
    seen = await revision(client, f"{address}/changements")
    await posted(client, f"{address}/changements", revision=seen, **fields)


async def drawn(play: Play, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the worker does behind the page, in fewer years."""
    monkeypatch.setattr(drawing, "BLOCK", 500)
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    await scenarios.draw(worker, UUID(address.rpartition("/")[2]))
    await worker.close()


async def test_a_question_is_asked_shown_compared_and_taken_up(
    site: Site, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole walk, without JavaScript: each page says what the next one needs."""
    async with site.browser("alice") as client:
        empty = words(await client.get("/simulations"))
        assert "Aucune simulation" in empty
        plain = await made(client, nom="Annexe telle quelle")
        address = await made(client)
        assert "Aucun changement pour l'instant" in words(await client.get(address))

        form = f"{address}/changements"
        assert "son effet paraîtra ici" in words(await client.get(form))
        effect = words(await client.get(form, params=rights(play)))
        assert "Commune de Doussard : 20 droits (16 dans l'annexe), toute l'année." in effect
        await changed(client, address, rights(play))
        page = words(await client.get(address))
        assert "16 → 20" in page
        assert "29,63 % → 37,04 %" in page
        assert "Un changement" not in page
        assert "Dans le détail : Commune de Doussard" in page

        await posted(client, f"{address}/tirer")
        assert "0 années tirées sur 1 000" in words(await client.get(address))
        await posted(client, f"{plain}/tirer")
        await drawn(play, address, monkeypatch)
        await drawn(play, plain, monkeypatch)
        page = words(await client.get(f"{address}?ligne=1"))
        assert "1 000 années tirées sur 1 000 (100 %)" in page
        assert "logements en moyenne sur 1 000 années tirées" in page

        await _compare(client, plain, address)
        await _take_up(client, address)
    await _share(site, play, address)


async def _compare(client: httpx2.AsyncClient, plain: str, address: str) -> None:
    both = {"a": plain.rpartition("/")[2], "b": address.rpartition("/")[2]}
    page = words(await client.get("/simulations/comparer", params=both))
    assert "1 000 années tirées des deux côtés" in page
    assert re.search(r"Commune de Doussard \+0,\d", page)
    rows = cells_of((await client.get("/simulations/comparer.xlsx", params=both)).content)
    row = next(one for one in rows if one[0] == "Commune de Doussard")
    assert row[7] == pytest.approx(row[4] - row[1])
    assert row[8] > 0
    alone = await client.get("/simulations/comparer", params={**both, "b": both["a"]})
    assert alone.status_code == 422
    assert "Choisissez deux simulations différentes" in alone.text


async def _take_up(client: httpx2.AsyncClient, address: str) -> None:
    check = f"{address}/annexe?epci={SOURCES_DU_LAC}"
    assert "Aucun brouillon n'est ouvert" in words(await client.get(check))
    await posted(client, "/annexes/preparer", epci=SOURCES_DU_LAC, annee="2027", motif="")
    page = words(await client.get(check))
    assert "Commune de Doussard 16 droits 20 droits" in page
    seen = await revision(client, check)
    draft = await posted(client, f"{address}/annexe", epci=SOURCES_DU_LAC, revision=seen)
    assert "37,04 %" in words(await client.get(draft))
    again = await client.post(f"{address}/annexe", data={"epci": SOURCES_DU_LAC, "revision": seen})
    assert again.status_code == 409


async def _share(site: Site, play: Play, address: str) -> None:
    """Chloé reads her line and the tables; then nothing; Karine never does."""
    async with site.browser("chloe") as chloe, site.browser("alice") as alice:
        home = await chloe.get("/")
        assert "/simulations" not in home.text
        assert (await chloe.get(address)).status_code == 404
        await posted(
            alice, f"{address}/partager", lecteur=f"reservataire:{play.tenant('doussard')}"
        )
        assert 'href="/simulations"' in (await chloe.get("/")).text
        assert "Quatre droits de plus" in words(await chloe.get("/simulations"))
        page = words(await chloe.get(address))
        assert "16 → 20" in page
        assert "Commune de Doussard" in page
        assert "part du bailleur)" not in page
        assert "Mille années tirées" not in page
        rows = cells_of((await chloe.get(f"{address}/chiffres.xlsx")).content)
        assert {row[0] for row in rows if row[1:2] == ["Typologie"]} == {"Commune de Doussard"}
        async with site.browser("karine") as karine:
            assert (await karine.get(address)).status_code == 404
        share = re.search(
            rf"{address}/partages/([0-9a-f-]+)/retirer", (await alice.get(address)).text
        )
        assert share
        await posted(alice, share[0])
        assert (await chloe.get(address)).status_code == 404
        assert 'href="/simulations"' not in (await chloe.get("/")).text


def cells_of(book: bytes) -> list[list[Any]]:
    opened = CalamineWorkbook.from_filelike(BytesIO(book))
    return opened.get_sheet_by_name("Liste").to_python()


async def test_the_effect_is_a_fragment_for_htmx(site: Site, play: Play) -> None:
    """The same words as the page, without its head; a fault at its field, nothing kept."""
    async with site.browser("alice") as client:
        address = await made(client)
        before = play.dump()
        htmx = {"hx-request": "true"}
        part = await client.get(f"{address}/changements", params=rights(play), headers=htmx)
        assert part.text.lstrip().startswith('<div id="changement"')
        wrong = await client.get(f"{address}/changements", params=rights(play, "54"), headers=htmx)
        assert "plus de 100" in wrong.text
    assert play.dump() == before


WRONG = {
    "droits": ({"valeur": "beaucoup"}, "Donnez un nombre"),
    "rate": ({"valeur": "31,234"}, "Indiquez un taux"),
    "exclusion": ({"commune": "74104", "nombre": "900", "code": "demolition"}, "Il ne reste que"),
    "programme": ({"commune": "74104", "nombre": "3", "typologie": "t9"}, "la typologie"),
    "mutation_share": ({"valeur": "120"}, "Une part va de 0 à 100"),
    "indicator": ({"code": "signed"}, "ce que le flux compte"),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_a_change_that_cannot_be_is_refused_at_its_field(
    site: Site, play: Play, kind: str
) -> None:
    async with site.browser("alice") as client:
        address = await made(client)
    fields, says = WRONG[kind]
    typed = {**rights(play), **fields, "sorte": kind, "revision": "2"}
    await refused(site, play, "alice", f"{address}/changements", typed, status=422, says=says)


async def test_the_hypotheses_are_typed_in_percents(site: Site) -> None:
    async with site.browser("alice") as client:
        address = await made(client)
        typed = {"nom": "Rotation forte", "rotation": "9,5", "mutations": "10", "refus": "0",
                 "caleol": "0", "bail": "0", "indicateur": "leased"}  # fmt: skip
        await posted(client, f"{address}/hypotheses", revision="2", **typed)
        page = words(await client.get(address))
        assert "9,50 % des logements dans l'année" in page
        assert "attribués suivis d'un bail signé" in page
        wrong = await client.post(
            f"{address}/hypotheses", data={**typed, "rotation": "80", "revision": "3"}
        )
        assert wrong.status_code == 422
        assert "Donnez un taux de 0 à 50,00" in words(wrong)
