"""The code of every page is valid HTML, by the checker of the W3C in one run of Java."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import MISSING
from tests.crawl import Crawl, Seen, page_routes
from tests.house.sources import ROOT

# `make html-checker` puts it there
JAR = ROOT / ".venv" / "vnu" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

# What the checker says and we keep, each with its reason and the end of our patience.
ACCEPTED: tuple[tuple[str, str, str], ...] = ()


def checker() -> tuple[str, Path]:
    java = shutil.which("java")
    jar = Path(os.environ.get("VNU_JAR", JAR))
    if java is None or not jar.exists():
        pytest.skip(f"{MISSING} Java ou le vérificateur HTML (make html-checker), HTML non validé")
    return java, jar


def samples(crawled: Crawl) -> list[Seen]:
    """Each route as each of the cast first saw it; the same answer is checked once."""
    found = {seen.html: seen for route in page_routes() for seen in crawled.pages(route)}
    return list(found.values())


def test_html_is_valid(crawled: Crawl, tmp_path: Path) -> None:
    java, jar = checker()
    pages = {f"{number}.html": seen for number, seen in enumerate(samples(crawled))}
    for name, seen in pages.items():
        (tmp_path / name).write_text(seen.html, encoding="utf-8")
    command = [java, "-jar", str(jar), "--format", "json", "--stdout", "--skip-non-html"]
    answer = subprocess.run(  # noqa: S603 - our own command on our own pages
        [*command, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode in (0, 1), answer.stderr
    messages = json.loads(answer.stdout)["messages"]
    assert {
        f"{where(pages, one['url'])} : {one['message']} {one.get('extract', '')[:120]}"
        for one in messages
        if one["type"] == "error" and not is_accepted(one["message"])
    } == set()


def where(pages: dict[str, Seen], url: str) -> str:
    seen = pages[url.rpartition("/")[2]]
    return f"{seen.slug} {seen.address}"


def is_accepted(message: str) -> bool:
    return any(words in message for words, _, _ in ACCEPTED)
