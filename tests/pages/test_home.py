from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.operations.play import DOUSSARD, FAVERGES, HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import actions, statuses, words


async def test_anybody_reads_what_the_portal_is(site: Site) -> None:
    async with site.anonymous() as client:
        page = await client.get("/")
        for path in ("/aide", "/donnees-personnelles", "/accessibilite"):
            assert (await client.get(path)).status_code == 200, path
    assert page.status_code == 200
    assert "Les réservations de logements sociaux, en flux" in words(page)
    assert 'href="/connexion"' in page.text


async def test_the_demonstration_offers_its_people_in_one_click(site: Site, tmp_path: Path) -> None:
    person = {
        "name": "Alice Démo",
        "organisme": "Haute-Savoie Habitat",
        "role": "responsable",
        "login": "http://portail.test/demo/entrer/alice",
    }
    known = tmp_path / "demo.json"
    known.write_text(json.dumps({"people": [person]}), encoding="utf-8")
    site.app.state.settings = replace(site.settings, demo_file=str(known))
    async with site.anonymous() as client:
        page = await client.get("/")
    assert person["login"] in page.text
    assert "Alice Démo" in words(page)


async def test_the_bailleur_has_its_tasks_in_the_order_of_the_dates(site: Site, play: Play) -> None:
    waiting = await play.vacancy()
    presented = await play.complete(home=play.home(number=1))
    async with site.browser("alice") as client:
        page = await client.get("/")
    text = words(page)
    assert "Publier le bilan 2025" in text
    assert "En retard" in text
    assert text.index("Publier le bilan 2025") < text.index("Inscrire en CALEOL")
    assert text.index("Inscrire en CALEOL") < text.index("Orienter :")
    assert f"/liberations/{waiting}" in page.text
    assert f"/orientations/{presented}" in page.text
    assert "Libérations à orienter 1" in text


async def test_the_reservataire_reads_deadline_and_consequence(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    searched = await play.search(home=play.home(number=1))
    async with site.browser("chloe") as client:
        page = await client.get("/")
    text = words(page)
    assert text.index("Accepter ou refuser") < text.index("Présenter des candidats")
    assert "Mar. 05/05 à 24 h Reste 2 jours ouvrés" in text
    assert "Sans réponse, l'offre est réputée acceptée" in text
    assert f"/orientations/{offer_id}" in page.text
    assert f"/orientations/{searched}" in page.text


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("denis", "Publier le bilan 2025"),
        ("karine", "Aucune offre n'attend votre réponse."),
        ("estelle", "Aucune affectation d'urgence n'attend votre décision."),
        ("farid", "Tous les bilans reçus ont été ouverts."),
        ("bruno", "Votre rôle permet de lire ces dossiers"),
    ],
)
async def test_everybody_has_a_home_of_their_own(
    site: Site, play: Play, who: str, says: str
) -> None:
    await play.offer()
    async with site.browser(who) as client:
        page = await client.get("/")
    assert page.status_code == 200
    assert says in words(page)
    if who not in ("bruno", "estelle"):
        assert "Doussard" not in words(page)


async def test_below_the_tasks_the_bailleur_reads_who_is_late(site: Site, play: Play) -> None:
    await play.vacancy()
    async with site.browser("alice") as client:
        page = await client.get("/")
    text = words(page).partition("Où en est le flux")[2]
    assert "Tout le flux" in text
    assert text.index("Commune de Doussard") < text.index("Conseil départemental")
    assert "En retard de 0,30 logement" in text
    assert f"ligne={play.tenant('doussard')}%3Anone" in page.text


@pytest.mark.parametrize(
    ("who", "says", "hides"),
    [
        ("chloe", "Haute-Savoie Habitat", "Action Logement"),
        ("estelle", "Logements attribués en CALEOL", "Commune de Doussard"),
        ("farid", "Lire les annexes 1", "En retard"),
    ],
)
async def test_each_capacity_has_its_own_view_of_the_flux(
    site: Site, play: Play, who: str, says: str, hides: str
) -> None:
    await play.vacancy()
    async with site.browser(who) as client:
        text = words(await client.get("/")).partition("Où en est le flux")[2]
    assert says in text
    assert hides not in text


async def test_each_number_of_the_department_says_where_it_comes_from(
    site: Site, play: Play
) -> None:
    await play.vacancy()
    async with site.browser("estelle") as client:
        below = (await client.get("/")).text.partition("Où en est le flux")[2]
    assert below.count('class="stat-value"') == below.count('class="explain"') == 5


async def test_going_straight_to_a_file(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    async with site.browser("alice") as client:
        one = await client.get("/aller", params={"q": "HSH-74104-0001"})
        many = await client.get("/aller", params={"q": "doussard"})
        none = await client.get("/aller", params={"q": "introuvable"})
        empty = await client.get("/aller")
    assert one.status_code == 303
    assert one.headers["location"] == f"/logements/{play.home()}"
    assert "Les 50 premiers" in words(many)
    assert "Rien ne correspond" in words(none)
    assert empty.status_code == 200
    for who in ("chloe", "estelle"):
        async with site.browser(who) as client:
            found = await client.get("/aller", params={"q": "doussard"})
        assert found.headers.get("location") == f"/orientations/{offer_id}", who
    for who in ("karine", "farid", "denis"):
        async with site.browser(who) as client:
            found = await client.get("/aller", params={"q": "HSH-74104-0001"})
        assert "Rien ne correspond" in words(found), who


async def test_the_dwellings_of_the_bailleur(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    async with site.browser("alice") as client:
        found = await client.get("/logements", params={"q": "HSH-74104", "commune": DOUSSARD})
        page = await client.get(f"/logements/{play.home()}")
        other = await client.get(f"/logements/{play.home(number=1)}")
        sold = await client.get(f"/logements/{play.stage.world.excluded[HSH, FAVERGES][0]}")
    assert "25 logements sur cette page" in words(found)
    assert "Commune : Doussard" in words(found)
    assert "Libération enregistrée" in words(page)
    assert f"/liberations/{vacancy_id}" in page.text
    assert f"/liberations/nouvelle?logement={play.home(number=1)}" in other.text
    assert "Hors flux : plan de vente (art. 2.2)." in words(sold)
    assert "/liberations/nouvelle" not in sold.text.partition("<main")[2]


async def test_a_reservataire_reads_its_slice_of_a_dwelling(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    async with site.browser("chloe") as client:
        page = await client.get(f"/logements/{play.home()}")
    text = words(page)
    assert "Offre envoyée" in text
    assert "Libération enregistrée" not in text
    assert f"/orientations/{offer_id}" in page.text
    assert actions(page) == []


async def test_a_dwelling_of_somebody_else_is_absent(site: Site, play: Play) -> None:
    await play.offer()
    people = {"bruno": 200, "denis": 404, "karine": 404, "estelle": 403, "farid": 403}
    assert await statuses(site, "GET", f"/logements/{play.home()}", people) == people
    async with site.browser("alice") as client:
        assert (await client.get(f"/logements/{uuid4()}")).status_code == 404
