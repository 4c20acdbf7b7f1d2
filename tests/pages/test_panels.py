"""A panel that asks again for itself gets, at its own address, the very panel of the page."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from server.pages.visits import BY_ITSELF
from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.pages.reading import SPACES
from tests.pages.test_bilans import publish

PANEL = re.compile(r'<div class="live" id="([^"]+)"[^>]*data-hx-get="([^"]+)"')


def panel(text: str, name: str) -> str:
    """The element with all that it holds."""
    start = text.index(f'<div class="live" id="{name}"')
    depth = 0
    for tag in re.finditer(r"<(/?)div\b[^>]*>", text[start:]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return SPACES.sub(" ", text[start : start + tag.end()])
    raise AssertionError(name)


async def panels(client: httpx2.AsyncClient, path: str) -> AsyncIterator[str]:
    """The names of the panels of a page, each one asked again."""
    page = await client.get(path)
    assert page.status_code == 200, path
    for name, address in PANEL.findall(page.text):
        headers = {"HX-Request": "true", BY_ITSELF: "1"}
        again = await client.get(html.unescape(address), headers=headers)
        assert panel(again.text, name) == panel(page.text, name)
        yield name


async def names(client: httpx2.AsyncClient, path: str) -> set[str]:
    return {name async for name in panels(client, path)}


@pytest.mark.parametrize(
    ("who", "path", "expected"),
    [
        ("alice", "/", {"a-faire", "ou-en-est"}),
        ("farid", "/", {"a-faire", "ou-en-est"}),
        ("alice", "/orientations", {"etapes-direct", "offres-direct"}),
        (
            "chloe",
            "/orientations?etape=reponse&commune=74104",
            {"etapes-direct", "offres-direct"},
        ),
        ("estelle", "/urgences", {"urgences-chiffres", "urgences-direct"}),
        ("alice", "/flux?annee=2026&compter=leased", {"chiffres"}),
        ("chloe", "/flux", {"chiffres"}),
    ],
)
async def test_the_panels_of_a_page(
    site: Site, play: Play, who: str, path: str, expected: set[str]
) -> None:
    await play.offer()
    async with site.browser(who) as client:
        assert await names(client, path) == expected


async def test_the_panel_of_a_session(site: Site, play: Play) -> None:
    session_id = await play.session(await play.complete())
    async with site.browser("alice") as client:
        assert await names(client, f"/caleol/{session_id}") == {"seance-direct"}
        refused = await client.post(f"/caleol/{session_id}/decisions", data={})
    assert f'data-hx-get="/caleol/{session_id}"' in refused.text


async def test_the_panel_of_a_bilan(site: Site) -> None:
    path = await publish(site)
    async with site.browser("alice") as client:
        assert await names(client, path) == {"remises-direct"}
