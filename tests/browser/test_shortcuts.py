"""The single letters of the bailleur's list of offers: j and k move, x ticks, a box says no."""

from __future__ import annotations

import pytest

from tests.browser.hand import Hand
from tests.browser.window import DESKTOP, Windows

pytestmark = pytest.mark.browser

WAITING = "/orientations?etape=reponse"
HELD = """() => [...document.querySelectorAll("[data-raccourcis] tbody th a")]
    .indexOf(document.activeElement)"""
TICKED = """() => document.querySelectorAll("[data-raccourcis] input[name=offre]:checked").length"""


def test_j_k_and_x_in_the_list_of_offers(windows: Windows) -> None:
    """interface.md §6: a bailleur's officer lives in it; WCAG 2.1.4: the keys can be put out."""
    window = windows.of("alice")
    window.resize(DESKTOP)
    window.go(WAITING)
    page, keyboard = window.page, window.page.keyboard
    count = page.locator("[data-raccourcis] tbody tr").count()
    assert count >= 2

    def press(*keys: str) -> int:
        for key in keys:
            keyboard.press(key)
        return int(page.evaluate(HELD))

    assert press("j") == 0
    assert press("j") == 1
    assert press("k") == 0
    assert press("k") == 0  # the first one stays
    assert press(*"j" * (count + 2)) == count - 1
    keyboard.press("x")
    assert page.evaluate(TICKED) == 1
    keyboard.press("x")
    assert page.evaluate(TICKED) == 0
    window.open_details()
    box = page.locator("[data-raccourcis-actifs]")
    box.uncheck()
    page.locator("[data-raccourcis] tbody th a").first.focus()
    assert press("j") == 0
    keyboard.press("x")
    assert page.evaluate(TICKED) == 0
    box.check()
    page.locator("[data-raccourcis] tbody th a").first.focus()
    assert press("j") == 1
    assert Hand(page).active()[1]
    assert window.noises == []
