from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from server.operations import orientations
from tests.operations.play import FAVERGES, Play, paris
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import actions, refused, statuses, words

CAST = ("bruno", "denis", "karine", "estelle", "farid")


def clock(play: Play, text: str) -> None:
    """Later, for the pages and for the acts."""
    play.now = paris(text)
    set_clock(play.stage.database, play.now)


async def test_the_box_of_the_reservataire_says_until_when_and_what_silence_does(
    site: Site, play: Play
) -> None:
    offer_id = await play.offer()
    async with site.browser("chloe") as client:
        box = await client.get("/orientations")
        page = await client.get(f"/orientations/{offer_id}")
    for answer in (box, page):
        assert "Réponse attendue jusqu'au mardi 5 mai 2026 à 24 h" in words(answer)
        assert "Reste 2 jours ouvrés" in words(answer)
        assert "Sans réponse, l'offre est réputée acceptée" in words(answer)
    assert actions(page) == [f"/orientations/{offer_id}/accepter"]
    assert f"/orientations/{offer_id}/refuser" in page.text


async def test_accepting_opens_fifteen_working_days(site: Site, play: Play) -> None:
    """Art. 5.3: accepted on Thursday 30 April 2026, candidates until Wednesday 27 May."""
    offer_id = await play.offer()
    async with site.browser("chloe") as client:
        sent = await client.post(f"/orientations/{offer_id}/accepter", data={"version": "1"})
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
    assert "Offre acceptée. Présentez vos candidats jusqu'au" in words(page)
    assert "Candidats attendus jusqu'au mercredi 27 mai 2026 à 24 h" in words(page)
    assert play.state(offer_id) == "searching"
    await refused(
        *(site, play, "chloe", f"/orientations/{offer_id}/accepter", {"version": "1"}),
        status=409,
        says="Une autre personne a déjà répondu à cette offre",
    )


@pytest.mark.parametrize("act", ["accepter", "refuser"])
async def test_after_the_deadline_the_page_says_that_silence_has_accepted(
    site: Site, play: Play, act: str
) -> None:
    offer_id = await play.offer()
    clock(play, "2026-05-06T00:00")
    await refused(
        *(site, play, "chloe", f"/orientations/{offer_id}/{act}", {"version": "1"}),
        status=409,
        says="réputée acceptée depuis le mardi 5 mai 2026 à 24 h",
    )


async def test_a_stopped_worker_never_makes_an_expired_offer_look_open(
    site: Site, play: Play
) -> None:
    offer_id = await play.offer()
    clock(play, "2026-05-06T08:00")
    assert play.state(offer_id) == "sent"
    async with site.browser("chloe") as client:
        page = await client.get(f"/orientations/{offer_id}")
        box = await client.get("/orientations")
        refusal = await client.get(f"/orientations/{offer_id}/refuser")
    async with site.browser("alice") as client:
        queue = await client.get("/orientations", params={"etape": "reponse"})
        searching = await client.get("/orientations", params={"etape": "candidats"})
    text = words(page)
    assert "Offre réputée acceptée depuis le mardi 5 mai 2026 à 24 h" in text
    assert "Candidats attendus jusqu'au vendredi 29 mai 2026 à 24 h" in text
    assert "Mardi 5 mai 2026 à 24 h Offre réputée acceptée, sans réponse dans le délai" in text
    assert actions(page) == [f"/orientations/{offer_id}/candidats"]
    assert "Candidats attendus jusqu'au" in words(box)
    assert "Cette offre ne peut plus être refusée" in words(refusal)
    assert f"/orientations/{offer_id}" not in queue.text
    assert f"/orientations/{offer_id}" in searching.text


