from __future__ import annotations

from datetime import date
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from python_calamine import CalamineWorkbook

from tests.operations.play import HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import statuses, words

PAGES = ("/conventions", "/conventions.xlsx", "/conventions.csv")


def convention(play: Play, reservataire: str = "doussard", bailleur: str = HSH) -> UUID:
    found: UUID = play.scalar(
        "select id from conventions where bailleur_id = %s and reservataire_id = %s",
        play.tenant(bailleur),
        play.tenant(reservataire),
    )
    return found


async def read(site: Site, who: str, path: str) -> str:
    async with site.browser(who) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, words(answer)
    return words(answer)


# --- Who ----------------------------------------------------------------------------------------


async def test_each_reads_its_own_conventions(site: Site) -> None:
    """Domain §1.2: the parties, the préfecture all, an EPCI those of its communes."""
    doussard, faverges = "Commune de Doussard , convention", "Commune de Faverges-Seythenex ,"
    alice = await read(site, "alice", "/conventions")
    assert doussard in alice
    assert faverges in alice
    assert "avec Léman Habitat" not in alice
    chloe = await read(site, "chloe", "/conventions")
    assert doussard in chloe
    assert faverges not in chloe
    denis = await read(site, "denis", "/conventions")
    assert doussard not in denis
    estelle = await read(site, "estelle", "/conventions")
    assert doussard in estelle
    assert "CCAS de Publier" in estelle
    farid = await read(site, "farid", "/conventions")
    assert doussard in farid
    assert "CCAS de Publier" not in farid


async def test_a_stranger_finds_none(site: Site, play: Play) -> None:
    path = f"/conventions/{convention(play)}"
    readers = await statuses(site, "GET", path, ("alice", "bruno", "chloe", "estelle", "farid"))
    assert set(readers.values()) == {200}
    strangers = await statuses(site, "GET", path, ("denis", "karine", "manon"))
    assert set(strangers.values()) == {404}
    for address in (f"/conventions/{uuid4()}", "/conventions/x"):
        assert await statuses(site, "GET", address, ("alice",)) == {"alice": 404}


async def test_the_generic_address_is_not_for_an_epci(site: Site, play: Play) -> None:
    mailbox = play.scalar("select mailbox from conventions where id = %s", convention(play))
    path = f"/conventions/{convention(play)}"
    assert f"Adresse générique {mailbox}" in await read(site, "chloe", path)
    assert f"Adresse générique {mailbox}" in await read(site, "estelle", path)
    for address in (path, *PAGES[2:]):
        async with site.browser("farid") as client:
            assert mailbox not in (await client.get(address)).text


async def test_the_navigation_leads_there(site: Site) -> None:
    for who in ("alice", "chloe", "estelle", "farid"):
        async with site.browser(who) as client:
            assert 'href="/conventions"' in (await client.get("/")).text


# --- The list -----------------------------------------------------------------------------------


async def test_filters_are_in_the_address(site: Site, play: Play) -> None:
    play.run(
        "update conventions set state = 'denounced', ended_on = %s where id = %s",
        date(2026, 3, 31),
        convention(play, "faverges-seythenex"),
    )
    binding = await read(site, "alice", "/conventions?vigueur=oui")
    assert "Commune de Doussard" in binding
    assert "Commune de Faverges-Seythenex ," not in binding
    ended = await read(site, "alice", "/conventions?vigueur=non")
    assert "Commune de Faverges-Seythenex , convention" in ended
    assert "31 mars 2026 Dénoncée" in ended
    assert "Commune de Doussard ," not in ended
    one = await read(site, "estelle", f"/conventions?bailleur={play.tenant('vilogia')}")
    assert "convention avec Vilogia" in one
    assert "convention avec Haute-Savoie Habitat" not in one
    wrong = await read(site, "estelle", "/conventions?bailleur=x&vigueur=y&tri=z")
    assert "convention avec Vilogia" in wrong


async def test_a_wrong_cursor_is_told(site: Site) -> None:
    async with site.browser("estelle") as client:
        answer = await client.get("/conventions?apres=x")
    assert answer.status_code == 422


async def test_the_list_sorts_and_goes_on_page_after_page(site: Site, play: Play) -> None:
    play.run(
        "insert into conventions (id, bailleur_id, reservataire_id, state, starts_on, ended_on,"
        " charte_version, model_version) select gen_random_uuid(), bailleur_id, reservataire_id,"
        " 'replaced', starts_on - 2000, starts_on - 1, charte_version, model_version"
        " from conventions"
    )
    async with site.browser("estelle") as client:
        seen: list[str] = []
        path: str | None = "/conventions?tri=-debut"
        while path:
            page = (await client.get(path)).text
            seen += page.partition("<tbody>")[2].split('<th scope="row"><a href="')[1:]
            following = page.partition('rel="next" href="')[2].partition('"')[0]
            path = following.replace("&amp;", "&") or None
    ids = [one.partition('"')[0] for one in seen]
    assert len(ids) == len(set(ids)) == play.scalar("select count(*) from conventions")
    oldest = play.scalar("select id from conventions order by starts_on, id")
    assert ids[-1] == f"/conventions/{oldest}"


