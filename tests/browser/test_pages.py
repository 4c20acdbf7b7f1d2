"""Every page, for each kind of visitor, on every screen: quiet, narrow enough, accessible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from tests.browser.window import COLOURS, DESKTOP, PHONE, SHAPES, SMALLEST, Window, Windows
from tests.crawl import FOREIGN, Crawl, Seen, own_routes, page_routes

pytestmark = pytest.mark.browser


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """A rule of axe that a page breaks for now; past its date the page fails again."""

    route: str
    rule: str
    until: date
    reason: str


EXCLUSIONS: tuple[Exclusion, ...] = ()


def is_excluded(route: str, rule: str) -> bool:
    return any((one.route, one.rule) == (route, rule) for one in EXCLUSIONS)


@pytest.mark.parametrize("route", own_routes())
def test_page_on_every_screen(route: str, crawled: Crawl, windows: Windows) -> None:
    """RGAA by axe in light and dark, no message in the console, no width beyond the screen."""
    problems = [
        f"{seen.slug} {seen.address} {problem}"
        for seen in crawled.samples(route)
        for problem in look(windows.of(seen.slug), seen)
    ]
    assert problems == []


def look(window: Window, seen: Seen) -> list[str]:
    """Colours are the dear rule of axe: once in light, once in dark, all details open."""
    page = window.page
    page.emulate_media(color_scheme="light")
    window.resize(DESKTOP)
    window.go(seen.address)
    found = window.overflow()
    window.resize(PHONE)
    found += window.overflow()
    window.resize(SMALLEST)
    found += [*window.overflow(), *violations(window, seen, "320 px", SHAPES)]
    window.open_details()
    found += window.overflow()
    window.resize(DESKTOP)
    found += [*window.overflow(), *violations(window, seen, "1280 px", SHAPES + COLOURS)]
    page.emulate_media(color_scheme="dark")
    found += violations(window, seen, "sombre", COLOURS)
    return [*found, *window.noises]


def violations(window: Window, seen: Seen, screen: str, tags: tuple[str, ...]) -> list[str]:
    return [
        f"[{screen}] {rule} : {where}"
        for rule, where in window.axe(tags)
        if not is_excluded(seen.route, rule)
    ]


def test_exclusions_are_dated_and_reasoned() -> None:
    reasons = [(one.route, one.until, one.reason) for one in EXCLUSIONS]
    reasons += [(route, until, reason) for route, (until, reason) in FOREIGN.items()]
    today = datetime.now(UTC).date()
    assert [one for one in reasons if one[1] < today or len(one[2]) < 20] == []
    assert {route for route, _, _ in reasons} <= set(page_routes())
