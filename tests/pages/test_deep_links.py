"""An address received by mail opens, whoever one is at that moment and whatever has ended since."""

from __future__ import annotations

import re
from uuid import uuid4

from tests.operations.play import PUBLIER, Play
from tests.pages.browsers import Site
from tests.pages.reading import MOMENT, words

SWITCH = re.compile(r'name="membership" value="([^"]+)"><input type="hidden" name="retour"')


async def test_the_page_of_my_other_organisme_offers_the_switch(site: Site, play: Play) -> None:
    """Léo sits for the commune of Publier and for its CCAS."""
    offers = [
        await play.offer("publier", home=play.home(PUBLIER)),
        await play.offer(
            "ccas-publier", home=play.home(PUBLIER, bailleur="alliade-habitat"), who="gaelle"
        ),
    ]
    async with site.browser("leo") as client:
        answers = {one: await client.get(f"/orientations/{one}?vue=1") for one in offers}
        (closed,) = [one for one, answer in answers.items() if answer.status_code == 404]
        answer = answers[closed]
        assert "Voir cette page au nom de" in words(answer)
        assert f'name="retour" value="/orientations/{closed}?vue=1"' in answer.text
        (membership,) = SWITCH.findall(answer.text)
        fields = {"membership": membership, "retour": f"/orientations/{closed}?vue=1"}
        switched = await client.post("/organisme", data=fields)
        assert (switched.status_code, switched.headers["location"]) == (303, fields["retour"])
        assert (await client.get(switched.headers["location"])).status_code == 200


async def test_the_offer_says_nothing_of_what_exists(site: Site, play: Play) -> None:
    """The same words for an element of somebody else and for one that never was."""
    theirs = await play.offer()
    nobodys = uuid4()
    async with site.browser("leo") as client:
        pages = [await client.get(f"/orientations/{one}") for one in (theirs, nobodys)]
        unknown = await client.get("/introuvable")
    assert [page.status_code for page in pages] == [404, 404]
    read = [MOMENT.sub("", page.text) for page in pages]
    assert read[0].replace(str(theirs), "") == read[1].replace(str(nobodys), "")
    assert "Voir cette page au nom de" in words(pages[0])
    assert "Voir cette page au nom de" not in words(unknown)


async def test_with_one_organisme_there_is_no_switch(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    async with site.browser("karine") as client:
        page = await client.get(f"/orientations/{offer_id}")
    assert page.status_code == 404
    assert "Voir cette page au nom de" not in words(page)


async def test_signed_out_one_is_sent_to_sign_in_and_comes_back(site: Site, play: Play) -> None:
    """What follows the sign-in is in tests/tenants/test_oidc.py."""
    offer_id = await play.offer()
    async with site.anonymous() as client:
        answer = await client.get(f"/orientations/{offer_id}?vue=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/connexion?retour=/orientations/{offer_id}%3Fvue%3D1"
