"""Fairness and strata as pages: the numbers of the ledger, in words, for their readers alone."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from server.operations import orientations
from server.operations.ledger.posting import post
from tests.operations.play import FAVERGES, HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import statuses, words

EQUITE, ENTRIES, STRATA = "/flux/equite", "/flux/equite/ecritures", "/flux/strates"


async def history(play: Play) -> None:
    """Three freed in Doussard and offered to the commune, which refuses one; one in Faverges."""
    play.now -= timedelta(days=8)
    await play.attributed()
    refused = await play.offer(home=play.home(number=5))
    await play.does("chloe", lambda tx: orientations.refuse(tx, refused))
    await play.offer(home=play.home(number=6))
    await play.offer("faverges-seythenex", home=play.home(FAVERGES, 0))
    await play.does("alice", post)


async def read(site: Site, who: str, path: str) -> str:
    async with site.browser(who) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, words(answer)
    return words(answer)


async def sheet(site: Site, who: str, path: str) -> list[list[object]]:
    async with site.browser(who) as client:
        file = await client.get(path)
    book = CalamineWorkbook.from_filelike(BytesIO(file.content))
    return [list(row) for row in book.get_sheet_by_name(book.sheet_names[0]).to_python()]


async def test_a_reservataire_reads_its_part_beside_the_flux(site: Site, play: Play) -> None:
    await history(play)
    text = await read(site, "chloe", EQUITE)
    assert "sur 3 logements à répartir dans votre périmètre" in text
    assert "3 logements proposés, dont 1 refusé" in text
    assert "Quota de l'année 0,89" in text
    assert "Reçus 2,00" in text
    assert "+1,11" in text
    assert "Doussard" in text
    assert "Faverges" not in text
    assert "Attrait faible : " in text
    for title in ("Attractivité", "Typologie", "Financement", "Période de construction"):
        assert title in text
    assert "Ce qui n'est pas montré" in text


async def test_each_count_and_each_day_has_its_address(site: Site, play: Play) -> None:
    await history(play)
    leased = await read(site, "chloe", f"{EQUITE}?compter=leased")
    assert "compté en baux signés" in leased
    assert "(affiché)" in leased
    before = play.now.date() - timedelta(days=8)
    past = await read(site, "chloe", f"{EQUITE}?au={before.isoformat()}")
    assert "sur 1 logement à répartir" in past
    assert "Au " in past


async def test_a_number_leads_to_its_entries_and_their_file(site: Site, play: Play) -> None:
    await history(play)
    text = await read(site, "chloe", f"{ENTRIES}?famille=commune&strate=74104")
    assert "Écritures : Doussard" in text
    assert "Logement libéré" in text
    assert "+0,2963" in text
    assert "−1,0000" in text
    assert "avant 2026 : 0,00 ; en 2026 : −1,11 ; en tout −1,11, qui est le retard." in text
    assert "de signe contraire : +1,11." in text
    rows = await sheet(site, "chloe", f"{ENTRIES}.xlsx?famille=commune&strate=74104")
    amounts = [row[-1] for row in rows[1:]]
    assert sum(float(str(one)) for one in amounts) == pytest.approx(3 * 0.2963 - 2)


async def test_the_file_of_the_page_has_its_numbers(site: Site, play: Play) -> None:
    await history(play)
    rows = await sheet(site, "chloe", f"{EQUITE}.xlsx")
    total = next(row for row in rows if row[0] == "Tous les logements")
    assert total[2:6] == [3.0, 1.0, 3.0, 1.0]
    assert total[7:] == pytest.approx([0.8889, 2.0, 1.1111])


async def test_the_strata_of_a_bailleur(site: Site, play: Play) -> None:
    await history(play)
    text = await read(site, "alice", f"{STRATA}?famille=commune")
    assert "par commune, Haute-Savoie Habitat" in text
    assert "Doussard" in text
    assert "Commune de Doussard +1,11 2,00 sur 0,89 +1,11 2,00 sur 0,89" in text
    assert "Somme 0,00" in text
    by_epci = await read(site, "alice", f"{STRATA}?famille=epci")
    assert "CC des Sources du Lac d'Annecy" in by_epci
    same = await read(site, "estelle", f"{STRATA}?famille=commune&bailleur={play.tenant(HSH)}")
    assert "Commune de Doussard +1,11 2,00 sur 0,89 +1,11 2,00 sur 0,89" in same
    rows = await sheet(site, "alice", f"{STRATA}.xlsx?famille=commune")
    sums: dict[object, float] = {}
    for row in rows[1:]:
        sums[row[2]] = sums.get(row[2], 0) + float(str(row[-1]))
    assert sums == dict.fromkeys(sums, pytest.approx(0))


async def test_who_opens_them(site: Site, play: Play) -> None:
    """An EPCI counts nothing; a réservataire has no table of all the parties (L441-9)."""
    await history(play)
    everybody = ("alice", "bruno", "chloe", "karine", "denis", "estelle", "farid")
    is_open = dict.fromkeys(everybody, 200) | {"farid": 403}
    assert await statuses(site, "GET", EQUITE, everybody) == is_open
    assert await statuses(site, "GET", ENTRIES, everybody) == is_open
    closed = {"chloe": 403, "karine": 403}
    assert await statuses(site, "GET", STRATA, everybody) == is_open | closed
    doussard = f"{ENTRIES}?ligne={play.tenant('doussard')}:none&famille=commune&strate=74104"
    strangers = ("karine", "denis")
    assert await statuses(site, "GET", doussard, strangers) == dict.fromkeys(strangers, 404)
    hers = f"{STRATA}?bailleur={play.tenant(HSH)}"
    assert await statuses(site, "GET", hers, ("denis",)) == {"denis": 404}
    stranger = await read(site, "karine", f"{EQUITE}?ligne={play.tenant('doussard')}:none")
    assert "Doussard" not in stranger


async def test_the_position_of_a_day_on_the_table_of_the_flux(site: Site, play: Play) -> None:
    await history(play)
    day = (play.now.date() - timedelta(days=8)).isoformat()
    for path in ("/flux?annee=2026", "/flux.csv?annee=2026"):
        async with site.browser("alice") as client:
            past = (await client.get(f"{path}&au={day}")).text
            now = (await client.get(path)).text
        assert past != now
    text = await read(site, "alice", f"/flux?annee=2026&au={day}")
    assert "(1 libération du flux, compté en logements orientés)" in text
    assert "baux : " in text
    assert "Couloir, à " in text


@pytest.mark.parametrize(
    "query", ["annee=x", "au=x", "au=2099-01-01", "ligne=x", "bailleur=x", "compter=x", "famille=x"]
)
async def test_an_address_typed_wrong_still_answers(site: Site, query: str) -> None:
    for who, path in (("chloe", EQUITE), ("alice", STRATA), ("alice", "/flux")):
        async with site.browser(who) as client:
            assert (await client.get(f"{path}?{query}")).status_code == 200


@pytest.mark.parametrize(("who", "path"), [("chloe", EQUITE), ("alice", STRATA)])
async def test_htmx_gets_the_block_that_the_page_holds(site: Site, who: str, path: str) -> None:
    async with site.browser(who) as client:
        page = await client.get(path)
        block = await client.get(path, headers={"HX-Request": "true"})
    assert block.text.strip() in page.text
    assert "<h1>" not in block.text
