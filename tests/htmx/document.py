"""A page as a tree: strict, because what is swapped must be whole."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
    *("track", "wbr"),
}


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tree = TreeBuilder()
        self.open: list[str] = ["fragment"]
        self.tree.start("fragment", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tree.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.tree.end(tag)
        else:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<path/>` of a drawing, or `<br/>`."""
        self.tree.start(tag, {name: value or "" for name, value in attrs})
        self.tree.end(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.tree.end(self.open.pop())

    def handle_data(self, data: str) -> None:
        self.tree.data(data)


def parse(html: str) -> Element:
    """A page or a fragment, under one root."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.open == ["fragment"], f"never closed: {builder.open[1:]}"
    builder.tree.end("fragment")
    root: Element = builder.tree.close()
    return root


def by_id(root: Element, name: str) -> Element | None:
    return next((one for one in root.iter() if one.get("id") == name), None)


def parent_of(root: Element, child: Element) -> Element:
    return next(one for one in root.iter() if child in list(one))


def replace(root: Element, old: Element, new: Element) -> None:
    """The new element where the old one was; what followed the old one stays."""
    parent = parent_of(root, old)
    new.tail = old.tail
    parent[list(parent).index(old)] = new


def lines(element: Element) -> Iterator[str]:
    """The tree in canonical lines: sorted attributes, no matter of spaces."""
    given = "".join(f" {name}={value!r}" for name, value in sorted(element.items()))
    yield f"<{element.tag}{given}>"
    if words := " ".join((element.text or "").split()):
        yield words
    for child in element:
        yield from lines(child)
        if words := " ".join((child.tail or "").split()):
            yield words
    yield f"</{element.tag}>"
