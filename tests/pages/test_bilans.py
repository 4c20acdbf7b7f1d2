from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from server.operations import bilans
from tests.operations.play import NUDS, Play, paris
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import actions, refused, statuses, words


async def publish(site: Site, year: int = 2026) -> str:
    async with site.browser("alice") as client:
        sent = await client.post("/bilans/publier", data={"annee": str(year)})
    assert sent.status_code == 303, words(sent)
    return sent.headers["location"]


async def distribute(play: Play, path: str) -> None:
    """What the worker does after the publication."""
    bilan_id = UUID(path.rsplit("/", 1)[1])
    await play.does("alice", lambda tx: bilans.distribute(tx, bilan_id))


async def test_each_year_says_what_is_due_and_until_when(site: Site) -> None:
    """R441-5-1: before 28 February, so on the 27th at the latest."""
    async with site.browser("alice") as client:
        text = words(await client.get("/bilans"))
    assert "Bilan 2026 Année en cours" in text
    assert "jusqu'au samedi 27 février 2027 à 24 h" in text
    assert "Bilan 2025 En retard" in text
    assert "Délai passé." in text


async def test_what_will_go_is_read_before_it_goes(site: Site, play: Play) -> None:
    await play.attributed()
    async with site.browser("alice") as client:
        page = await client.get("/bilans/publier?annee=2026")
    text = words(page)
    assert "Bilan provisoire" in text
    assert "Commune de Doussard 0,30 1 1 0 +0,70" in text
    assert "Les totaux concordent" in text
    assert "CC des Sources du Lac d'Annecy EPCI" in text
    assert "/bilans/publier" in actions(page)


@pytest.mark.parametrize(
    ("year", "says"),
    [
        ("2027", "L'année 2027 n'a pas commencé"),
        ("1990", "il n'y a pas de bilan avant"),
        ("", "Indiquez un nombre entier."),
        ("x", "Indiquez un nombre entier."),
    ],
)
async def test_a_year_without_bilan_is_refused(
    site: Site, play: Play, year: str, says: str
) -> None:
    await refused(site, play, "alice", "/bilans/publier", {"annee": year}, status=422, says=says)
    async with site.browser("alice") as client:
        assert (await client.get(f"/bilans/publier?annee={year}")).status_code == 422


async def test_the_page_follows_the_preparation(site: Site, play: Play) -> None:
    await play.attributed()
    path = await publish(site)
    async with site.browser("alice") as client:
        before = await client.get(path)
        assert "Le classeur se prépare" in words(before)
        assert 'data-hx-trigger="every 2s"' in before.text
        assert (await client.get(f"{path}/classeur.xlsx")).status_code == 409
        await distribute(play, path)
        block = await client.get(path, headers={"HX-Request": "true"})
        after = await client.get(path)
    assert block.text.strip().startswith('<div id="bilan"')
    assert "every 2s" not in block.text
    assert block.text.strip() in after.text
    assert "Classeur pas encore ouvert" in words(after)


async def test_the_same_bilan_twice_is_refused(site: Site, play: Play) -> None:
    await distribute(play, await publish(site))
    says = "Ce bilan est identique à la version 1 déjà publiée."
    await refused(site, play, "alice", "/bilans/publier", {"annee": "2026"}, status=409, says=says)


async def test_the_three_volets_are_read_and_name_no_household(site: Site, play: Play) -> None:
    await play.attributed()
    path = await publish(site)
    await distribute(play, path)
    for who in ("alice", "chloe", "karine", "estelle", "farid"):
        async with site.browser(who) as client:
            page = await client.get(path)
        text = words(page)
        for volet in ("Volet 2 – flux consolidé", "Volet 3 – hors flux", "Volet 1 – flux détaillé"):
            assert volet in text, who
        assert "Commune de Doussard 0,30 1 1 0 +0,70" in text
        assert not any(nud in page.text for nud in NUDS)
        assert ("Commune de Faverges-Seythenex réservataire" in text) is (
            who in ("alice", "karine")
        )


async def test_the_first_download_by_a_recipient_is_its_acknowledgement(
    site: Site, play: Play
) -> None:
    path = await publish(site)
    await distribute(play, path)
    async with site.browser("farid") as client:
        assert "Non lu" in words(await client.get("/bilans"))
        file = await client.get(f"{path}/classeur.xlsx")
        assert "Lu le 30 avril 2026" in words(await client.get("/bilans"))
    assert file.content[:2] == b"PK"
    assert "bilan-2026-haute-savoie-habitat-v1.xlsx" in file.headers["content-disposition"]
    async with site.browser("alice") as client:
        await client.get(f"{path}/classeur.xlsx")
        page = words(await client.get(path))
        assert "Ouvert par 1 destinataire sur" in words(await client.get("/bilans"))
    assert "Ouvert Jeudi 30 avril 2026" in page


async def test_who_has_not_sent_its_bilan_is_named(site: Site, play: Play) -> None:
    async with site.browser("estelle") as client:
        text = words(await client.get("/bilans"))
    assert "Bilans 2025 manquants Dus depuis le 28 février 2026" in text
    assert "Haute-Savoie Habitat" in text
    path = await publish(site, 2025)
    await distribute(play, path)
    async with site.browser("farid") as client:
        assert "manquants" not in words(await client.get("/bilans"))


async def test_a_new_version_stands_beside_the_old_one(site: Site, play: Play) -> None:
    first = await publish(site)
    await distribute(play, first)
    await play.vacancy()
    set_clock(play.stage.database, paris("2026-05-04T10:00"))
    play.now += timedelta(days=4)
    second = await publish(site)
    await distribute(play, second)
    async with site.browser("chloe") as client:
        page = await client.get(second)
        listed = await client.get("/bilans")
    assert first in page.text
    assert second in listed.text
    assert first not in listed.text


async def test_a_stranger_finds_no_bilan(site: Site, play: Play) -> None:
    path = await publish(site)
    readers = ("chloe", "estelle", "farid")
    assert set((await statuses(site, "GET", path, readers)).values()) == {404}
    await distribute(play, path)
    assert set((await statuses(site, "GET", path, readers)).values()) == {200}
    strangers = ("denis", "manon", "samuel")
    for address in (path, f"{path}/classeur.xlsx"):
        assert set((await statuses(site, "GET", address, strangers)).values()) == {404}
    others = ("bruno", "chloe", "estelle", "farid")
    answers = await statuses(site, "POST", "/bilans/publier", others, annee="2026")
    assert set(answers.values()) == {403}
    assert set((await statuses(site, "GET", "/bilans/publier?annee=2026", others)).values()) == {
        403
    }
