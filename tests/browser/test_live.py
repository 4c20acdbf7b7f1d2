"""Pages that change by themselves, seen in a browser: nothing is lost, nobody is disturbed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from server.tenants import sessions
from tests.browser.hand import Hand
from tests.browser.test_acts import register, send
from tests.browser.window import COLOURS, SHAPES, Window, open_window
from tests.sites import Demonstration, Site

pytestmark = pytest.mark.browser

STREAM = re.compile(r"/direct\?vu=\d+")
HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def stage(demonstration: Demonstration) -> Iterator[Site]:
    """A portal of the test's own: it acts."""
    with demonstration.open() as opened:
        yield opened


@pytest.fixture
def alice(browser: Browser, stage: Site) -> Iterator[Window]:
    window = open_window(browser, stage, "alice")
    yield window
    window.page.context.close()


@pytest.fixture
def chloe(browser: Browser, stage: Site) -> Iterator[Window]:
    window = open_window(browser, stage, "chloe")
    yield window
    window.page.context.close()


def listen(window: Window, address: str) -> Page:
    """The page, once its stream is open."""
    with window.page.expect_response(STREAM):
        window.go(address)
    return window.page


def offer(stage: Site, window: Window) -> None:
    """A dwelling of Doussard becomes free and is offered to the commune."""
    register(stage, window, scripts=True)
    send(window, scripts=True)


def unread(page: Page) -> int:
    found = page.locator("#cloche .bell-count")
    return int(found.inner_text()) if found.count() else 0


def test_an_offer_comes_to_the_inbox_and_to_the_bell_by_itself(
    stage: Site, alice: Window, chloe: Window
) -> None:
    page = listen(chloe, "/orientations?etape=reponse")
    before, tab = unread(page), page.locator("#etapes-direct a[aria-current] .count")
    waiting = int(tab.inner_text())
    page.focus("#aller")
    page.keyboard.type("T3")
    offer(stage, alice)
    expect(page.locator("#cloche .bell-count")).to_have_text(str(before + 1))
    expect(tab).to_have_text(str(waiting + 1))
    assert Hand(page).active()[0] == "aller"
    assert page.input_value("#aller") == "T3"
    shown = page.locator("#offres-direct .cards > *, #offres-direct tbody > tr")
    if waiting:
        expect(page.locator("#offres-direct .news button")).to_have_text("1 nouveauté — afficher")
        page.click("#offres-direct .news button")
    expect(shown).to_have_count(waiting + 1)
    assert chloe.noises == []


def test_the_bell_speaks_on_a_page_without_a_list(
    stage: Site, alice: Window, chloe: Window
) -> None:
    page = listen(chloe, "/session/prolonger")
    count = unread(page) + 1
    offer(stage, alice)
    words = f"Notifications : {count} non lue{'s' if count > 1 else ''}"
    expect(page.locator("#annonces")).to_have_text(words)
    assert page.evaluate("document.activeElement === document.body")


def test_a_hidden_page_asks_nothing_and_misses_nothing(
    stage: Site, alice: Window, chloe: Window
) -> None:
    page = listen(chloe, "/orientations?etape=reponse")
    before = unread(page)
    page.evaluate(HIDE, arg=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    offer(stage, alice)
    page.wait_for_timeout(1000)
    assert asked == []
    page.evaluate(HIDE, arg=False)
    expect(page.locator("#cloche .bell-count")).to_have_text(str(before + 1))


def test_a_lost_connection_is_told_and_nothing_is_missed(
    stage: Site, alice: Window, chloe: Window
) -> None:
    page = listen(chloe, "/orientations?etape=reponse")
    before = unread(page)
    page.context.set_offline(offline=True)
    expect(page.locator("#banniere")).to_have_text("Connexion perdue, reprise en cours…")
    offer(stage, alice)
    assert unread(page) == before
    page.context.set_offline(offline=False)
    expect(page.locator("#banniere")).to_be_hidden(timeout=30_000)
    expect(page.locator("#cloche .bell-count")).to_have_text(str(before + 1), timeout=30_000)


def test_the_end_of_the_session_is_told_and_put_off(
    alice: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RGAA 13.1: told five minutes before, one button puts it off, what was typed stays."""
    monkeypatch.setattr(sessions, "IDLE", timedelta(minutes=5, seconds=4))
    page = listen(alice, "/liberations/nouvelle")
    page.focus("main input[type=search]")
    page.keyboard.type("rue du Lac")
    notice = page.locator("#session")
    expect(notice).to_be_hidden()
    expect(notice).to_be_visible(timeout=15_000)
    told = (
        "Sans activité, votre session se ferme dans 5 minutes. Votre saisie reste sur cette page."
    )
    expect(notice.locator("[role=alert]")).to_have_text(told)
    assert page.input_value("main input[type=search]") == "rue du Lac"
    assert [*alice.axe(SHAPES), *alice.axe(COLOURS)] == []
    monkeypatch.setattr(sessions, "IDLE", timedelta(minutes=60))
    notice.get_by_role("button", name="Prolonger ma session").click()
    expect(notice).to_be_hidden()
    expect(page.locator("#annonces")).to_have_text("Session prolongée.")
    assert page.input_value("main input[type=search]") == "rue du Lac"
    assert page.evaluate("document.activeElement.type") == "search"
    assert alice.noises == []


def test_a_session_that_is_over_is_told_and_taken_up_again(
    stage: Site, alice: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed in again in another tab, the page goes on with what was typed."""
    monkeypatch.setattr(sessions, "IDLE", timedelta(minutes=5, seconds=2))
    page = listen(alice, "/liberations/nouvelle")
    page.fill("main input[type=search]", "rue du Lac")
    monkeypatch.setattr(sessions, "IDLE", timedelta(0))
    banner = page.locator("#banniere")
    expect(banner).to_contain_text("Votre session est terminée", timeout=15_000)
    monkeypatch.setattr(sessions, "IDLE", timedelta(minutes=60))
    page.evaluate(HIDE, arg=True)
    page.evaluate(HIDE, arg=False)
    expect(banner).to_be_hidden()
    assert page.input_value("main input[type=search]") == "rue du Lac"
    assert stage.secret_of("alice")
