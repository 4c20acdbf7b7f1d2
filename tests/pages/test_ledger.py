"""The pages of the ledger: the advice explained, the whole list at once, the moves, the bilan."""

from __future__ import annotations

from datetime import timedelta

from server.operations import bilans, orientations
from server.operations.ledger.posting import post
from tests.operations.play import FAVERGES, HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import words


async def read(site: Site, who: str, path: str, status: int = 200) -> str:
    async with site.browser(who) as client:
        answer = await client.get(path)
    assert answer.status_code == status, words(answer)
    return words(answer)


async def test_the_proposal_shows_each_stratum_and_its_versions(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    text = await read(site, "alice", f"/liberations/{vacancy_id}")
    assert "Commune de Doussard : le plus en retard sur son quota total (+0,30)" in text
    assert "dans les strates de ce logement" in text
    assert "Commune de Doussard +0,30 +0,30 +0,30 +0,30 +0,30 +0,30 +0,30 +2,37" in text
    assert "à l'écriture n° 1 du registre ; charte, version 2023" in text
    assert "Tous les logements 2, typologie 1" in text


async def test_all_that_waits_is_advised_at_once(site: Site, play: Play) -> None:
    assert "Tout est orienté" in await read(site, "alice", "/liberations/ensemble")
    for number in range(3):
        await play.vacancy(play.home(FAVERGES, number))
    text = await read(site, "alice", "/liberations/ensemble")
    assert text.count("Commune de Faverges-Seythenex") >= 1
    assert "Envoyer ces offres" in text
    assert "Envoyer ces offres" not in await read(site, "bruno", "/liberations/ensemble")
    assert "Voir la proposition pour tous ces logements ensemble" in await read(
        site, "alice", "/liberations"
    )


async def test_a_departure_and_its_motif_are_in_the_bilan_of_the_bailleur(
    site: Site, play: Play
) -> None:
    await play.offer("departement")
    bilan_id = await play.does("alice", lambda tx: bilans.publish(tx, 2026))
    await play.does("alice", lambda tx: bilans.distribute(tx, bilan_id))
    own = await read(site, "alice", f"/bilans/{bilan_id}")
    assert "Choix qui s'écartent de la proposition" in own
    assert "Choix pour l'essai" in own
    assert "Choix pour l'essai" not in await read(site, "chloe", f"/bilans/{bilan_id}")


async def test_each_move_is_read_by_whom_it_concerns(site: Site, play: Play) -> None:
    orientation_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, orientation_id))
    await play.does("alice", post)
    own = f"/flux/registre?bailleur={play.tenant(HSH)}"
    text = await read(site, "alice", "/flux/registre")
    assert "Commune de Doussard : +0,2963" in text
    assert "À orienter : −1,0000" in text.replace("-", "−")
    assert "Logement rendu, sans être compté" in text
    mine = await read(site, "chloe", own)
    assert "Commune de Doussard : +0,2963" in mine
    assert "Action Logement" not in mine
    assert "Commune de Doussard : +0,2963" in await read(site, "estelle", own)
    assert "Aucune écriture" in await read(site, "karine", own + "&compter=leased&avant=1")
    assert "Commune de Doussard" not in await read(site, "denis", own)
    await read(site, "farid", own, 403)
    await read(site, "chloe", "/flux/registre", 404)
    async with site.browser("alice") as client:
        file = await client.get("/flux/registre.csv")
    assert file.status_code == 200
    assert "Logement libéré" in file.text


async def test_a_balance_is_carried_over_the_year(site: Site, play: Play) -> None:
    """« Quota de l'année » and « solde reporté »."""
    await play.vacancy()
    play.now += timedelta(days=300)
    await play.does("alice", post)
    boards = await read(site, "alice", "/flux?annee=2026")
    assert "Solde reporté" in boards
    assert "Quota de l'année" in boards
