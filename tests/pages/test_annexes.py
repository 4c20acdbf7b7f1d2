"""The real annexe 1 in its five places, from dwellings and rights; its way through the pages."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx2
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from server.documents import plain_annexes
from tests.operations.play import DOUSSARD, FAVERGES, HSH, SOURCES_DU_LAC, Play
from tests.pages.browsers import Site
from tests.pages.reading import words

RATES = ("4,84", "29,63", "24,40", "14,81", "5,00", "25,00")
OVER_C = ("5,11", "29,63", "25,86", "14,81", "5,27", "26,36")
DROITS = (31, 16, 143, 8, 32, 160)
ASKED = """query($id: UUID!) { annexe(id: $id) {
  version totalDroits communes { name assiette { total excluded flux } bailleurShare }
  lines { droits rate rateOverFlux denominator } } }"""
REASON = {"motif": "Un programme avait été oublié"}


async def drafted(client: httpx2.AsyncClient) -> str:
    """The address of a draft opened in the browser."""
    answer = await client.post(
        "/annexes/preparer", data={"epci": SOURCES_DU_LAC, "annee": "2026", **REASON}
    )
    assert answer.status_code == 303, words(answer)
    return answer.headers["location"]


async def revision(client: httpx2.AsyncClient, address: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', (await client.get(address)).text)
    assert found
    return found[1]


def cells_of(book: bytes) -> list[list[Any]]:
    opened = CalamineWorkbook.from_filelike(BytesIO(book))
    return [
        row for name in opened.sheet_names for row in opened.get_sheet_by_name(name).to_python()
    ]


async def published(client: httpx2.AsyncClient) -> str:
    address = await drafted(client)
    seen = await revision(client, f"{address}/publier")
    done = await client.post(f"{address}/publier", data={"revision": seen})
    assert done.status_code == 303, words(done)
    return address


async def test_the_real_annexe_in_its_five_places(site: Site) -> None:
    """domain §2.5: page, API, PDF, XLSX and command say the same, to the digit."""
    async with site.browser("alice") as client:
        address = await published(client)
        page = words(await client.get(address))
        variables = {"id": address.rpartition("/")[2]}
        api = (await client.post("/graphql", json={"query": ASKED, "variables": variables})).json()[
            "data"
        ]["annexe"]
        book = cells_of((await client.get(f"{address}/annexe.xlsx")).content)
        paper = (await client.get(f"{address}/annexe.pdf")).content
    for text in (page, text_of(paper)):
        assert "Doussard 54 0 0 0 0 0 0 54" in text
        assert "586 0 0 33 0 0 0 553" in text
        assert "640 0 0 33 0 0 0 607" in text
        for droits, rate in zip(DROITS, RATES, strict=True):
            assert re.search(rf"\b{droits}\b.*?{rate} %", text), (droits, rate)
        assert re.search(r"Total 390\b", text)
        assert "103,68" not in text  # rates of different perimeters are never added
    assert ("20,72 %" in page, "40,76 %" in page) == (True, True)
    assert [one["rate"].replace(".", ",") for one in api["lines"]] == list(RATES)
    assert [one["rateOverFlux"].replace(".", ",") for one in api["lines"]] == list(OVER_C)
    assert [one["droits"] for one in api["lines"]] == [str(one) for one in DROITS]
    assert [one["bailleurShare"] for one in api["communes"]] == ["20.72", "40.76"]
    by_name = {row[0]: row for row in book}
    assert by_name["Commune de Doussard"][1:4] == [16, 0.2963, 54]
    assert by_name["Total"][1:3] == [390, ""]
    assert [one["rate"] for one in command()["lines"]] == [one["rate"] for one in api["lines"]]
    assert command()["total_droits"] == 390


def text_of(paper: bytes) -> str:
    """The lines as they stand on the page."""
    pages = PdfReader(BytesIO(paper)).pages
    text = " ".join(page.extract_text(extraction_mode="layout") for page in pages)
    return " ".join(text.replace("\u00a0", " ").split())


def command() -> dict[str, Any]:
    """What `portail annexe` says of the same facts."""
    both = [DOUSSARD, FAVERGES]
    plain = {
        "communes": [
            {"insee": DOUSSARD, "name": "Doussard", "total": 54, "exclusions": {}},
            {
                "insee": FAVERGES,
                "name": "Faverges",
                "total": 586,
                "exclusions": {"plan_vente": 33},
            },
        ],
        "lines": [
            *(
                {"reservataire": str(n), "contingent": None, "perimeter": where, "droits": droits}
                for n, (droits, where) in enumerate(
                    [(31, both), (16, [DOUSSARD]), (143, [FAVERGES]), (8, [DOUSSARD])]
                )
            ),
            *(
                {"reservataire": "État", "contingent": code, "perimeter": ["*"], "rate": rate}
                for code, rate in (("fonctionnaires", "5.00"), ("rs", "25.00"))
            ),
        ],
        "droits_uniques": [],
    }
    return plain_annexes.as_json(plain_annexes.computed(json.dumps(plain)))


async def test_c_is_a_simulation_and_says_so(site: Site) -> None:
    async with site.browser("alice") as client:
        text = words(await client.get(await drafted(client)))
    assert "Simulation, sans effet" in text
    for rate in OVER_C:
        assert f"{rate} %" in text


async def test_a_fault_is_at_its_field_and_nothing_is_lost(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        address = await drafted(client)
        found = re.findall(r'href="(/annexes/[^"]+/lignes/[^"]+)">Modifier', (
            await client.get(address)
        ).text)  # fmt: skip
        line = found[1]
        before = play.dump()
        refused = await client.post(
            line,
            data={
                "revision": await revision(client, line),
                "expires": "abc",
                "nouveaux": "1,5",
                "perimetre": DOUSSARD,
                "motif": "Programme des Tilleuls",
            },
        )
        assert play.dump() == before
        assert refused.status_code == 422
        assert 'href="#champ-expires"' in refused.text
        assert 'value="1,5"' in refused.text
        assert "Programme des Tilleuls" in refused.text
        typed = {
            "revision": await revision(client, line),
            "expires": "0",
            "nouveaux": "1,5",
            "perimetre": DOUSSARD,
            "motif": "Programme des Tilleuls",
        }
        assert (await client.post(line, data=typed)).status_code == 303
        text = words(await client.get(address))
        assert "17,5" in text
        assert "32,41 %" in text
        assert "29,63 % → 32,41 %" in text  # beside the version before
        # the same form again comes too late: told, and what was typed is still there
        late = await client.post(line, data=typed)
        assert late.status_code == 409
        assert "Programme des Tilleuls" in late.text


async def test_the_declaration_is_proposed_to_its_bailleur_alone(site: Site, play: Play) -> None:
    """Field 63 of the RPLS, beside the draft: to be checked; the rights do not move."""
    async with site.browser("alice") as client:
        address = await drafted(client)
        before = words(await client.get(address))
        assert "déclaration RPLS" not in before
        told = {DOUSSARD: {"4": 3, "7": 9}, FAVERGES: {"4": 1, "3": 2}, "74010": {"6": 5}}
        play.run(
            "insert into imports (id, bailleur_id, state, file_name, sha256, size, content,"
            " received_at, received_by, report, confirmed_at)"
            " values (%s, %s, 'confirmed', 'rpls.csv', '', 1, 'x', now(), 'Essai', %s, now())",
            uuid4(),
            play.tenant(HSH),
            json.dumps({"contingents": told}),
        )
        shown = words(await client.get(address))
        places = "(3 à Doussard, 1 à Faverges-Seythenex)"
        assert f"et EPCI : 4 logements {places}, à vérifier." in shown
        assert "Employeurs et Action Logement : 2 logements (2 à Faverges-Seythenex)" in shown
        assert "CAF, MSA" not in shown  # elsewhere
        assert "non identifié" not in shown
        rights = "select droits from annexe_lines order by annexe_id, position"
        kept = play.rows(rights)
        await client.get(address)
        assert play.rows(rights) == kept
    async with site.browser("chloe") as client:
        assert (await client.get(address)).status_code == 404


async def test_the_party_reads_what_was_published(site: Site) -> None:
    async with site.browser("alice") as client:
        address = await published(client)
    async with site.browser("chloe") as client:
        text = words(await client.get(address))
        assert "29,63 %" in text
        assert "Vérifier et publier" not in text
        assert REASON["motif"] in text
        assert words(await client.get("/annexes")).count("Remplacée") >= 1
