"""Every page by the keyboard alone: the skip link first, each stop seen, no trap."""

from __future__ import annotations

import pytest

from tests.browser.walk import tab_walk
from tests.browser.window import DESKTOP, PHONE, Windows
from tests.crawl import Crawl, own_routes

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("route", own_routes())
def test_tab_walk(route: str, crawled: Crawl, windows: Windows) -> None:
    problems = []
    for seen in crawled.samples(route)[:2]:
        window = windows.of(seen.slug)
        for size in (DESKTOP, PHONE):
            window.resize(size)
            window.go(seen.address)
            problems += [f"{seen.slug} {seen.address} {one}" for one in tab_walk(window.page)]
    assert problems == []
