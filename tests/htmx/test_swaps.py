"""After each swap the page is the one that a fresh visit of its address shows, to the word."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from server.pages.rendering import Renderer
from tests.crawl import LOOKERS, NOBODY, Crawl
from tests.house.sources import called_name, nodes, python_files
from tests.htmx.document import lines, parse
from tests.htmx.simulator import ask, askers, fillings
from tests.sites import Site

# Drawn for each answer: a key against double sending; the clock of the demonstration turns, and so
# do the instant of the reading and the seconds that are left to the session.
DRAWN = re.compile(
    r"(?<=name='idempotency_key' value=)'[^']*'|\d\d? h \d\d|(?<=vu=)\d+|(?<=data-reste=)'\d+'"
)

# Blocks that only a state of the data shows, which the demonstration has not.
UNSEEN = {
    (
        "base.html",
        "cloche",
    ): "asked on an event: tests/pages/test_live.py, tests/browser/test_live.py",
    ("bilan.html", "bilan"): "asked while a job prepares the bilan: tests/pages/test_bilans.py",
}


def canonical(html: str) -> list[str]:
    body = parse(html).find(".//body")
    assert body is not None
    return [DRAWN.sub("…", line) for line in lines(body)]


class Recorder:
    """Remembers which blocks the server rendered alone."""

    def __init__(self) -> None:
        self.blocks: set[tuple[str, str]] = set()

    def block(
        self, renderer: Renderer, template: str, block: str, context: Mapping[str, Any]
    ) -> str:
        self.blocks.add((template, block))
        return ORIGINAL(renderer, template, block, context)


ORIGINAL = Renderer.block


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The server is in this process: it renders through what we put there."""
    found = Recorder()
    monkeypatch.setattr(
        Renderer,
        "block",
        lambda *arguments: found.block(*arguments),  # noqa: PLW0108 - a method, to bind the renderer
    )
    return found


def declared_blocks() -> set[tuple[str, str]]:
    """Each `render("page.html", …, block="…")` of the pages."""
    found = set()
    for path in python_files("server/pages"):
        for node in nodes(path):
            if isinstance(node, ast.Call) and called_name(node) == "render":
                blocks = [word.value for word in node.keywords if word.arg == "block"]
                found |= {(_text(node.args[0]), _text(block)) for block in blocks}
    return found - {("", "")}


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def differences(client: httpx2.Client, address: str) -> Iterator[str]:
    """Each element that asks, filled in each way, on a page of its own."""
    html = client.get(address).text
    for number, asker in enumerate(askers(parse(html))):
        for values in fillings(asker):
            page = parse(html)
            swap = ask(client, page, address, askers(page)[number], values)
            body = swap.page.find(".//body")
            assert body is not None
            shown = [DRAWN.sub("…", line) for line in lines(body)]
            fresh = canonical(client.get(swap.address).text)
            changed = [
                line for line in difflib.unified_diff(shown, fresh, lineterm="", n=0)
                if not line.startswith(("---", "+++", "@@"))
            ]  # fmt: skip
            if changed:
                yield f"{address} → {swap.address} : {changed[:4]}"


@pytest.mark.parametrize("slug", [one for one in LOOKERS if one != NOBODY])
def test_a_swapped_page_equals_a_fresh_one(slug: str, portal: Site, crawled: Crawl) -> None:
    walk = crawled.walks[slug]
    first: dict[str, str] = {}
    for seen in walk.seen.values():
        if "data-hx-get" in seen.html:
            first.setdefault(seen.route, seen.address)
    assert first
    with portal.visitor(slug) as client:
        assert [one for address in first.values() for one in differences(client, address)] == []


def test_every_block_is_swapped_by_somebody(
    portal: Site, crawled: Crawl, recorder: Recorder
) -> None:
    for slug in LOOKERS[:3]:
        with portal.visitor(slug) as client:
            for seen in crawled.walks[slug].seen.values():
                if "?" not in seen.address and "data-hx-get" in seen.html:
                    client.get(seen.address, headers={"HX-Request": "true"})
    assert declared_blocks() - recorder.blocks - set(UNSEEN) == set()
    assert set(UNSEEN) <= declared_blocks()
