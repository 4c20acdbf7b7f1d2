"""Calendars to follow: secret, revocable, without personal data, with the rights of the moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from server.errors import Conflict, Forbidden, NotFound
from server.operations import feeds
from server.operations.feeds import MOST_FEEDS
from tests.operations.play import NUDS, Play
from tests.pages.browsers import Site

PLACE = {"public_url": "https://portail.invalid", "domain": "portail.invalid"}


async def follow(play: Play, who: str, *, is_shared: bool = False) -> str:
    return await play.does(who, lambda tx: feeds.create(tx, is_shared=is_shared))


async def read(play: Play, secret: str) -> str:
    return await feeds.read(play.stage.app, secret, **PLACE)


def events(text: str) -> dict[str, dict[str, str]]:
    """By identifier, the properties of each entry, as a diary reads them."""
    found = {}
    for block in text.replace("\r\n ", "").split("BEGIN:VEVENT")[1:]:
        lines = [line.split(":", 1) for line in block.splitlines() if ":" in line]
        facts = {name.split(";")[0]: value for name, value in lines}
        found[facts["UID"]] = facts
    return found


def entries(text: str) -> dict[str, str]:
    """By beginning of the identifier, the day of each entry."""
    found = events(text)
    return {uid.split("-")[0]: found[uid]["DTSTART"][:8] for uid in sorted(found)}


@pytest.fixture
async def furnished(play: Play) -> Play:
    """An offer to answer, one whose candidates are awaited, a session, at the date of the play."""
    await play.offer(home=play.home(number=1))
    await play.search(home=play.home(number=2))
    await play.session(await play.complete(home=play.home(number=3)))
    play.run("insert into business_clock (shift) values (%s - now())", play.now)
    return play


async def test_a_calendar_holds_the_deadlines_and_nothing_of_a_household(furnished: Play) -> None:
    text = await read(furnished, await follow(furnished, "chloe"))
    found = entries(text)
    assert {name: found[name] for name in ("reponse", "candidats")} == {
        "reponse": "20260505",
        "candidats": "20260527",
    }
    assert {"caleol", "28"} <= set(found)
    assert "31" not in found  # what goes to the CIL is no affair of a réservataire
    assert text.count("CLASS:PRIVATE") == text.count("BEGIN:VEVENT")
    assert text.count("TRANSP:TRANSPARENT") == text.count("VALUE=DATE") // 2
    assert not re.search("|".join(NUDS), text.replace("\r\n ", ""))
    assert text == await read(furnished, await follow(furnished, "chloe", is_shared=True))


@pytest.mark.parametrize(
    ("who", "has"),
    [
        ("alice", {"reponse", "candidats", "caleol", "28"}),
        ("karine", {"28"}),
        ("denis", {"28"}),
        ("estelle", {"28", "31"}),
        ("farid", {"28", "31"}),
    ],
)
async def test_each_one_follows_what_it_may_read(furnished: Play, who: str, has: set[str]) -> None:
    found = set(entries(await read(furnished, await follow(furnished, who)))) - {"convention"}
    assert has <= found
    if who in ("karine", "denis", "farid"):
        assert not {"reponse", "candidats"} & found


async def test_the_entry_of_the_mail_is_the_one_of_the_calendar(furnished: Play) -> None:
    """Same identifier: a diary keeps one; its number grows with the file."""
    text = await read(furnished, await follow(furnished, "chloe"))
    offer_id, version = furnished.rows("select id, version from orientations where state = 'sent'")[
        0
    ]
    assert events(text)[f"reponse-{offer_id}@portail.invalid"]["SEQUENCE"] == str(version)


async def test_a_member_who_leaves_is_followed_no_more(furnished: Play) -> None:
    secret, shared = (
        await follow(furnished, "bruno"),
        await follow(furnished, "alice", is_shared=True),
    )
    assert await read(furnished, secret)
    furnished.run(
        "update memberships set revoked_at = now(), ended_as = 'removed' where person_id = %s",
        furnished.actor("bruno").person_id,
    )
    with pytest.raises(NotFound):
        await read(furnished, secret)
    assert await read(furnished, shared)


async def test_what_is_revoked_or_never_was_is_absent(play: Play) -> None:
    secret = await follow(play, "chloe")
    (mine,) = await play.reads("chloe", feeds.list_feeds)
    for stranger in ("karine", "alice", "estelle"):
        await play.is_refused(stranger, lambda tx: feeds.revoke(tx, mine.id), NotFound)
    await play.does("chloe", lambda tx: feeds.revoke(tx, mine.id))
    for dead in (secret, "", "a" * 43, "..", "\u00e9"):
        with pytest.raises(NotFound):
            await read(play, dead)
    await play.is_refused("chloe", lambda tx: feeds.revoke(tx, mine.id), NotFound)


async def test_the_secret_is_not_in_the_database(play: Play) -> None:
    secret = await follow(play, "chloe")
    assert play.scalar("select secret_hash from calendar_feeds") != secret
    assert play.scalar("select count(*) from calendar_feeds where secret_hash = %s", secret) == 0


async def test_the_calendar_of_the_organisme_is_its_responsables_affair(play: Play) -> None:
    await play.is_refused("bruno", lambda tx: feeds.create(tx, is_shared=True), Forbidden)
    await follow(play, "alice", is_shared=True)
    (shared,) = await play.reads("bruno", feeds.list_feeds)
    await play.is_refused("bruno", lambda tx: feeds.revoke(tx, shared.id), Forbidden)
    await play.is_refused(
        "doussard machine",
        lambda tx: feeds.create(tx, is_shared=False),
        Conflict,
        "person_required",
    )


async def test_a_handful_is_enough(play: Play) -> None:
    for _ in range(MOST_FEEDS):
        await follow(play, "chloe")
    await play.is_refused(
        "chloe", lambda tx: feeds.create(tx, is_shared=False), Conflict, "too_many_feeds"
    )


async def test_a_diary_that_knows_it_is_told_so(furnished: Play) -> None:
    secret = await follow(furnished, "chloe")
    async with Site(furnished.stage).anonymous() as diary:
        first = await diary.get(f"/calendrier/{secret}.ics")
        assert first.headers["content-type"] == "text/calendar; charset=utf-8"
        assert first.headers["cache-control"] == "private, max-age=900"
        again = await diary.get(
            f"/calendrier/{secret}.ics", headers={"if-none-match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert (await diary.get("/calendrier/inconnu.ics")).status_code == 404
    read_at = furnished.scalar("select last_read_at from calendar_feeds")
    assert isinstance(read_at, datetime)
    assert read_at <= datetime.now(UTC)
    assert isinstance(furnished.scalar("select id from calendar_feeds"), UUID)
