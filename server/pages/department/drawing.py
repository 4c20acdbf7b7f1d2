"""The map of the communes: five shades at most, and the sentence that says what one sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from server.db.department import CommuneFigures
from server.pages.department.indicators import Indicator, has_figures
from server.reference import load_outlines

CLASSES = 5

View = dict[str, Any]


def ceilings(values: Iterable[int]) -> list[int]:
    """The highest value of each of at most five classes of equal size."""
    known = sorted(values)
    if not known:
        return []
    cuts = {known[ceil(len(known) * rank / CLASSES) - 1] for rank in range(1, CLASSES + 1)}
    return sorted(cuts)


def shade(rank: int, count: int) -> int:
    """From 1, pale, to 5, dark, even when there are fewer classes."""
    return CLASSES if count == 1 else 1 + round(rank * (CLASSES - 1) / (count - 1))


def map_view(inside: Sequence[CommuneFigures], indicator: Indicator) -> View:
    """Communes by shade; those that have nothing, or are filtered out, make one shape each."""
    view_box, outlines = load_outlines()
    valued = {row.insee: value for row in inside if (value := indicator.value(row))}
    tops = ceilings(valued.values())
    shapes = []
    for row in inside:
        if has_figures(row):
            value = valued.get(row.insee)
            rank = next((rank for rank, top in enumerate(tops) if value and value <= top), None)
            title = f"{row.name} : {indicator.sentence(indicator.value(row))}"
            tone = 0 if rank is None else shade(rank, len(tops))
            shapes.append({"d": outlines[row.insee], "shade": tone, "title": title})
    empty = [outlines[row.insee] for row in inside if not has_figures(row)]
    chosen = {row.insee for row in inside}
    outside = [path for insee, path in outlines.items() if insee not in chosen]
    return {
        "view_box": view_box,
        "shapes": shapes,
        "empty": "".join(empty),
        "outside": "".join(outside),
        "legend": _legend(sorted(valued.values()), tops, indicator),
        "sentence": _sentence(inside, valued, indicator),
    }


def _legend(values: Sequence[int], tops: Sequence[int], indicator: Indicator) -> list[View]:
    words = indicator.words
    lines = [{"shade": 0, "text": "0 ou sans donnée"}]
    lower = 0
    for rank, top in enumerate(tops):
        first = next(value for value in values if value > lower)
        text = words(top) if first == top else f"{words(first)} à {words(top)}"
        lines.append({"shade": shade(rank, len(tops)), "text": text})
        lower = top
    return lines


def _sentence(
    inside: Sequence[CommuneFigures], valued: dict[str, int], indicator: Indicator
) -> str:
    title = f"Carte des communes, {indicator.label.lower()}"
    if not valued:
        return f"{title} : aucune valeur sur {len(inside)} communes."
    top = max(inside, key=lambda row: valued.get(row.insee, 0))
    count = f"{len(valued)} commune{'s' if len(valued) > 1 else ''} sur {len(inside)}"
    most = indicator.sentence(valued[top.insee])
    return f"{title} : {count} ; la plus forte valeur est à {top.name}, {most}."