async def test_refusing_is_checked_first_and_needs_no_motif(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = f"/orientations/{offer_id}/refuser"
    async with site.browser("chloe") as client:
        checked = await client.get(path)
        assert "Un refus ne se reprend pas." in words(checked)
        assert actions(checked) == [path]
        sent = await client.post(path, data={"version": "1", "motif": ""})
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
    assert "Offre refusée : Haute-Savoie Habitat en est prévenu." in words(page)
    assert play.state(offer_id) == "refused"
    async with site.browser("alice") as client:
        again = await client.get("/liberations")
    assert "À orienter" in words(again)


async def test_withdrawing_needs_a_motif_that_the_other_side_reads(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = f"/orientations/{offer_id}/retirer"
    answer = await refused(
        *(site, play, "alice", path, {"version": "1", "motif": " "}),
        status=409,
        says="Indiquez le motif.",
    )
    assert 'href="#champ-motif"' in answer.text
    async with site.browser("alice") as client:
        sent = await client.post(path, data={"version": "1", "motif": "Sinistre"})
    assert sent.status_code == 303
    async with site.browser("chloe") as client:
        page = await client.get(f"/orientations/{offer_id}")
    assert "Motif du retrait Sinistre" in words(page)
    assert actions(page) == []


async def test_a_wrong_version_is_said(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    await refused(
        *(site, play, "chloe", f"/orientations/{offer_id}/accepter", {"version": "un"}),
        status=422,
        says="Indiquez un nombre entier.",
    )


async def test_the_lease_ends_the_file(site: Site, play: Play) -> None:
    offer_id = await play.attributed()
    clock(play, (play.now + timedelta(days=5)).strftime("%Y-%m-%dT10:00"))
    path = f"/orientations/{offer_id}/bail"
    await refused(site, play, "alice", path, {"signe_le": ""}, status=422, says="Indiquez une date")
    await refused(
        *(site, play, "alice", path, {"signe_le": "2027-01-01"}),
        status=409,
        says="La date de signature du bail est à venir",
    )
    signed = (play.now - timedelta(days=1)).date().isoformat()
    async with site.browser("alice") as client:
        before = await client.get(f"/orientations/{offer_id}")
        assert path in actions(before)
        assert "/caleol/" in before.text
        sent = await client.post(path, data={"signe_le": signed})
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
    assert "Bail enregistré." in words(page)
    assert "Attribution" in words(page)
    assert actions(page) == []


async def test_only_the_bailleur_reads_why_this_reservataire(site: Site, play: Play) -> None:
    offer_id = await play.offer("action-logement")
    async with site.browser("alice") as client:
        own = await client.get(f"/orientations/{offer_id}")
    async with site.browser("nadir") as client:
        theirs = await client.get(f"/orientations/{offer_id}")
    assert "Motif : Choix pour l'essai" in words(own)
    assert "le plus en retard" in words(own)
    assert "Choix pour l'essai" not in theirs.text
    assert "en retard" not in words(theirs)


async def test_how_the_deadline_was_counted_is_told(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    async with site.browser("chloe") as client:
        text = words(await client.get(f"/orientations/{offer_id}"))
    assert "2 jours ouvrés après le jeudi 30 avril 2026, qui ne compte pas" in text
    assert "samedi 2 mai 2026 : fin de semaine" in text


async def test_each_of_the_cast_has_their_own_answer(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = f"/orientations/{offer_id}"
    reading = await statuses(site, "GET", path, CAST)
    assert reading == {"bruno": 200, "denis": 404, "karine": 404, "estelle": 200, "farid": 403}
    listing = await statuses(site, "GET", "/orientations", CAST)
    assert listing == {"bruno": 200, "denis": 200, "karine": 200, "estelle": 200, "farid": 403}
    before = play.dump()["orientations"]
    outcomes = {
        "accepter": {"alice": 403, "bruno": 403, "denis": 403, "karine": 404, "estelle": 403},
        "refuser": {"alice": 403, "bruno": 403, "denis": 403, "karine": 404, "estelle": 403},
        "retirer": {"chloe": 403, "bruno": 403, "denis": 404, "karine": 403, "estelle": 403},
        "bail": {"chloe": 403, "bruno": 403, "denis": 404, "karine": 403, "estelle": 403},
    }
    for act, expected in outcomes.items():
        fields = {"motif": "Essai", "signe_le": "2026-04-30"}
        assert await statuses(site, "POST", f"{path}/{act}", expected, **fields) == expected, act
    assert play.dump()["orientations"] == before
    async with site.browser("alice") as client:
        assert (await client.get(f"/orientations/{uuid4()}")).status_code == 404
        assert (await client.get("/orientations/demain")).status_code == 404


async def test_a_reader_and_the_prefecture_have_no_button(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    for who in ("bruno", "estelle"):
        async with site.browser(who) as client:
            page = await client.get(f"/orientations/{offer_id}")
        assert actions(page) == [], who
        assert "/refuser" not in page.text
    assert "logement 01" not in page.text, "the préfecture reads no address"


async def test_the_queue_counts_each_stage_and_filters_in_its_address(
    site: Site, play: Play
) -> None:
    here = await play.offer()
    there = await play.offer("faverges-seythenex", home=play.home(FAVERGES))
    await play.search(home=play.home(number=1))
    async with site.browser("alice") as client:
        queue = await client.get("/orientations")
        kept = await client.get("/orientations", params={"etape": "reponse", "commune": FAVERGES})
        wrong = await client.get("/orientations", params={"apres": "rien"})
        unknown = await client.get("/orientations", params={"etape": "?", "bailleur": "?"})
    assert "Attend réponse 2 Attend candidats 1 Sans candidat 0" in words(queue)
    assert f"/orientations/{there}" in kept.text
    assert f"/orientations/{here}" not in kept.text
    assert "Commune : Faverges-Seythenex" in words(kept)
    assert wrong.status_code == 422
    assert unknown.status_code == 200


async def test_the_nearest_deadline_comes_first(site: Site, play: Play) -> None:
    early = await play.offer()
    clock(play, "2026-05-04T09:00")
    late = await play.offer(home=play.home(number=1))
    async with site.browser("chloe") as client:
        box = (await client.get("/orientations")).text
    assert box.index(str(early)) < box.index(str(late))


async def test_a_fragment_is_the_part_of_the_page(site: Site, play: Play) -> None:
    await play.offer()
    async with site.browser("chloe") as client:
        page = await client.get("/orientations")
        part = await client.get("/orientations", headers={"hx-request": "true"})
    assert part.text.lstrip().startswith('<div id="liste"')
    assert part.text.strip() in page.text


async def test_counts_and_lists_agree_whatever_the_sweep_has_done(play: Play, site: Site) -> None:
    await play.offer()
    searched = await play.search(home=play.home(number=1))
    clock(play, "2026-05-28T08:00")
    async with site.browser("alice") as client:
        page = await client.get("/orientations", params={"etape": "sans_candidat"})
    assert "Attend réponse 0 Attend candidats 1 Sans candidat 1" in words(page)
    assert str(searched) in page.text
    numbers = await play.reads("alice", orientations.counts_in_law)
    assert numbers == {"searching": 1, "no_candidate": 1}


async def without_candidate(play: Play) -> UUID:
    offer_id = await play.search()
    clock(play, "2026-05-28T09:00")
    return offer_id


async def test_without_candidate_the_bailleur_searches_on_behalf(site: Site, play: Play) -> None:
    """Art. 5.3: the dwelling stays imputed to the réservataire."""
    offer_id = await without_candidate(play)
    path = f"/orientations/{offer_id}/suite"
    async with site.browser("alice") as client:
        page = await client.get(f"/orientations/{offer_id}")
        assert actions(page) == [path]
        sent = await client.post(path, data={"suite": "compte"})
        assert sent.status_code == 303
        after = await client.get(sent.headers["location"])
    assert "Haute-Savoie Habitat cherche des candidats pour le compte de" in words(after)
    assert f"/orientations/{offer_id}/candidats" in actions(after)
    assert "Candidats attendus jusqu'au" not in words(after)
    assert play.state(offer_id) == "searching"


async def test_without_candidate_more_days_are_granted(site: Site, play: Play) -> None:
    offer_id = await without_candidate(play)
    path = f"/orientations/{offer_id}/suite"
    await refused(
        *(site, play, "alice", path, {"suite": "delai", "jours": "beaucoup"}),
        status=422,
        says="Indiquez un nombre entier.",
    )
    await refused(
        *(site, play, "alice", path, {"suite": "delai", "jours": "0"}),
        status=409,
        says="au moins un jour ouvré",
    )
    async with site.browser("alice") as client:
        sent = await client.post(path, data={"suite": "delai", "jours": "5"})
        assert sent.status_code == 303
    async with site.browser("chloe") as client:
        theirs = await client.get(f"/orientations/{offer_id}")
    assert "Candidats attendus jusqu'au jeudi 4 juin 2026 à 24 h" in words(theirs)
    assert f"/orientations/{offer_id}/candidats" in actions(theirs)


async def test_without_candidate_the_dwelling_goes_to_another(site: Site, play: Play) -> None:
    offer_id = await without_candidate(play)
    path = f"/orientations/{offer_id}/suite"
    await refused(site, play, "alice", path, {"suite": ""}, status=422, says="Choisissez la suite.")
    people = {"chloe": 403, "bruno": 403, "denis": 404, "karine": 403, "estelle": 403}
    assert await statuses(site, "POST", path, people, suite="reorienter") == people
    async with site.browser("alice") as client:
        sent = await client.post(path, data={"suite": "reorienter"})
        assert sent.headers["location"].startswith("/liberations/")
        page = await client.get(sent.headers["location"])
    assert "Logement à nouveau à orienter." in words(page)
    assert "a déjà refusé ce logement" in words(page)
    told = play.rows("select template from notifications where subject_id = %s", offer_id)
    assert ("orientation.reorient",) in told


async def test_renouncing_is_checked_then_done(site: Site, play: Play) -> None:
    """T17: the page says what it does; the bailleur then chooses what follows."""
    offer_id = await play.search()
    async with site.browser("chloe") as client:
        page = await client.get(f"/orientations/{offer_id}")
        assert f"/orientations/{offer_id}/renoncer" in page.text
        check = await client.get(f"/orientations/{offer_id}/renoncer")
        assert "reste comptée parmi les logements orientés vers vous" in words(check)
        sent = await client.post(f"/orientations/{offer_id}/renoncer", data={"motif": "Essai"})
        after = await client.get(sent.headers["location"])
        closed = await client.get(f"/orientations/{offer_id}/renoncer")
    assert "Renonciation enregistrée" in words(after)
    assert "La renonciation n'est pas possible" in words(closed)
    async with site.browser("alice") as client:
        page = await client.get(f"/orientations/{offer_id}")
    assert "à vous de choisir la suite" in words(page)
    assert actions(page) == [f"/orientations/{offer_id}/suite"]


async def test_the_candidates_retained_are_told_in_turn(site: Site, play: Play) -> None:
    """R441-10, T14 to T16: one retained, silent; then nobody takes the dwelling."""
    offer_id = await play.attributed()
    set_clock(play.stage.database, play.now)
    path = f"/orientations/{offer_id}"
    async with site.browser("alice") as client:
        page = await client.get(path)
        assert actions(page) == [f"{path}/notification", f"{path}/bail"]
        wrong = await client.post(f"{path}/notification", data={"notifie_le": "", "delai": "10"})
        assert wrong.status_code == 422
        few = {"notifie_le": play.day().isoformat(), "delai": "9"}
        assert (await client.post(f"{path}/notification", data=few)).status_code == 409
        await client.post(f"{path}/notification", data={**few, "delai": "10"})
        page = await client.get(path)
        assert "son silence vaut refus (R441-10)" in words(page)
        assert f"{path}/reponse-candidat" in actions(page)
        clock(play, "2026-06-01T09:00")
        page = await client.get(path)
        assert "Sans réponse, réputé avoir refusé" in words(page)
        assert f"{path}/sans-bail" in actions(page)
        sent = await client.post(f"{path}/sans-bail", data={"motif_echec": "Silence"})
        after = await client.get(sent.headers["location"])
    assert "le logement est à nouveau à orienter" in words(after)
    assert play.state(offer_id) == "lease_failed"


async def test_the_bailleur_reads_the_chain_of_a_vacancy(site: Site, play: Play) -> None:
    """T7: a refusal, then another réservataire, who sees nothing of the first one."""
    first = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, first, motif="Trop loin"))
    command = orientations.SendOrientation(
        vacancy_id=play.vacancy_of(first),
        reservataire_id=play.tenant("departement"),
        departure_motif="Essai",
    )
    second = await play.does("alice", lambda tx: orientations.send(tx, command))
    async with site.browser("alice") as client:
        page = await client.get(f"/orientations/{second}")
    assert f'href="/orientations/{first}"' in page.text
    assert "Trop loin" in words(page)
    async with site.browser("odile") as client:
        page = await client.get(f"/orientations/{second}")
    assert "Commune de Doussard" not in words(page)
    assert str(first) not in page.text


@pytest.mark.parametrize("is_counted", [False, True])
async def test_the_check_of_a_rectification_tells_what_the_ledger_undoes(
    site: Site, play: Play, *, is_counted: bool
) -> None:
    """A refusal that was counted is a credit of its party: taken back with the offer (art. 5.1)."""
    policy = "counted" if is_counted else "free"
    play.rewrite("update charte_versions set refusals = %s", policy)
    offer_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, offer_id))
    asked = {"erreur": "addressee", "motif": "Erreur de saisie"}
    async with site.browser("alice") as client:
        check = await client.get(f"/orientations/{offer_id}/rectifier/verifier", params=asked)
    told = words(check)
    assert "Logements orientés en 2026" in told
    assert ("le refus qui lui avait été compté est effacé" in told) is is_counted
    assert "le logement reçu est rendu" not in told
