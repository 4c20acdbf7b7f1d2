"""The rights on one page: what it says is what the matrix answers (domain.md §1.2)."""

from __future__ import annotations

import html
import re

import pytest

from server.pages.rights import EVERY_ROLE, NO_ROLE, PERSONS, WORDS, granted
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission
from tests.pages.browsers import Site
from tests.pages.reading import words

CELL = re.compile(r'<td data-label="([^"]+)">(.*?)</td>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def rows(text: str) -> dict[str, dict[str, str]]:
    """Act → column → what the cell says."""
    found = {}
    for row in text.partition("<tbody")[2].partition("</tbody>")[0].split("</tr>"):
        head = re.search(r'<th scope="row">(.*?)</th>', row, re.DOTALL)
        if head:
            cells = {label: TAG.sub("", cell).strip() for label, cell in CELL.findall(row)}
            found[html.unescape(head[1])] = cells
    return found


def test_every_permission_has_its_words() -> None:
    assert set(WORDS) == set(Permission)
    assert len(set(WORDS.values())) == len(WORDS)


async def test_anybody_reads_who_may_do_what(site: Site) -> None:
    async with site.anonymous() as client:
        assert "/aide/droits" in (await client.get("/aide")).text
        found = rows((await client.get("/aide/droits")).text)
    assert set(found) == set(WORDS.values())
    answer = found[WORDS[Permission.ORIENTATION_ANSWER]]
    assert answer == {
        "Bailleur": NO_ROLE,
        "Réservataire": "Responsable, agent",
        "Préfecture": NO_ROLE,
        "EPCI": NO_ROLE,
    }
    assert found[WORDS[Permission.BILAN_READ]] == dict.fromkeys(answer, EVERY_ROLE)


@pytest.mark.parametrize("capacity", Capacity)
async def test_each_capacity_reads_its_own(site: Site, capacity: Capacity) -> None:
    """Cell by cell, against the function that decides."""
    async with site.anonymous() as client:
        found = rows((await client.get(f"/aide/droits?qualite={capacity}")).text)
    expected = {
        WORDS[permission]: [
            "Oui" if granted(capacity, role, permission) else NO_ROLE for role in PERSONS
        ]
        for permission in Permission
        if any(granted(capacity, role, permission) for role in PERSONS)
    }
    assert {act: list(cells.values()) for act, cells in found.items()} == expected


async def test_an_unknown_capacity_shows_them_all(site: Site) -> None:
    async with site.anonymous() as client:
        page = await client.get("/aide/droits?qualite=x")
    assert page.status_code == 200
    assert "Toutes les qualités" in words(page)
