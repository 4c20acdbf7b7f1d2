"""Paper, reminders, several at once, rectifications: the pages of the bailleur's day."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.pages.reading import actions, words

PAPER = {
    "recue": "accepter",
    "recue_le": "2026-04-30",
    "recue_par": "paper",
    "recue_de": "Mme Essai, secrétaire de mairie",
    "recue_confirme": "1",
}


async def test_the_sheet_says_until_when_and_what_each_box_does(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    for who in ("alice", "chloe"):
        async with site.browser(who) as client:
            page = await client.get(f"/orientations/{offer_id}/fiche")
            pdf = await client.get(f"/orientations/{offer_id}/fiche.pdf")
        for told in (
            "Réponse attendue avant le mardi 5 mai 2026 à 24 h",
            "Nous acceptons ce logement",
            "Nous refusons ce logement",
            "réputée acceptée",
            "Signature et cachet",
        ):
            assert told in words(page)
        assert pdf.content.startswith(b"%PDF-")
    async with site.browser("chloe") as client:
        await client.post(f"/orientations/{offer_id}/accepter")
        closed = await client.get(f"/orientations/{offer_id}/fiche")
    assert closed.status_code == 409


async def test_the_receipt_tells_each_day_and_is_counted_again(site: Site, play: Play) -> None:
    """Kept with the search from its first day, and longer only by an act (art. 5.3)."""
    offer_id = await play.search()
    kept = play.scalar("select candidates_receipt from orientations where id = %s", offer_id)
    assert (kept["start_on"], kept["days"]) == ("2026-04-30", 15)
    async with site.browser("chloe") as client:
        page = words(await client.get(f"/orientations/{offer_id}"))
        pdf = await client.get(f"/orientations/{offer_id}/recu.pdf")
    assert page.count("Recompté avec le calendrier jours-ouvres-1 :") == 2
    assert "mercredi 27 mai 2026, pareil" in page
    assert pdf.headers["content-type"] == "application/pdf"
    leaves = [leaf.extract_text() for leaf in PdfReader(BytesIO(pdf.content)).pages]
    text = " ".join(" ".join(leaves).split())
    for told in ("Pour répondre", "Pour présenter des candidats", "15e jour ouvré", "Ascension"):
        assert told in text


async def test_an_answer_received_on_paper_is_recorded(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = f"/orientations/{offer_id}/reponse-recue"
    async with site.browser("alice") as client:
        page = await client.get(f"/orientations/{offer_id}")
        assert path in actions(page)
        wrong = await client.post(path, data={**PAPER, "recue_confirme": "", "recue": ""})
        assert wrong.status_code == 422
        assert "Confirmez que vous avez relu" in words(wrong)
        sent = await client.post(path, data=PAPER)
        after = await client.get(sent.headers["location"])
    assert "Réponse reçue sur papier de Mme Essai, secrétaire de mairie" in words(after)
    assert play.state(offer_id) == "searching"


async def test_several_are_reminded_each_with_its_result(site: Site, play: Play) -> None:
    """One has been reminded today already, one is a stranger's: the others are all the same."""
    first = await play.offer()
    second = await play.offer(home=play.home(number=1))
    async with site.browser("alice") as client:
        await client.post(f"/orientations/{first}/relancer")
        queue = await client.get("/orientations", params={"etape": "reponse"})
        assert "/relances" in actions(queue)
        form = {"offre": [str(first), str(second), str(play.tenant("doussard"))]}
        told = await client.post("/relances", data=form)
        nothing = await client.post("/relances", data={})
    assert "1 faite, 1 non faite." in words(told)
    assert "déjà été relancé aujourd'hui" in words(told)
    assert nothing.status_code == 422
    reminded = play.rows("select subject_id from journal where act = 'orientation.remind'")
    assert sorted(reminded) == sorted([(first,), (second,)])


async def test_several_prepared_offers_go_at_once(site: Site, play: Play) -> None:
    """Each its own transaction: one that cannot go fails alone, and says why."""
    ready, absent = await play.vacancy(), play.tenant("doussard")
    async with site.browser("alice") as client:
        page = await client.get("/orientations/envoyer")
        assert "le silence vaudra acceptation le mardi 5 mai 2026 à 24 h" in words(page)
        key = f"{play.tenant('doussard')}:none"
        assert f'name="proposition-{ready}" value="{key}"' in page.text
        form = {
            "liberation": [str(ready), str(absent)],
            f"proposition-{ready}": key,
            f"proposition-{absent}": key,
        }
        told = await client.post("/orientations/envoyer", data=form)
        again = await client.post("/orientations/envoyer", data=form)
    assert "1 faite, 1 non faite." in words(told)
    assert "Réponse attendue jusqu'au mardi 5 mai 2026 à 24 h" in words(told)
    assert "0 faite, 2 non faites." in words(again)
    assert play.rows("select vacancy_id from orientations") == [(ready,)]


async def test_a_rectification_is_checked_then_done(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = f"/orientations/{offer_id}/rectifier"
    form = {"erreur": "addressee", "motif": "Mauvaise commune", "version": "1"}
    async with site.browser("alice") as client:
        page = await client.get(path)
        assert "Un acte enregistré ne s'efface pas" in words(page)
        before = play.dump()
        check = await client.get(f"{path}/verifier", params=form)
        assert "Logements orientés en 2026, Commune de Doussard : un de moins." in words(check)
        assert "Compte du flux, Commune de Doussard : le logement reçu est rendu" in words(check)
        forbidden = await client.get(f"{path}/verifier", params={**form, "erreur": "lease"})
        assert forbidden.status_code == 422
        assert play.dump() == before
        sent = await client.post(path, data=form)
        after = await client.get(sent.headers["location"])
    assert "Rectification enregistrée" in words(after)
    assert "Mauvaise commune" in words(after)
    async with site.browser("chloe") as client:
        theirs = await client.get(f"/orientations/{offer_id}")
    assert "Offre envoyée au mauvais organisme" in words(theirs)


@pytest.mark.parametrize("party", ["doussard", "prefecture"])
async def test_an_address_in_error_is_marked_then_corrected(
    site: Site, play: Play, party: str
) -> None:
    """domain.md Q5: the page says that nothing arrived, and has the form that sends again."""
    contingent = "rs" if party == "prefecture" else "none"
    offer_id = await play.offer(party, contingent=contingent)
    async with site.browser("alice") as client:
        marked = await client.post(f"/orientations/{offer_id}/non-remise")
        page = await client.get(marked.headers["location"])
        told = words(page)
        assert page.status_code == 200
        assert "Cette offre n'est pas arrivée" in told
        assert "Adresse signalée en erreur" in told
        version = play.scalar("select version from orientations where id = %s", offer_id)
        again = await client.post(
            f"/orientations/{offer_id}/renvoyer",
            data={"adresse": "autre@mairie.invalid", "version": str(version)},
        )
        assert "Offre renvoyée" in words(await client.get(again.headers["location"]))
