"""The end of the session, for whoever is still there (RGAA 13.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest

from server.pages.visits import BY_ITSELF
from server.tenants import sessions
from server.tenants.sessions import digest
from tests.pages.browsers import Site
from tests.pages.reading import words

PATH = "/session/prolonger"
FIGURES = {"accept": "application/json", BY_ITSELF: "1"}


def move(site: Site, client: httpx2.AsyncClient, column: str, at: datetime) -> None:
    """What time would have done."""
    secret = next(iter(client.cookies.jar)).value or ""
    with psycopg.connect(site.stage.database.super_dsn, autocommit=True) as connection:
        connection.execute(
            "update sessions set last_seen_at = case when %(column)s = 'last_seen_at'"
            " then %(at)s else last_seen_at end, expires_at = case when %(column)s = 'expires_at'"
            " then %(at)s else expires_at end where id_hash = %(hash)s",
            {"column": column, "at": at, "hash": digest(secret)},
        )


def minutes_ago(count: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=count)


async def test_looking_at_the_end_does_not_move_it_and_prolonging_does(site: Site) -> None:
    async with site.browser("alice") as client:
        move(site, client, "last_seen_at", minutes_ago(57))
        for _ in range(2):
            left = (await client.get(PATH, headers=FIGURES)).json()
            assert 100 < left["seconds"] <= 180
            assert (left["warning_seconds"], left["is_last"]) == (300, False)
        prolonged = (await client.post(PATH, headers=FIGURES)).json()
        assert 3590 < prolonged["seconds"] <= 3600
        again = (await client.get(PATH, headers=FIGURES)).json()
        assert again["seconds"] > 3590


async def test_half_a_minute_more_is_prolonged_too(site: Site) -> None:
    """A page is noted once a minute only; who asks for it gets it at once."""
    async with site.browser("alice") as client:
        move(site, client, "last_seen_at", minutes_ago(0.5))
        assert (await client.post(PATH, headers=FIGURES)).json()["seconds"] > 3590


async def test_nothing_moves_the_end_after_twelve_hours(site: Site) -> None:
    async with site.browser("alice") as client:
        move(site, client, "expires_at", minutes_ago(-4))
        left = (await client.post(PATH, headers=FIGURES)).json()
        assert left["seconds"] <= 240
        assert left["is_last"] is True
        page = await client.get(PATH)
    assert "douze heures après votre connexion" in words(page)
    assert f'action="{PATH}"' not in page.text.partition("<main")[2]


async def test_a_session_that_is_over_is_told_as_such(site: Site) -> None:
    """An empty answer for the page that asks by itself, the way to sign in for a person."""
    async with site.browser("alice") as client:
        move(site, client, "last_seen_at", minutes_ago(61))
        assert (await client.get(PATH, headers=FIGURES)).status_code == 204
        assert (await client.post(PATH, headers=FIGURES)).status_code == 204
        sent = await client.post(PATH)
        assert sent.headers["location"].startswith("/connexion")
        assert (await client.get(PATH)).status_code == 303


async def test_without_javascript_a_page_tells_the_end_and_prolongs(site: Site) -> None:
    async with site.browser("chloe") as client:
        page = await client.get(PATH)
        sent = await client.post(PATH)
        after = await client.get(sent.headers["location"])
        help_page = await client.get("/aide")
    assert "Si vous ne faites rien, elle se ferme le" in words(page)
    assert "Votre session dure jusqu'au" in words(after)
    assert "Si JavaScript est désactivé" in words(help_page)


async def test_every_page_says_how_long_the_session_lasts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "IDLE", timedelta(minutes=20))
    async with site.browser("alice") as client:
        page = (await client.get("/")).text
        async with site.anonymous() as stranger:
            outside = (await stranger.get("/aide")).text
    found = re.search(r'data-reste="(\d+)" data-avis="300"', page)
    assert found
    assert 1190 < int(found[1]) <= 1200
    assert 'id="session" aria-label' not in outside
