"""A browser window of one of the cast, and what may be asked of the page it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
)

from tests.crawl import NOBODY
from tests.sites import Site

DESKTOP = (1280, 900)
PHONE = (390, 844)
SMALLEST = (320, 640)  # RGAA 10.11

# Families of rules of axe: contrasts, and all the rest.
SHAPES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "RGAAv4", "best-practice")
COLOURS = ("color-contrast",)
AXE = Axe()
ONLY_OURS = {"resultTypes": ["violations"], "iframes": False}  # the mail in a frame runs nothing

WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"
OPEN_DETAILS = """() => document.querySelectorAll("main details")
    .forEach((one) => { one.open = true; })"""


@dataclass
class Window:
    """A page with its noises: what the console says, what fails, what the policy refuses."""

    page: Page
    site: Site
    noises: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._hear_console)
        self.page.on("pageerror", self._hear_error)
        self.page.on("requestfailed", self._hear_failure)
        self.page.on("response", self._hear_response)

    def _hear_console(self, message: ConsoleMessage) -> None:
        self.noises.append(f"console : {message.type} {message.text}")

    def _hear_error(self, error: Error) -> None:
        # Chromium says so of a transition between two pages when the second comes too soon
        if not error.message.startswith("Transition was"):
            self.noises.append(f"erreur : {error}")

    def _hear_failure(self, request: Request) -> None:
        if request.resource_type not in ("eventsource", "fetch"):  # a stream ends with its page
            self.noises.append(f"échec : {request.url} {request.failure}")

    def _hear_response(self, response: Response) -> None:
        if response.status >= 400:
            self.noises.append(f"réponse {response.status} : {response.url}")

    def go(self, address: str) -> None:
        self.noises.clear()
        self.page.goto(self.site.url + address, wait_until="load")

    def resize(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def overflow(self) -> list[str]:
        wide, room = self.page.evaluate(WIDTHS)
        return [f"défilement horizontal : {wide} px dans {room} px"] if wide > room else []

    def axe(self, families: tuple[str, ...]) -> list[tuple[str, str]]:
        """Each violation as (rule, where)."""
        rules: dict[str, Any] = {"runOnly": {"type": "tag", "values": list(SHAPES)}}
        if families == COLOURS:
            rules["runOnly"] = {"type": "rule", "values": list(COLOURS)}
        elif families == SHAPES:
            rules["rules"] = {name: {"enabled": False} for name in COLOURS}
        found = AXE.run(self.page, options={**rules, **ONLY_OURS}).response
        return [
            (
                one["id"],
                " ; ".join(f"{node['target']} {node['html'][:160]}" for node in one["nodes"]),
            )
            for one in found["violations"]
        ]

    def open_details(self) -> None:
        self.page.evaluate(OPEN_DETAILS)


def open_window(browser: Browser, site: Site, slug: str, *, scripts: bool = True) -> Window:
    """A window of its own: no other shares its cookies."""
    context = browser.new_context(
        java_script_enabled=scripts,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
    )
    if slug != NOBODY:
        secret = site.secret_of(slug)
        context.add_cookies([{"name": site.cookie_name, "value": secret, "url": site.url}])
    return Window(page=context.new_page(), site=site)


@dataclass
class Windows:
    """One window for each of the cast, opened at the first need."""

    browser: Browser
    site: Site
    opened: dict[str, Window] = field(default_factory=dict)

    def of(self, slug: str) -> Window:
        if slug not in self.opened:
            self.opened[slug] = open_window(self.browser, self.site, slug)
        return self.opened[slug]

    def close(self) -> None:
        for window in self.opened.values():
            context: BrowserContext = window.page.context
            context.close()
