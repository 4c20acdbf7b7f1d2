"""What each of the cast can reach: the portal walked link by link from their home."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import httpx2
from starlette.routing import Match, Route

from server.pages import ROUTES
from tests import openings
from tests.sites import Site

# One of each kind of role, and of each contingent that changes what is shown.
CAST = ("alice", "bruno", "chloe", "denis", "estelle", "farid", "leo", "nadir", "pascal")
NOBODY = "nobody"

# Left alone by the walk: they leave the portal for the identity provider, or come from it.
LEAVING = {
    *("/connexion", "/connexion/retour", "/connexion/renforcee", "/deconnexion/retour"),
    "/demo/entrer/{slug}",
}

# What a browser looks at: one of each capacity, and a visitor whom nobody knows.
LOOKERS = ("alice", "chloe", "estelle", "farid", NOBODY)

# No pages of ours: why a browser leaves them alone, and until when.
FOREIGN = {
    "/graphiql": (date(2027, 6, 30), "a tool of others, in the demonstration: /accessibilite"),
    "/demo/courriels/{id}/html": (date(2027, 6, 30), "the mail itself, shown inside its frame"),
}

# A filter, a sort and a page number multiply: so many of each route are enough.
PAGES_OF_A_ROUTE = 6
QUERIES_OF_A_ROUTE = 3
FILES_OF_A_ROUTE = 1


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One address as one person saw it."""

    slug: str
    route: str
    address: str
    status: int
    content_type: str
    html: str
    origin: str

    @property
    def is_page(self) -> bool:
        return self.content_type.startswith("text/html")


@dataclass
class Links(HTMLParser):
    """Where a page leads: links, and forms that only read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._form: str | None = None
        self._fields: dict[str, str] = {}
        self._select = ""
        self._is_first = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("a", "iframe") and (link := given.get("href") or given.get("src")):
            self.found.append(link)
        elif tag == "form" and given.get("method", "get") == "get":
            self._form, self._fields = given.get("action", ""), {}
        elif self._form is not None and "name" in given:
            self._keep(tag, given)
        elif tag == "option" and self._select and ("selected" in given or self._is_first):
            self._fields[self._select] = value = given.get("value", "")
            self._is_first = not value

    def _keep(self, tag: str, given: dict[str, str]) -> None:
        """As a browser would send it; a choice that is required is made: the first."""
        self._select = given["name"] if tag == "select" else ""
        self._is_first = tag == "select" and "required" in given
        is_choice = given.get("type") in ("radio", "checkbox")
        if not is_choice or {"checked", "required"} & set(given):
            self._fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            query = urlencode(self._fields)
            self.found.append(f"{self._form}?{query}" if query else self._form)
            self._form = None


def page_routes() -> list[str]:
    """Every address that a browser may ask for, as the portal declares it."""
    return sorted({one.path for one in ROUTES if "GET" in (one.methods or ())})


def own_routes() -> list[str]:
    return [route for route in page_routes() if route not in FOREIGN]


def route_of(path: str) -> Route | None:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    return next((one for one in ROUTES if one.matches(scope)[0] is Match.FULL), None)


@dataclass(kw_only=True)
class Walk:
    """The walk of one person; breadth first, so that a route is known by its shortest way."""

    slug: str
    origin: str
    seen: dict[str, Seen] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    _waiting: deque[tuple[str, str]] = field(default_factory=deque)
    _known: set[str] = field(default_factory=set)
    _paths: Counter[str] = field(default_factory=Counter)
    _queries: Counter[str] = field(default_factory=Counter)

    def run(self, client: httpx2.Client, *starts: str) -> None:
        self._known.update(starts)
        self._waiting.extend((start, "") for start in starts)
        while self._waiting:
            address, origin = self._waiting.popleft()
            self._visit(client, address, origin)

    def _visit(self, client: httpx2.Client, address: str, origin: str) -> None:
        answer = client.get(address)
        kind = answer.headers.get("content-type", "")
        route = route_of(urlsplit(address).path)
        seen = Seen(
            slug=self.slug,
            route=route.path if route else "",
            address=address,
            status=answer.status_code,
            content_type=kind,
            html=answer.text if kind.startswith("text/html") else "",
            origin=origin,
        )
        self.seen[address] = seen
        if "location" in answer.headers:
            self._add(urljoin(address, answer.headers["location"]), address)
        for link in Links(seen.html).found:
            self._add(urljoin(address, link), address)

    def _add(self, link: str, origin: str) -> None:
        whole = urldefrag(link).url
        parts = urlsplit(whole)
        if parts.scheme not in ("", "http", "https") or parts.netloc not in ("", self.origin):
            return
        address = parts.path + (f"?{parts.query}" if parts.query else "")
        if address in self._known or parts.path.startswith("/static/"):
            return
        self._known.add(address)
        route = route_of(parts.path)
        if route is None:
            self.unknown.append(f"{origin} → {address}")
        elif route.path not in LEAVING and self._is_wanted(route.path, parts.query):
            self._waiting.append((address, origin))

    def _is_wanted(self, route: str, query: str) -> bool:
        counter, most = self._paths, PAGES_OF_A_ROUTE
        if query:
            counter, most = self._queries, QUERIES_OF_A_ROUTE
        counter[route] += 1
        return counter[route] <= (FILES_OF_A_ROUTE if "." in route else most)


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """The walks of the whole cast."""

    walks: dict[str, Walk]

    def pages(self, route: str) -> list[Seen]:
        """The first page of a route for each kind of visitor who reached it."""
        found = []
        for walk in self.walks.values():
            of_route = (one for one in walk.seen.values() if one.route == route)
            first = next((one for one in of_route if one.is_page and one.status == 200), None)
            if first is not None:
                found.append(first)
        return found

    def samples(self, route: str) -> list[Seen]:
        """What a browser looks at: the page of each capacity, or of whoever alone reached it.

        A page that says the same to all is looked at once.
        """
        pages = self.pages(route)
        wanted = [one for one in pages if one.slug in LOOKERS] or pages[:1]
        return list({one.html.partition("<main")[2]: one for one in reversed(wanted)}.values())

    def all_seen(self) -> list[Seen]:
        return [one for walk in self.walks.values() for one in walk.seen.values()]


def crawl(site: Site) -> Crawl:
    openings.begin(site)
    walks = {}
    for slug in (*CAST, NOBODY):
        walk = Walk(slug=slug, origin=urlsplit(site.url).netloc)
        with site.visitor(None if slug == NOBODY else slug) as client:
            walk.run(client, "/", "/demo/composants", "/graphiql")
        walks[slug] = walk
    return Crawl(walks=walks)
