"""What the code of each page says, read without a browser: the proofs of the grid of RGAA."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from tests.crawl import FOREIGN, NOBODY, Crawl, Seen, page_routes
from tests.house.sources import ROOT

# Why a route is reached by no link; each other one must be.
UNREACHED = {
    "/connexion": "leaves for the identity provider",
    "/connexion/retour": "comes back from the identity provider",
    "/demo/entrer/{slug}": "leaves for the identity provider of the demonstration",
    "/demo/courriels.json": "read by the scenario, not by people",
    "/demo/courriels/{id}/invitation.ics": "only the mail of a CALEOL carries one",
    "/notifications/cloche": "the bell of the header, which asks again for itself",
    "/calendrier/{secret}.ics": "read by a diary, at an address shown once",
    "/direct": "a stream of events, which no link opens",
    "/connexion/renforcee": "for who lacks the second factor: the demonstration asks none",
    "/deconnexion/retour": "comes back from the identity provider",
    "/offre/{jeton}": "opened by the link of a mail",
    "/invitation": "opened by the link that a responsable hands over",
}
MEDIA = {"audio", "video", "object", "embed", "canvas", "img", "map", "picture", "marquee", "blink"}
STATIC = ROOT / "web" / "static"
EMOTICON = re.compile("[\u2600-\u26ff\U0001f300-\U0001faff]|[:;]-[)(]")
OWN_DETAILS = re.compile(
    r"^(name|given-name|family-name|email|tel|street-address|postal-code|bday)"
)


@dataclass
class Outline(HTMLParser):
    """The tags of a page with their attributes, in order."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, *names: str) -> list[dict[str, str]]:
        return [given for tag, given in self.tags if tag in names]


def outline(seen: Seen) -> Outline:
    found = Outline()
    found.feed(seen.html)
    return found


@pytest.fixture(scope="module")
def pages(crawled: Crawl) -> list[tuple[Seen, Outline]]:
    """Every page seen by anybody, error pages included."""
    return [
        (seen, outline(seen))
        for seen in crawled.all_seen()
        if seen.is_page and seen.route not in FOREIGN
    ]


def where(seen: Seen) -> str:
    return f"{seen.slug} {seen.address}"


# --- Links ----------------------------------------------------------------------------------------


def test_every_link_leads_somewhere(crawled: Crawl) -> None:
    """For whom sees it: no link of a page answers an error."""
    assert [one for walk in crawled.walks.values() for one in walk.unknown] == []
    assert [
        f"{where(seen)} {seen.status} from {seen.origin}"
        for seen in crawled.all_seen()
        if seen.status >= 400 and not is_form_to_complete(seen)
    ] == []


def is_form_to_complete(seen: Seen) -> bool:
    """A form that the walk has sent as it stood: the page says, in French, what it still needs."""
    return seen.status == 422 and "?" in seen.address and 'id="erreurs"' in seen.html


def test_every_route_is_reached_by_links(crawled: Crawl) -> None:
    reached = {
        seen.route for seen in crawled.all_seen() if seen.status < 400 or is_form_to_complete(seen)
    }
    assert sorted(set(page_routes()) - reached - set(UNREACHED)) == []


# --- The document ---------------------------------------------------------------------------------


def test_document_type_language_and_title(pages: list[tuple[Seen, Outline]]) -> None:
    assert [
        f"{where(seen)} {title_of(seen)}"
        for seen, one in pages
        if not seen.html.startswith("<!doctype html>")
        or one.named("html") != [{"lang": "fr"}]
        or any("dir" in given for _, given in one.tags)
        or not has_title_in_form(seen)
        or len(one.named("h1")) != 1
    ] == []


def title_of(seen: Seen) -> str:
    return re.search(r"<title>(.*?)</title>", seen.html, re.DOTALL)[1]  # type: ignore[index] # failing is the answer


def has_title_in_form(seen: Seen) -> bool:
    """« page — organisme — Portail du flux »; nobody has no organisme."""
    parts = title_of(seen).split(" — ")
    wanted = 2 if seen.slug == NOBODY else 3
    return len(parts) == wanted and all(parts) and parts[-1] == "Portail du flux"


def test_landmarks(pages: list[tuple[Seen, Outline]]) -> None:
    """One header, one main part with its skip link, one footer; each navigation has its name."""
    for seen, one in pages:
        body = [tag for tag, _ in one.tags]
        assert (body.count("main"), body.count("footer")) == (1, 1), where(seen)
        assert body.index("header") < body.index("main") < body.index("footer"), where(seen)
        names = [given.get("aria-label", "") for given in one.named("nav")]
        assert all(names), f"{where(seen)} {names}"
        assert len(set(names)) == len(names), f"{where(seen)} {names}"
        assert one.named("a")[0] == {"class": "skip", "href": "#contenu"}, where(seen)


