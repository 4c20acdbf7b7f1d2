"""The main acts from end to end by the keyboard alone, with JavaScript and without."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.hand import Hand
from tests.browser.window import Window, open_window
from tests.sites import Demonstration, Site

pytestmark = pytest.mark.browser

DOUSSARD = "Commune de Doussard"
NUDS = ("074123456789012345", "074123456789012346", "074123456789012347")


@pytest.fixture
def stage(demonstration: Demonstration) -> Iterator[Site]:
    """A portal of the test's own: it acts."""
    with demonstration.open() as opened:
        yield opened


@pytest.fixture(params=[True, False], ids=["javascript", "sans-javascript"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def free_dwelling(stage: Site) -> str:
    """A dwelling of the flux at Doussard that nobody leaves yet."""
    with stage.visitor("alice") as client:
        found = client.get("/liberations/nouvelle?q=Doussard").text
        for href in re.findall(r'href="(/liberations/nouvelle\?logement=[^"]+)"', found):
            if 'id="champ-libre_le"' in client.get(href).text:
                return str(href)
    raise AssertionError("the demonstration has no free dwelling at Doussard")


def said(window: Window, words: str, *, scripts: bool) -> None:
    """The page tells what was done; with JavaScript the focus is there too."""
    assert words in window.page.inner_text(".notice.success")
    if scripts:
        assert words in Hand(window.page).active()[1]


def refused(window: Window, field: str, *, scripts: bool) -> None:
    """The summary of the errors leads to the field."""
    assert window.page.get_attribute("#erreurs a", "href") == f"#{field}"
    if scripts:
        assert Hand(window.page).active()[0] == "erreurs"
    Hand(window.page).follow_anchor("#erreurs a")
    assert Hand(window.page).active()[0] == field


def test_a_dwelling_goes_from_vacancy_to_candidates(
    stage: Site, browser: Browser, *, scripts: bool
) -> None:
    """Art. 5: registered, offered, accepted, candidates presented, each by its own side."""
    alice = open_window(browser, stage, "alice", scripts=scripts)
    register(stage, alice, scripts=scripts)
    address = send(alice, scripts=scripts)
    chloe = open_window(browser, stage, "chloe", scripts=scripts)
    accept(chloe, address, scripts=scripts)
    present(chloe, scripts=scripts)
    for window in (alice, chloe):
        # a page of errors answers 422, and the console of the browser tells it
        assert [one for one in window.noises if "422" not in one] == []
        window.page.context.close()


def register(stage: Site, window: Window, *, scripts: bool) -> None:
    hand = Hand(window.page)
    window.go(free_dwelling(stage))
    hand.follow("Enregistrer et voir à qui l'orienter")
    refused(window, "champ-libre_le", scripts=scripts)
    hand.enter_day("champ-libre_le", "06062026")
    assert window.page.input_value("#champ-libre_le") == "2026-06-06"
    hand.follow("Enregistrer et voir à qui l'orienter")
    said(window, "Libération enregistrée.", scripts=scripts)


def send(window: Window, *, scripts: bool) -> str:
    hand = Hand(window.page)
    first = window.page.inner_text("label.choice")
    if DOUSSARD in first:
        hand.choose("champ-choix", 0)
    else:
        hand.choose("champ-choix", 1)
        hand.reach(field="champ-reservataire")
        window.page.keyboard.type(DOUSSARD)
        hand.enter("champ-motif", "Demande ancienne de la commune.")
    hand.follow("Continuer : vérifier avant d'envoyer")
    assert DOUSSARD in window.page.inner_text("dl.summary")
    hand.follow("Envoyer l'offre")
    said(window, "Offre envoyée à la commune de Doussard.", scripts=scripts)
    return window.page.url.removeprefix(window.site.url)


def accept(window: Window, address: str, *, scripts: bool) -> None:
    window.go("/orientations")
    hand = Hand(window.page)
    title = window.page.locator(f'a[href="{address}"]').first.inner_text()
    hand.follow(title)
    hand.follow("Accepter ce logement")
    said(window, "Offre acceptée.", scripts=scripts)


def present(window: Window, *, scripts: bool) -> None:
    hand = Hand(window.page)
    hand.enter("champ-nud_1", "123")
    hand.follow("Présenter")
    refused(window, "champ-nud_1", scripts=scripts)
    for nud in NUDS:
        hand.enter("champ-nud_1", nud)
        hand.follow("Présenter")
        assert window.page.locator(".notice.success").is_visible()
    shown = window.page.inner_text("section[aria-labelledby=candidats] table").replace(" ", "")
    assert [shown.count(nud) for nud in NUDS] == [1, 1, 1]
