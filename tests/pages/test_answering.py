"""The link of an offer in a shared mailbox: seen without an account, answered by a POST."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from server.operations import answer_links, notifications, orientations
from server.tenants.answer_links import AnswerLink, seal, unseal
from server.tenants.metering import Attempts
from server.tenants.transactions import Database as App
from tests.operations.play import Play, paris
from tests.pages.browsers import Site, set_clock, settings_of
from tests.pages.reading import words

LINK = re.compile(r"https?://[^\s\"<]+(/offre/[\w.-]+)")
CLAIRE = {"nom": "Claire Essai", "fonction": "secrétaire de mairie"}
ACCEPT = {**CLAIRE, "reponse": "accepter", "confirme": "1"}


def link_of(site: Site, play: Play, offer_id: UUID, slug: str = "doussard") -> str:
    link = AnswerLink(orientation_id=offer_id, reservataire_id=play.tenant(slug), contingent="none")
    return f"/offre/{seal(site.settings.secret_key, link)}"


async def mail_of_the_offer(play: Play) -> tuple[str, str]:
    """Its text and its HTML, as the worker writes them."""
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    mail = play.scalar("select id from notifications where template = 'orientation.sent'")
    await notifications.deliver(worker, mail, settings_of(play.stage.database))
    await worker.close()
    text, html = play.rows("select body_text, body_html from notifications where id = %s", mail)[0]
    return text, html


async def test_the_mail_of_an_offer_carries_its_link(site: Site, play: Play) -> None:
    """Beside the deep link; nothing of it can be read, and it opens that very offer."""
    offer_id = await play.offer()
    text, html = await mail_of_the_offer(play)
    found = LINK.search(text)
    assert found is not None
    assert found[1] in html
    assert f"/orientations/{offer_id}" in text
    assert str(offer_id) not in found[1]
    assert "doussard" not in found[1].lower()
    async with site.anonymous() as client:
        page = await client.get(found[1])
    assert "Réponse attendue jusqu'au mardi 5 mai 2026 à 24 h" in words(page)


async def test_looking_writes_nothing(site: Site, play: Play) -> None:
    """Mail scanners follow links: twice, with HEAD, in advance."""
    path = link_of(site, play, await play.offer())
    before = play.dump()
    async with site.anonymous() as client:
        for method in ("GET", "HEAD"):
            for headers in (
                {},
                {"sec-purpose": "prefetch;prerender"},
                {"user-agent": "mail scanner"},
            ):
                page = await client.request(method, path, headers=headers)
                assert page.status_code == 200
                assert "set-cookie" not in page.headers
                assert page.headers["x-robots-tag"] == "noindex, nofollow"
                assert page.headers["cache-control"] == "no-store"
    assert play.dump() == before


async def test_answering_takes_a_name_a_function_and_a_second_look(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = link_of(site, play, offer_id)
    before = play.dump()
    async with site.anonymous() as client:
        empty = await client.post(path, data={"confirme": "1"})
        assert empty.status_code == 422
        for asked in (
            "Indiquez votre nom.",
            "Indiquez votre fonction.",
            "Choisissez votre réponse",
        ):
            assert asked in words(empty)
        check = await client.post(path, data={**CLAIRE, "reponse": "accepter"})
        assert "Claire Essai, secrétaire de mairie" in words(check)
        assert "inscrits au journal" in words(check)
        assert play.dump() == before
        sent = await client.post(path, data=ACCEPT)
        assert (sent.status_code, sent.headers["location"]) == (303, path)
        assert "set-cookie" not in sent.headers
        after = await client.get(path)
        again = await client.post(path, data=ACCEPT)
    assert "Offre acceptée" in words(after)
    assert "jusqu'au mercredi 27 mai 2026 à 24 h" in words(after)
    assert again.status_code == 409
    assert play.journal(offer_id)[-1] == (
        *("orientation.accept", "sent", "searching"),
        *("Claire Essai, secrétaire de mairie", "mail"),
    )
    told = play.rows("select template from notifications where subject_id = %s", offer_id)
    assert ("orientation.accept",) in told
    assert play.scalar("select count(*) from sessions") == 0


async def test_refusing_keeps_the_motif(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    form = {**ACCEPT, "reponse": "refuser", "motif": "Trop loin"}
    async with site.anonymous() as client:
        await client.post(link_of(site, play, offer_id), data=form)
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert (row.state, row.refusal_motif) == ("refused", "Trop loin")


async def test_a_closed_link_explains_itself_and_shows_no_dwelling(site: Site, play: Play) -> None:
    offer_id = await play.offer()
    path = link_of(site, play, offer_id)
    address = play.scalar("select address from dwellings where id = %s", play.home())
    async with site.anonymous() as client:
        assert address in (await client.get(path)).text
        set_clock(play.stage.database, paris("2026-05-06T00:00"))
        late = await client.get(path)
        before = play.dump()
        refused = await client.post(path, data=ACCEPT)
        assert play.dump() == before
    assert "réputée acceptée depuis le mardi 5 mai 2026 à 24 h" in words(late)
    assert refused.status_code == 409
    for page in (late, refused):
        assert address not in page.text


async def test_a_bent_link_says_nothing(site: Site, play: Play) -> None:
    """Tampered, cut, of another key, of nobody, of a stranger: the same page, and nothing else."""
    offer_id = await play.offer()
    good = link_of(site, play, offer_id)
    other = AnswerLink(
        orientation_id=offer_id, reservataire_id=play.tenant("doussard"), contingent="none"
    )
    bent = [
        good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
        good[:-9],
        "/offre/rien",
        f"/offre/{'x' * 5000}",
        f"/offre/{seal('another key', other)}",
        link_of(site, play, uuid4()),
        link_of(site, play, offer_id, "faverges-seythenex"),
    ]
    before, pages = play.dump(), set()
    async with site.anonymous() as client:
        for path in bent:
            for method in ("GET", "POST"):
                page = await client.request(method, path, data=ACCEPT if method == "POST" else None)
                assert page.status_code == 404, path
                pages.add(words(page))
    assert len(pages) == 1
    assert play.dump() == before


async def test_the_contingent_of_the_link_is_the_one_of_the_offer(site: Site, play: Play) -> None:
    """R441-5-2: a link of one contingent opens nothing of the other."""
    offer_id = await play.offer("prefecture", contingent="rs")
    answers = {}
    async with site.anonymous() as client:
        for contingent in ("rs", "fonctionnaires", "none"):
            link = AnswerLink(
                orientation_id=offer_id,
                reservataire_id=play.tenant("prefecture"),
                contingent=contingent,
            )
            page = await client.get(f"/offre/{seal(site.settings.secret_key, link)}")
            answers[contingent] = page.status_code
    assert answers == {"rs": 200, "fonctionnaires": 404, "none": 404}


async def test_another_site_cannot_send_the_form(site: Site, play: Play) -> None:
    path = link_of(site, play, await play.offer())
    before = play.dump()
    async with site.anonymous() as client:
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"origin": "https://ailleurs.invalid"},
        ):
            answer = await client.post(path, data=ACCEPT, headers=headers)
            assert answer.status_code == 403
    assert play.dump() == before


async def test_whoever_is_signed_in_answers_there_as_nobody(site: Site, play: Play) -> None:
    """The name is the one declared, the rights are those of the link."""
    offer_id = await play.offer()
    async with site.browser("alice") as client:
        page = await client.get(link_of(site, play, offer_id))
        assert play.actor("alice").person_name not in page.text
        await client.post(link_of(site, play, offer_id), data=ACCEPT)
    assert play.journal(offer_id)[-1][-2:] == ("Claire Essai, secrétaire de mairie", "mail")


async def test_the_organisme_closes_the_way(site: Site, play: Play) -> None:
    """By its responsable, dated; at once for the links already sent, and in no further mail."""
    offer_id = await play.offer()
    path = link_of(site, play, offer_id)
    async with site.browser("chloe") as client:
        page = await client.get("/organisme/boite-partagee")
        assert "le lien permet de répondre" in words(page)
        await client.post("/organisme/boite-partagee", data={"ouverte": ""})
        page = await client.get("/organisme/boite-partagee")
        assert f"fermée par {play.actor('chloe').person_name}, jeudi 30 avril 2026" in words(page)
    before = play.dump()
    async with site.anonymous() as client:
        closed = await client.get(path)
        refused = await client.post(path, data=ACCEPT)
    assert "n'accepte plus les réponses par le lien" in words(closed)
    assert refused.status_code == 409
    assert play.dump() == before
    text, _ = await mail_of_the_offer(play)
    assert LINK.search(text) is None
    await play.does("chloe", lambda tx: answer_links.decide(tx, is_open_now=True))
    async with site.anonymous() as client:
        assert "Répondre à une offre" in words(await client.get(path))


async def test_openings_are_measured(site: Site, play: Play) -> None:
    site.app.state.link_attempts = Attempts(most=2, seconds=60, message="Patientez.")
    path = link_of(site, play, await play.offer())
    async with site.anonymous() as client:
        codes = [(await client.get(path)).status_code for _ in range(2)]
        too_many = await client.get(path)
    assert codes == [200, 200]
    assert too_many.status_code == 429
    assert int(too_many.headers["retry-after"]) >= 1


def test_a_link_is_sealed_and_opaque() -> None:
    link = AnswerLink(orientation_id=uuid4(), reservataire_id=uuid4(), contingent="rs")
    token = seal("k" * 40, link)
    assert unseal("k" * 40, token) == link
    assert unseal("l" * 40, token) is None
    for position in range(0, len(token), 7):
        letter = "A" if token[position] != "A" else "B"
        changed = token[:position] + letter + token[position + 1 :]
        assert unseal("k" * 40, changed) in (None, link)