def test_navigation_is_the_same_everywhere(pages: list[tuple[Seen, Outline]]) -> None:
    """A menu and a search, both always there, both always the same for a person."""
    menus: dict[str, set[tuple[str, ...]]] = {}
    for seen, _ in pages:
        if seen.slug == NOBODY:
            continue
        head = seen.html.partition("<main")[0]
        menu = head.partition('<ul class="nav">')[2].partition("</ul>")[0]
        menus.setdefault(seen.slug, set()).add(tuple(re.findall(r'href="([^"]+)"', menu)))
        assert head.count('role="search"') == 1, where(seen)
        assert head.index('class="nav"') < head.index('role="search"'), where(seen)
    assert {slug: len(found) for slug, found in menus.items()} == dict.fromkeys(menus, 1)
    assert all(menu for found in menus.values() for menu in found)


# --- Contents -------------------------------------------------------------------------------------


def test_no_media_and_no_script_of_others(pages: list[tuple[Seen, Outline]]) -> None:
    assert [
        f"{where(seen)} {tag}"
        for seen, one in pages
        for tag, given in one.tags
        if tag in MEDIA or (tag == "script" and not given.get("src", "").startswith("/static/"))
    ] == []


def test_nothing_opens_a_window(pages: list[tuple[Seen, Outline]]) -> None:
    assert [
        f"{where(seen)} {given}"
        for seen, one in pages
        for _, given in one.tags
        if given.get("target", "_self") != "_self"
    ] == []
    assert "window.open" not in (STATIC / "portail.js").read_text(encoding="utf-8")


def test_tables_are_simple_and_named(pages: list[tuple[Seen, Outline]]) -> None:
    """Each table has a caption and headers with a scope; no cell is merged."""
    for seen, one in pages:
        tags = [tag for tag, _ in one.tags]
        follows = [tags[place + 1 : place + 2] for place, tag in enumerate(tags) if tag == "table"]
        assert all(found == ["caption"] for found in follows), where(seen)
        assert all(given.get("scope") in ("col", "row") for given in one.named("th")), where(seen)
        assert seen.html.count("<thead") == tags.count("table"), where(seen)
        merged = [given for given in one.named("th", "td") if {"colspan", "rowspan"} & set(given)]
        assert merged == [], where(seen)


def test_what_is_asked_of_the_visitors_own_details_is_named(
    pages: list[tuple[Seen, Outline]],
) -> None:
    """So that a browser can fill it in: only the address of one's own digest is asked."""
    assert {
        (seen.address, given.get("name"), given.get("autocomplete"))
        for seen, one in pages
        for given in one.named("input", "select", "textarea")
        if OWN_DETAILS.match(given.get("autocomplete", ""))
    } == {("/notifications/preferences", "adresse", "email")}


def test_no_cryptic_content(pages: list[tuple[Seen, Outline]]) -> None:
    assert [
        f"{where(seen)} {found[0]}"
        for seen, one in pages
        if (found := EMOTICON.search(" ".join(one.text)))
    ] == []


# --- Sheet and script -----------------------------------------------------------------------------


def css_rules() -> list[tuple[str, str]]:
    sheet = re.sub(r"/\*.*?\*/", "", (STATIC / "portail.css").read_text(encoding="utf-8"))
    return re.findall(r"([^{}]+)\{([^{}]*)\}", sheet)


def test_nothing_appears_on_hover(pages: list[tuple[Seen, Outline]]) -> None:
    shows = re.compile(r"(?:^|[;\s])(display|visibility|opacity|content|clip|height|position)\s*:")
    assert [
        selector.strip()
        for selector, declarations in css_rules()
        if ":hover" in selector and shows.search(declarations)
    ] == []
    assert [
        f"{where(seen)} {tag}"
        for seen, one in pages
        for tag, given in one.tags
        if "title" in given and tag not in ("iframe", "abbr")
    ] == []


def test_nothing_moves_and_no_gesture_is_asked() -> None:
    """No animation that lasts, no lock of the orientation, no gesture; no key but Ctrl+K, Escape
    and the shortcuts of the file of orientations, which can be switched off (WCAG 2.1.4).
    """
    sheet = (STATIC / "portail.css").read_text(encoding="utf-8")
    assert re.findall(r"@keyframes|animation[-\w]*\s*:(?! none)|orientation\s*:", sheet) == []
    script = (STATIC / "portail.js").read_text(encoding="utf-8")
    heard = set(re.findall(r'addEventListener\("([a-z]+)"', script))
    gestures = {"mousedown", "pointerdown", "touchstart", "touchmove", "wheel", "devicemotion"}
    assert heard & (gestures | {"deviceorientation", "keypress", "keyup"}) == set()
    assert set(re.findall(r'event\.key[.\w()]* === "(\w+)"', script)) <= {"j", "k", "x", "Escape"}
