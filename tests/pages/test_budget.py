"""What a page costs: octets of a first visit, statements of any visit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from sqlalchemy import event

from tests.crawl import LOOKERS, Crawl, Seen, page_routes
from tests.sites import Site

FIRST_VISIT = 100_000
STATEMENTS = 20

# The explorer of the API is a tool of others, in the demonstration only.
FOREIGN = "/graphiql"

ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')


def looked_at(crawled: Crawl) -> list[Seen]:
    return [
        seen
        for route in page_routes()
        for seen in crawled.pages(route)
        if seen.slug in LOOKERS and route != FOREIGN
    ]


def weight(client: httpx2.Client, address: str) -> int:
    """Octets on the wire, compressed as a browser accepts them."""
    with client.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
        return sum(len(part) for part in answer.iter_raw())


def test_a_first_visit_weighs_little(portal: Site, crawled: Crawl) -> None:
    heavy, assets = [], {}
    for seen in looked_at(crawled):
        with portal.visitor(None if seen.slug == "nobody" else seen.slug) as client:
            for asset in set(ASSET.findall(seen.html)) - set(assets):
                assets[asset] = weight(client, asset)
            total = weight(client, seen.address)
        total += sum(assets[asset] for asset in set(ASSET.findall(seen.html)))
        if total > FIRST_VISIT:
            heavy.append(f"{seen.slug} {seen.address} {total}")
    assert heavy == []
    assert len(assets) >= 3


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """Every statement that the server sends meanwhile."""
    sent: list[str] = []
    engine = site.app.state.database.engine.sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_facts: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


# The most that any of the cast costs, context and session included. A page that needs more says so
# here, and a pin that is too wide is tightened.
PINNED: dict[str, int] = {}


@pytest.mark.parametrize("route", page_routes())
def test_statements_are_pinned(route: str, portal: Site, crawled: Crawl) -> None:
    counts = {}
    for seen in [one for one in looked_at(crawled) if one.route == route]:
        with portal.visitor(None if seen.slug == "nobody" else seen.slug) as client:
            client.get(seen.address)
            with counted(portal) as sent:
                client.get(seen.address)
        counts[f"{seen.slug} {seen.address}"] = len(sent)
    most = max(counts.values(), default=0)
    assert most == PINNED.get(route, 0), counts
    assert most <= STATEMENTS
