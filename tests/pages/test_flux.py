from __future__ import annotations

from functools import partial
from io import BytesIO
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from server.domain.flux import Indicator, MonthPoint
from server.operations import flux, trajectories
from server.operations.flux import FluxBoard
from server.tenants.transactions import TenantTransaction
from tests.operations.play import DOUSSARD, HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import statuses, words

SOURCES_DU_LAC = "247400773"
FLUX = f"/flux?annee=2026&epci={SOURCES_DU_LAC}"


async def read(site: Site, who: str, path: str = FLUX) -> str:
    async with site.browser(who) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, words(answer)
    return words(answer)


def annexe_id(play: Play) -> str:
    return str(
        play.scalar(
            "select id from annexes where year = 2026 and epci_siren = %s and bailleur_id = %s",
            SOURCES_DU_LAC,
            play.tenant(HSH),
        )
    )


async def test_the_signed_annexe_comes_out_of_the_stored_droits(site: Site) -> None:
    """Annexe 1 of Haute-Savoie Habitat: A, B, C, droits, rates, the bailleur's shares."""
    text = await read(site, "alice")
    for rate in ("4,84 %", "29,63 %", "24,40 %", "14,81 %", "5,00 %", "25,00 %"):
        assert rate in text
    assert "Doussard 54 0 0 0 0 0 0 54" in text
    assert "Faverges-Seythenex 586 0 0 33 0 0 0 553" in text
    assert "CC des Sources du Lac d'Annecy 640 0 0 33 0 0 0 607" in text
    assert "Total des droits 390" in text
    assert "103,68" not in text
    assert "100 % − 4,84 % − 29,63 % − 14,81 % − 5,00 % − 25,00 % = 20,72 %" in text
    assert "40,76 %" in text
    assert "39,06" not in text


async def test_each_figure_says_where_it_comes_from(site: Site, play: Play) -> None:
    text = await read(site, "alice")
    assert "16 droits ÷ 54 logements = 29,62963 %, arrondi à 29,63 %" in text
    assert "25,00 % × 640 logements = 160 droits" in text
    assert "Annexe 1 de 2026, version 1, publiée le" in text
    assert "jeudi 30 avril 2026" in text
    assert "1193/5760, soit 20,71181 %" in text
    async with site.browser("alice") as client:
        page = await client.get(FLUX)
    assert f"bailleur={play.tenant(HSH)}&amp;reservataire={play.tenant('doussard')}" in page.text


async def test_where_the_text_and_the_signed_annexe_differ_the_page_says_so(site: Site) -> None:
    text = await read(site, "alice")
    assert "C = A − B, soit 607 logements" in text
    assert "calcule les taux sur A, soit 640 logements" in text


async def test_one_changed_droit_moves_the_page(site: Site, play: Play) -> None:
    play.rewrite(
        "update annexe_lines set droits = 17 where annexe_id = %s and reservataire_id = %s",
        annexe_id(play),
        play.tenant("doussard"),
    )
    text = await read(site, "alice")
    assert "17 droits ÷ 54 logements" in text
    assert "31,48 %" in text
    assert "Total des droits 391" in text
    assert "18,87 %" in text


async def test_fractions_are_never_rounded_to_nothing(site: Site, play: Play) -> None:
    await play.vacancy()
    text = await read(site, "alice")
    assert "Quota de l'année : 0,30." in text
    assert "Voir les écritures du registre" in text
    assert "−0,30" in text


async def test_the_gap_is_the_ledger_s_of_the_chosen_indicator(site: Site, play: Play) -> None:
    """An offer under way counts on every basis, until it comes to nothing."""
    await play.offer()
    assert "+0,70" in await read(site, "alice")
    leased = await read(site, "alice", f"{FLUX}&compter=leased")
    assert "+0,70" in leased
    assert "compté en baux signés" in leased
    assert "Compté dans l'année : 1,00 en baux signés ou offerts." in leased


async def test_the_cumul_is_drawn_against_what_is_due(site: Site, play: Play) -> None:
    await play.offer()
    text = await read(site, "alice")
    assert "Tous les réservataires, CC des Sources du Lac d'Annecy : cumul depuis janvier" in text
    assert "Les mêmes chiffres en tableau" in text
    line = f"{play.tenant('doussard')}:none"
    one = await read(site, "alice", f"{FLUX}&ligne={line}")
    assert "Commune de Doussard, CC des Sources du Lac d'Annecy : cumul" in one
    quiet = " ".join(f"{month} 0 0,00 0,00 à 1,00" for month in ("Janvier", "Février", "Mars"))
    assert f"{quiet} Avril 1 0,30 0,00 à 1,30" in one
    leased = await read(site, "alice", f"{FLUX}&ligne={line}&compter=leased")
    assert "Avril 0 0,30" in leased
    own = await read(site, "chloe", "/flux")
    assert "Votre part, " in own
    assert "Avril 1 0,30" in own
    assert "cumul depuis" not in await read(site, "farid", "/flux")
    stranger = f"{FLUX}&ligne={play.tenant('publier')}:none"
    assert "Tous les réservataires, CC" in await read(site, "alice", stranger)


async def test_the_cumul_ends_where_the_position_is(play: Play) -> None:
    """Month by month in SQL, or in one count: the same totals, for every line and indicator."""
    await play.everything()
    for who in ("alice", "chloe", "estelle"):
        for basis in Indicator:
            boards = await play.reads(who, lambda tx: flux.boards(tx, 2026))
            for board in boards:
                await check_end(play, who, board, basis)


async def cumul(
    tx: TenantTransaction, *, board: FluxBoard, basis: Indicator, line: str
) -> dict[UUID, tuple[MonthPoint, ...]]:
    return await trajectories.by_annexe(tx, [board], basis, line=line)


