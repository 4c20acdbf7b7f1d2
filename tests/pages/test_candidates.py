from __future__ import annotations

from server.operations import caleol
from tests.operations.play import NUDS, Play
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import actions, refused, statuses, words


def lines(*nuds: str) -> dict[str, str]:
    return {f"nud_{number}": nud for number, nud in enumerate(nuds, 1)}


async def test_three_candidates_make_a_complete_list(site: Site, play: Play) -> None:
    """Art. 5.3."""
    offer_id = await play.search()
    path = f"/orientations/{offer_id}/candidats"
    fields = {**lines(*NUDS[:3]), "critere_2": "a", "quartile_1": "yes"}
    async with site.browser("chloe") as client:
        sent = await client.post(path, data=fields)
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
    text = words(page)
    assert "3 candidats présentés. La liste est complète." in text
    assert all(nud in text for nud in NUDS[:3])
    assert "situation de handicap" in text
    assert "premier quartile" in text
    assert actions(page) == []
    async with site.browser("alice") as client:
        theirs = await client.get(f"/orientations/{offer_id}")
    assert "Inscrire à une CALEOL" in words(theirs)


async def test_a_dalo_household_is_alone(site: Site, play: Play) -> None:
    """Art. 6.3."""
    offer_id = await play.search()
    path = f"/orientations/{offer_id}/candidats"
    await refused(
        *(site, play, "chloe", path, {**lines(*NUDS[:2]), "dalo_2": "1"}),
        status=409,
        says="Un ménage reconnu DALO est proposé en candidature unique",
    )
    async with site.browser("chloe") as client:
        sent = await client.post(
            path, data={**lines(NUDS[0]), "dalo_1": "1", "origine_1": "prefet"}
        )
        page = await client.get(sent.headers["location"])
    assert "La liste est complète." in words(page)
    assert "ménage reconnu DALO, désigné par le préfet" in words(page)


async def test_a_wrong_nud_is_said_at_its_line_and_nothing_is_lost(site: Site, play: Play) -> None:
    """R441-2-3."""
    offer_id = await play.search()
    typed = {"nud_1": NUDS[0], "nud_3": "123", "critere_3": "k"}
    answer = await refused(
        *(site, play, "chloe", f"/orientations/{offer_id}/candidats", typed),
        status=422,
        says="compte 18 chiffres ou lettres",
    )
    assert 'id="champ-nud_3-erreur"' in answer.text
    assert 'id="champ-nud_1-erreur"' not in answer.text
    assert 'value="123"' in answer.text
    assert f'value="{NUDS[0]}"' in answer.text
    assert '<option value="k" selected>' in answer.text


async def test_an_empty_form_points_at_its_first_line(site: Site, play: Play) -> None:
    offer_id = await play.search()
    answer = await refused(
        *(site, play, "chloe", f"/orientations/{offer_id}/candidats", {}),
        status=422,
        says="Indiquez au moins un candidat.",
    )
    assert 'href="#champ-nud_1"' in answer.text


async def test_the_same_household_twice_and_an_unknown_criterion(site: Site, play: Play) -> None:
    offer_id = await play.search()
    path = f"/orientations/{offer_id}/candidats"
    await refused(
        *(site, play, "chloe", path, lines(NUDS[0], NUDS[0])),
        status=409,
        says="déjà présenté pour ce logement",
    )
    await refused(
        *(site, play, "chloe", path, {**lines(NUDS[0]), "critere_1": "zz"}),
        status=422,
        says="n'est pas dans la liste en vigueur",
    )


async def test_a_household_that_signed_a_lease_is_told(site: Site, play: Play) -> None:
    """domain.md §5.7, 10: its application should be radiated; the list is taken all the same."""
    leased = await play.attributed()
    await play.does("alice", lambda tx: caleol.record_lease(tx, leased, signed_on=play.day()))
    housed = [
        row[0]
        for row in play.rows(
            "select nud from candidates c join orientations o on c.id = attributed_candidate_id"
        )
    ]
    offer_id = await play.search(home=play.home(number=1))
    set_clock(play.stage.database, play.now)
    async with site.browser("chloe") as client:
        sent = await client.post(f"/orientations/{offer_id}/candidats", data=lines(*housed))
        page = await client.get(sent.headers["location"])
    told = "un de ces ménages a signé un bail : sa demande doit être radiée"
    assert told in words(page)


async def test_a_fourth_candidate_is_refused(site: Site, play: Play) -> None:
    offer_id = await play.search()
    await play.present(offer_id, NUDS[0])
    await refused(
        *(site, play, "chloe", f"/orientations/{offer_id}/candidats", lines(*NUDS[1:4])),
        status=409,
        says="celui-ci serait le quatrième",
    )


async def test_a_candidate_is_taken_back_while_the_search_is_open(site: Site, play: Play) -> None:
    offer_id = await play.search()
    await play.present(offer_id, NUDS[0])
    (candidate_id,) = play.candidates(offer_id)
    path = f"/orientations/{offer_id}/candidats/{candidate_id}/retirer"
    people = {"alice": 403, "bruno": 403, "denis": 403, "karine": 404, "estelle": 403}
    assert await statuses(site, "POST", path, people) == people
    async with site.browser("chloe") as client:
        before = await client.get(f"/orientations/{offer_id}")
        assert path in actions(before)
        sent = await client.post(path)
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
        again = await client.post(path)
    assert "Candidat retiré." in words(page)
    assert NUDS[0] not in page.text
    assert again.status_code == 404


async def test_nobody_is_presented_before_acceptance_or_after_the_end(
    site: Site, play: Play
) -> None:
    offer_id = await play.offer()
    path = f"/orientations/{offer_id}/candidats"
    await refused(
        *(site, play, "chloe", path, lines(NUDS[0])),
        status=409,
        says="cette action n'est pas possible",
    )
    searched = await play.search(home=play.home(number=1))
    await play.present(searched, NUDS[1])
    (candidate_id,) = play.candidates(searched)
    set_clock(play.stage.database, play.now.replace(month=6))
    await refused(
        *(site, play, "chloe", f"/orientations/{searched}/candidats", lines(NUDS[2])),
        status=409,
        says="Le délai pour présenter des candidats a pris fin",
    )
    await refused(
        *(site, play, "chloe", f"/orientations/{searched}/candidats/{candidate_id}/retirer", {}),
        status=409,
        says="Un candidat ne se retire que pendant la recherche",
    )
    async with site.browser("alice") as client:
        page = await client.get(f"/orientations/{searched}")
        assert f"/orientations/{searched}/candidats" in actions(page)
        sent = await client.post(f"/orientations/{searched}/candidats", data=lines(NUDS[2]))
    assert sent.status_code == 303, words(sent)


async def test_only_the_parties_present_and_read(site: Site, play: Play) -> None:
    offer_id = await play.search()
    await play.present(offer_id, NUDS[0])
    people = {"bruno": 403, "denis": 404, "karine": 404, "estelle": 403, "farid": 403}
    path = f"/orientations/{offer_id}/candidats"
    assert await statuses(site, "POST", path, people, nud_1=NUDS[1]) == people
    async with site.browser("estelle") as client:
        page = await client.get(f"/orientations/{offer_id}")
    assert NUDS[0] not in page.text, "the préfecture reads DALO candidates only"