async def test_the_files_hold_what_is_filtered(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        page = await client.get("/conventions?tri=debut&vigueur=oui")
        answer = await client.get("/conventions.xlsx?tri=debut&vigueur=oui")
    assert "/conventions.xlsx?tri=debut&amp;vigueur=oui" in page.text
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    header, *rows = book.get_sheet_by_name("Liste").to_python()
    assert header[:3] == ["Réservataire", "Bailleur", "Communes"]
    doussard = next(row for row in rows if row[0] == "Commune de Doussard")
    assert doussard[2:7] == [
        *("Doussard", date(2023, 11, 23), date(2026, 11, 22), "reconduite", 3.0),
    ]
    assert len(rows) == play.scalar(
        "select count(*) from conventions where bailleur_id = %s", play.tenant(HSH)
    )


# --- The file -----------------------------------------------------------------------------------


async def test_a_convention_says_its_years_and_its_delays(site: Site, play: Play) -> None:
    """Convention of Doussard, art. 5.3 and 8."""
    text = await read(site, "chloe", f"/conventions/{convention(play)}")
    assert "Reconduite, 3e année" in text
    assert "Périmètre (commune) Doussard" in text
    assert "Du 23 novembre 2023 au 22 novembre 2024 Première année Terminée" in text
    assert "Du 23 novembre 2025 au 22 novembre 2026 Seconde reconduction En cours" in text
    assert "Dernier jour 22 novembre 2026" in text
    assert "Réponse à une orientation 2 jours ouvrés" in text
    assert "Présentation des candidats 15 jours ouvrés" in text
    assert "Indicateur du décompte Logements orientés" in text
    several = await read(site, "estelle", f"/conventions/{convention(play, 'departement')}")
    assert "Périmètre (2 communes) Doussard, Faverges-Seythenex" in several


async def test_its_lines_are_compared_with_the_year_before(site: Site, play: Play) -> None:
    """The printed annexe: 16 droits ÷ 54 = 29,63 %."""
    play.rewrite(
        "update annexe_lines set droits = 15 where reservataire_id = %s and annexe_id in"
        " (select id from annexes where year = 2025)",
        play.tenant("doussard"),
    )
    path = f"/conventions/{convention(play)}"
    async with site.browser("chloe") as client:
        page = await client.get(path)
        before = words(await client.get(f"{path}?annee=2025"))
        wrong = words(await client.get(f"{path}?annee=abc"))
    text = words(page)
    assert "CC des Sources du Lac d'Annecy Doussard 16 54 29,63 %" in text
    assert "16 droits ÷ 54 logements = 29,63 %" in text
    assert "15 54 27,78 %" in text
    assert "+1,85 point" in text
    assert f"/flux?annee=2026&amp;epci=247400773&amp;bailleur={play.tenant(HSH)}" in page.text
    assert "Nouvelle ligne" in before
    assert "29,63" in wrong


async def test_the_state_has_two_contingents_in_one_convention(site: Site, play: Play) -> None:
    """R441-5-2: 5 % and 25 %, imposed."""
    text = await read(site, "alice", f"/conventions/{convention(play, 'prefecture')}")
    assert "CC des Sources du Lac d'Annecy, contingent fonctionnaires" in text
    assert "CC des Sources du Lac d'Annecy, contingent RS (mal-logés)" in text
    assert "Taux fixé par la convention de l'État : 25,00 % × 640 logements" in text


@pytest.mark.parametrize("who", ["chloe", "estelle", "farid"])
async def test_the_versions_lead_to_the_annexe(site: Site, play: Play, who: str) -> None:
    async with site.browser(who) as client:
        page = (await client.get(f"/conventions/{convention(play)}")).text
        found = page.partition('<table id="versions-annexe"')[2]
        link = found.partition('href="/flux/')[2].partition('"')[0]
        assert (await client.get(f"/flux/{link}")).status_code == 200


async def test_a_blank_address_is_told_to_who_may_act(site: Site, play: Play) -> None:
    """Domain Q18: a blank address blocks sending."""
    path = f"/conventions/{convention(play, 'publier', 'semcoda')}"
    assert "Adresse générique non renseignée" in await read(site, "estelle", path)
