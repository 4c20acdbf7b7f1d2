"""The 106 criteria of RGAA 4.1.2, each with what we know of it and how we know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.reference import FOLDER


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """`test` names the test that holds the status, as pytest does; empty when none can."""

    number: str
    topic: str
    title: str
    status: str
    note: str
    test: str


@dataclass(frozen=True, kw_only=True)
class Grid:
    version: str
    tested_on: date
    statuses: dict[str, str]
    criteria: tuple[Criterion, ...]

    def of(self, status: str) -> Sequence[Criterion]:
        return [one for one in self.criteria if one.status == status]

    @property
    def topics(self) -> dict[str, list[Criterion]]:
        found: dict[str, list[Criterion]] = {}
        for one in self.criteria:
            found.setdefault(one.topic, []).append(one)
        return found


def load_grid() -> Grid:
    content = json.loads((FOLDER / "rgaa4.json").read_text(encoding="utf-8"))
    return Grid(
        version=content["version"],
        tested_on=date.fromisoformat(content["tested_on"]),
        statuses=content["statuses"],
        criteria=tuple(Criterion(**one) for one in content["criteria"]),
    )
