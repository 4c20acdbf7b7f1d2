from __future__ import annotations

import ast
from collections import Counter

import pytest

from server.reference.rgaa import Criterion, load_grid
from tests.house.sources import ROOT
from tests.sites import Site

GRID = load_grid()
# what RGAA 4.1.2 counts in each topic
CRITERIA_OF_A_TOPIC = (9, 2, 3, 13, 8, 2, 5, 10, 4, 14, 13, 11, 12)


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


def test_the_grid_has_the_106_criteria() -> None:
    assert [one.number for one in GRID.criteria] == [
        f"{topic}.{number}"
        for topic, count in enumerate(CRITERIA_OF_A_TOPIC, start=1)
        for number in range(1, count + 1)
    ]
    assert len(GRID.criteria) == 106


@pytest.mark.parametrize("criterion", GRID.criteria, ids=lambda one: one.number)
def test_each_status_has_a_proof(criterion: Criterion) -> None:
    """A test for what we claim; for the rest at least a reason that a reader understands."""
    assert criterion.status in GRID.statuses
    assert len(criterion.note) > 20
    assert criterion.test or criterion.status in ("nt", "nc")
    if criterion.test:
        assert exists(criterion.test)


def test_what_nobody_has_read_is_not_claimed() -> None:
    """Machines see a third: the declaration stays « non conforme » until an audit."""
    counts = Counter(one.status for one in GRID.criteria)
    assert counts["nt"] > 0
    assert counts["c"] < 106 / 2


@pytest.mark.parametrize("slug", [None, "alice", "chloe"])
def test_the_declaration_is_public_and_says_all(portal: Site, slug: str | None) -> None:
    with portal.visitor(slug) as client:
        answer = client.get("/accessibilite")
    assert answer.status_code == 200
    for words in ("non conforme", "Défenseur des droits", "lecteur d'écran", "mailto:"):
        assert words in answer.text.replace("&#39;", "'")
    assert answer.text.count('scope="row"') == 106
