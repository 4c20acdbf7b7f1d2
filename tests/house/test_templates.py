"""Templates: each compiles, serves somewhere, has a title, and carries no style nor script."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, StrictUndefined, meta

from server.pages.rendering import TEMPLATES, create_environment
from tests.house.sources import at, called_name, name_of, nodes, python_files, text_of

MAILS = "courriels/"
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
SCRIPT_WITHOUT_FILE = re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE)
UNSAFE_FILTER = re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//", re.IGNORECASE)


def templates() -> list[str]:
    return sorted(
        path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file()
    )


def pages() -> list[str]:
    """What a browser receives: everything but mails and macros."""
    return [name for name in templates() if name.endswith(".html") and not name.startswith(MAILS)]


def source(name: str) -> str:
    return text_of(TEMPLATES / name)


PIECES = {"icon", "error_for", "empty_state"}
"""Macros that others are made of: shown by these, never alone."""


def test_each_component_is_shown() -> None:
    """On /demo/composants, where each page is looked at before it is made of them."""
    macros = re.findall(r"\{%-? macro ([a-z]\w*)", source("ui.html"))
    shown = set(re.findall(r"\bui\.(\w+)", source("components.html")))
    assert set(macros) - shown == PIECES


def test_each_icon_is_drawn() -> None:
    """A name without its drawing is an error at the one page, in the one state, that shows it."""
    drawn = set(re.findall(r"^  '(\w+)': 'M", source("ui.html"), re.MULTILINE))
    asked = {
        name
        for page in templates()
        for name in re.findall(r"\bicon(?:=|\()[\"'](\w+)[\"']", source(page))
    }
    assert asked - drawn == set()
    assert "arrow" in asked & drawn


class Attributes(HTMLParser):
    """Collects the names of the attributes of every tag."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.names |= {name for name, _ in attrs}


def attributes(name: str) -> set[str]:
    """Names of the attributes of a template, jinja taken out."""
    return Attributes(JINJA.sub(" ", source(name))).names


def line_of(name: str, position: int) -> str:
    return f"{name}:{source(name).count(chr(10), 0, position) + 1}"


def found_in(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    return [
        line_of(name, match.start()) for name in names for match in pattern.finditer(source(name))
    ]


def test_every_template_compiles() -> None:
    environment = create_environment()
    for name in templates():
        if not name.startswith(MAILS):
            environment.get_template(name)


def test_an_unknown_variable_is_an_error_and_everything_is_escaped() -> None:
    environment = create_environment()
    assert environment.undefined is StrictUndefined
    assert environment.autoescape is True


# --- None unused, each one titled -----------------------------------------------------------------


def references_of_templates(environment: Environment) -> set[str]:
    found: set[str] = set()
    for name in templates():
        for other in meta.find_referenced_templates(environment.parse(source(name))):
            assert other is not None, f"{name} includes a template by a computed name"
            found |= {other, (Path(name).parent / other).as_posix()}
    return found


def references_of_python() -> list[re.Pattern[str]]:
    """Names as written; the holes of an f-string stand for one word."""
    found = []
    for path in python_files("server", "workers"):
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if node.value.endswith((".html", ".txt")):
                    found.append(re.compile(re.escape(node.value)))
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[\w.-]+"
                    for part in node.values
                ]
                if parts[-1].endswith((r"\.html", r"\.txt")):
                    found.append(re.compile("".join(parts)))
    return found


def test_no_template_is_unused() -> None:
    named = references_of_templates(create_environment())
    patterns = references_of_python()
    assert [
        name
        for name in templates()
        if name not in named
        and not any(
            one.fullmatch(name) or one.fullmatch(name.removeprefix(MAILS)) for one in patterns
        )
    ] == []


def renderings() -> Iterator[tuple[Path, ast.Call]]:
    for path in python_files("server/pages", "server/app.py"):
        for node in nodes(path):
            if (
                isinstance(node, ast.Call)
                and called_name(node) == "render"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield path, node


def test_each_page_gives_a_title() -> None:
    missing = []
    for path, call in renderings():
        title = next((word.value for word in call.keywords if word.arg == "title"), None)
        is_blank = isinstance(title, ast.Constant) and not str(title.value).strip()
        if title is None or is_blank:
            missing.append(at(path, call.lineno))
    assert missing == []


def test_each_page_shows_its_title() -> None:
    """A page extends base.html, whose title it fills; or it is whole and has its own."""
    parts = references_of_templates(create_environment())
    titled = re.compile(r"\{%\s*extends\s|<title>\s*\{\{")
    assert [
        name
        for name in pages()
        if name not in parts and name != "ui.html" and not titled.search(source(name))
    ] == []
    assert "{{ page_title }}" in source("base.html")


# --- Nothing inline -------------------------------------------------------------------------------


def test_no_style_and_no_script_in_a_page() -> None:
    """The content policy allows none: `style=`, `<style>`, `<script>` without a file, `on…=`."""
    assert found_in(SCRIPT_WITHOUT_FILE, pages()) == []
    assert found_in(re.compile(r"<style", re.IGNORECASE), pages()) == []
    assert [
        f"{name} {attribute}"
        for name in pages()
        for attribute in attributes(name)
        if attribute == "style" or re.fullmatch(r"on[a-z]+", attribute)
    ] == []


def test_htmx_attributes_are_data_attributes() -> None:
    assert [
        f"{name} {attribute}"
        for name in pages()
        for attribute in attributes(name)
        if attribute.startswith(("hx-", "data-hx-on"))
    ] == []


def test_nothing_escapes_the_escaping() -> None:
    assert found_in(UNSAFE_FILTER, templates()) == []
    assert [
        at(path, node.lineno)
        for path in python_files("server/pages", "server/documents", "server/schema")
        for node in nodes(path)
        if isinstance(node, ast.Call) and called_name(node) == "Markup"
    ] == []


def test_a_page_loads_nothing_from_elsewhere() -> None:
    assert found_in(ELSEWHERE, pages()) == []


def test_mails_load_nothing_at_all() -> None:
    """No image, no script, no form: a mail is text with links."""
    mails = [name for name in templates() if name.startswith(MAILS)]
    assert found_in(re.compile(r"<(script|img|form|iframe|link)\b|url\("), mails) == []


def test_the_attribute_reader_sees_what_it_must() -> None:
    """The tests above would pass on a reader that sees nothing."""
    assert {"href", "class", "data-goto", "aria-label", "method"} <= attributes("base.html")
    assert "style" in Attributes("<p class=a style='top: 0'>").names
    assert name_of(TEMPLATES) == "web/templates"