async def check_end(play: Play, who: str, board: FluxBoard, basis: Indicator) -> None:
    for line in board.lines:
        if line.position is None:
            continue
        key = line.party_key
        series = await play.reads(who, partial(cumul, board=board, basis=basis, line=key))
        last = series[board.computed.facts.id][-1]
        assert last.due == line.position.account(basis).due
        assert last.received == getattr(line.position, basis.value)


async def test_mutations_stand_against_their_ceiling(site: Site, play: Play) -> None:
    await play.vacancy()
    assert "0 sur 1 libération" in await read(site, "alice")
    assert "pour 10,00 % au plus" in await read(site, "alice")


async def test_a_reservataire_reads_its_line_and_the_whole_annexe(site: Site, play: Play) -> None:
    await play.offer("faverges-seythenex", home=play.home("74123"))
    text = await read(site, "chloe", "/flux")
    own, _, annexe = text.partition("Tableau 1")
    assert "Mes lignes" in own
    assert "29,63 %" in own
    assert "24,40 %" not in own
    assert "24,40 %" in annexe
    assert "Orientés" not in annexe
    assert "Mutations" not in text


async def test_the_prefecture_reads_the_departement_then_one_annexe(site: Site, play: Play) -> None:
    text = await read(site, "estelle", "/flux")
    assert "Flux du département" in text
    for name in ("Haute-Savoie Habitat", "Alliade Habitat", "Léman Habitat", "SEMCODA"):
        assert name in text
    assert "Tableau 1" not in text
    one = await read(site, "estelle", f"{FLUX}&bailleur={play.tenant(HSH)}")
    assert "Total des droits 390" in one
    assert "Orientés" in one


async def test_an_epci_reads_the_annexes_of_its_territory_without_counts(site: Site) -> None:
    text = await read(site, "farid", "/flux")
    assert "29,63 %" in text
    assert "Orientés" not in text
    assert "Libérations dans le flux" not in text
    elsewhere = await read(site, "samuel", "/flux")
    assert "Doussard" not in elsewhere


async def test_another_bailleur_sees_nothing_of_it(site: Site, play: Play) -> None:
    assert "Haute-Savoie Habitat" not in await read(site, "denis", "/flux")
    text = await read(site, "denis", f"/flux?bailleur={play.tenant(HSH)}")
    assert "Aucune annexe 1 publiée pour 2026" in text
    path = f"/flux/{annexe_id(play)}/annexe.xlsx"
    everybody = ("alice", "bruno", "chloe", "denis", "estelle", "farid", "samuel")
    assert await statuses(site, "GET", path, everybody) == {
        **dict.fromkeys(("alice", "bruno", "chloe", "estelle", "farid"), 200),
        **dict.fromkeys(("denis", "samuel"), 404),
    }


async def test_the_workbook_of_the_annexe_is_a_file(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        page = await client.get(FLUX)
        path = f"/flux/{annexe_id(play)}/annexe.xlsx"
        assert path in page.text
        file = await client.get(path)
    assert file.content[:2] == b"PK"
    name = "annexe-1-haute-savoie-habitat-cc-des-sources-du-lac-d-annecy-2026.xlsx"
    assert name in file.headers["content-disposition"]


RATES = """query ($epci: String) { fluxBoards(year: 2026, epciSiren: $epci) {
  totalDroits lines { rate } } }"""


async def droits_everywhere(site: Site, play: Play) -> tuple[str, str, str]:
    """The page, the API's answer and the cells of the workbook, as one reader gets them."""
    async with site.browser("alice") as client:
        text = words(await client.get(FLUX))
        answer = await client.post(
            "/graphql", json={"query": RATES, "variables": {"epci": SOURCES_DU_LAC}}
        )
        file = await client.get(f"/flux/{annexe_id(play)}/annexe.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(file.content))
    cells = [cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()
             for cell in row]  # fmt: skip
    return text, answer.text, " ".join(str(cell) for cell in cells)


async def test_one_droit_changed_moves_page_api_and_workbook(site: Site, play: Play) -> None:
    """Rates are never typed in: 16 rights of 54 give 29,63 %, 20 give 37,04 %."""
    page, api, book = await droits_everywhere(site, play)
    assert "29,63 %" in page
    assert '"29.63"' in api
    assert "0.2963" in book
    play.rewrite(
        "update annexe_lines set droits = 20 where reservataire_id = %s", play.tenant("doussard")
    )
    page, api, book = await droits_everywhere(site, play)
    assert ("37,04 %" in page, "29,63 %" in page) == (True, False)
    assert ('"37.04"' in api, '"29.63"' in api) == (True, False)
    assert ("0.3704" in book, "0.2963" in book) == (True, False)
    assert "394" in page
    assert "394" in book


@pytest.mark.parametrize(
    "query", ["annee=x", "annee=1999", "bailleur=x", "compter=x", "epci=%00", "epci=1"]
)
async def test_an_address_typed_wrong_still_answers(site: Site, query: str) -> None:
    async with site.browser("alice") as client:
        assert (await client.get(f"/flux?{query}")).status_code == 200


async def test_a_year_without_annexe_says_so(site: Site) -> None:
    assert "Aucune annexe 1 publiée pour 2024" in await read(site, "alice", "/flux?annee=2024")


async def test_htmx_gets_the_block_that_the_page_holds(site: Site) -> None:
    async with site.browser("alice") as client:
        page = await client.get(FLUX)
        block = await client.get(FLUX, headers={"HX-Request": "true"})
    assert block.text.strip().startswith('<div id="flux"')
    assert block.text.strip() in page.text
    assert DOUSSARD not in block.text
