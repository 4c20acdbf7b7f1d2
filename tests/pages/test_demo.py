from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from server.operations import notifications
from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.pages.reading import words
from tests.worlds import Stage

PAGES = ("/demo", "/demo/courriels", "/demo/courriels.json", "/demo/composants")


@pytest.fixture
async def demo(site: Site, world: Stage) -> AsyncIterator[Site]:
    with world.database.demo():
        yield site


async def deliver(site: Site, play: Play) -> list[UUID]:
    """What the worker does after an act."""
    found: list[UUID] = [
        row[0] for row in play.rows("select id from notifications where state = 'queued'")
    ]
    database = site.stage.app.__class__(site.stage.database.worker_dsn, pool_size=1)
    for one in found:
        await notifications.deliver(database, one, site.settings)
    await database.close()
    return found


@pytest.mark.parametrize("path", [*PAGES, f"/demo/courriels/{UUID(int=1)}"])
async def test_outside_of_the_demonstration_these_pages_do_not_exist(site: Site, path: str) -> None:
    site.app.state.settings = replace(site.settings, mode="production")
    async with site.anonymous() as client:
        assert (await client.get(path)).status_code == 404
        assert (await client.post("/demo/horloge", data={"plus": "1"})).status_code == 404


async def test_without_the_grant_of_the_demonstration_nothing_is_read(site: Site) -> None:
    """The login of a real installation cannot take the role, whatever the settings say."""
    async with site.browser("alice") as client:
        answer = await client.get("/demo/courriels.json")
    assert answer.status_code == 500
    assert "body_text" not in answer.text
    with pytest.raises(DBAPIError, match="permission denied"):
        async with site.stage.app.demo_transaction():
            pass


@pytest.mark.parametrize("path", PAGES)
async def test_anybody_may_look_in_the_demonstration(demo: Site, path: str) -> None:
    async with demo.anonymous() as client:
        assert (await client.get(path)).status_code == 200
    async with demo.browser("chloe") as client:
        assert (await client.get(path)).status_code == 200


async def test_the_clock_moves_over_the_working_days(demo: Site) -> None:
    """Thursday 30 April plus one working day: 1 May is a holiday."""
    async with demo.browser("alice") as client:
        assert "+1 jour ouvré" in words(await client.get("/demo"))
        sent = await client.post("/demo/horloge", data={"plus": "1"})
        assert sent.status_code == 303
        page = await client.get("/demo")
    assert "lundi 4 mai 2026 à 9 h 00" in words(page)


async def test_the_clock_goes_to_an_instant_of_paris(demo: Site) -> None:
    async with demo.browser("alice") as client:
        await client.post("/demo/horloge", data={"instant": "2026-05-05T23:58"})
        assert "mardi 5 mai 2026 à 23 h 58" in words(await client.get("/demo"))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"instant": "2026-04-29T10:00"}, "L'horloge ne revient pas en arrière"),
        ({"instant": "demain"}, "Indiquez une date et une heure."),
        ({"instant": ""}, "Indiquez une date et une heure."),
        ({"instant": "2099-01-01T00:00"}, "L'horloge avance de trois ans au plus"),
        ({"plus": "0"}, "Indiquez de 1 à 260 jours ouvrés."),
        ({"plus": "-1"}, "Indiquez de 1 à 260 jours ouvrés."),
        ({"plus": "999999999"}, "Indiquez de 1 à 260 jours ouvrés."),
        ({"plus": "deux"}, "Indiquez un nombre entier."),
    ],
)
async def test_a_bad_instant_leaves_the_clock(
    demo: Site, play: Play, fields: dict[str, str], says: str
) -> None:
    before = play.dump()["business_clock"]
    async with demo.browser("alice") as client:
        answer = await client.post("/demo/horloge", data=fields)
    assert answer.status_code == 422
    assert says in words(answer)
    assert play.dump()["business_clock"] == before


async def test_every_mail_is_read_where_it_is_kept(demo: Site, play: Play) -> None:
    await play.offer()
    sent = await deliver(demo, play)
    async with demo.browser("alice") as client:
        listed = await client.get("/demo/courriels")
        page = await client.get(f"/demo/courriels/{sent[0]}")
        html = await client.get(f"/demo/courriels/{sent[0]}/html")
        found = (await client.get("/demo/courriels.json")).json()["mails"]
    assert f"/demo/courriels/{sent[0]}" in listed.text
    assert "Commune de Doussard" in words(listed)
    assert "À répondre avant le mar. 05/05" in words(page)
    assert 'sandbox=""' in page.text
    policy = html.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert found[0]["id"] == str(sent[0])
    assert found[0]["to"].endswith(".invalid")
    assert found[0]["organisme"] == "Commune de Doussard"
    assert found[0]["state"] == "kept"
    assert found[0]["has_calendar"], "the limit of the answer goes into an agenda"
    assert "/orientations/" in found[0]["text"]


async def test_an_invitation_comes_with_its_calendar(demo: Site, play: Play) -> None:
    await play.session(await play.complete())
    await deliver(demo, play)
    async with demo.anonymous() as client:
        mails = (await client.get("/demo/courriels.json")).json()["mails"]
        one = next(mail for mail in mails if mail["has_calendar"])
        file = await client.get(f"/demo/courriels/{one['id']}/invitation.ics")
        without = next(mail for mail in mails if not mail["has_calendar"])
        none = await client.get(f"/demo/courriels/{without['id']}/invitation.ics")
    assert "BEGIN:VCALENDAR" in file.text
    assert none.status_code == 404


async def test_a_mail_that_does_not_exist(demo: Site) -> None:
    async with demo.anonymous() as client:
        for path in (str(UUID(int=1)), "pas-un-id", f"{UUID(int=1)}/html"):
            assert (await client.get(f"/demo/courriels/{path}")).status_code == 404
