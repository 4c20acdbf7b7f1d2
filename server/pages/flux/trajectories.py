"""The cumulative line of an annexe, or of one of its lines, against what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from server.domain import labels
from server.domain.flux import UNIT, Indicator, MonthPoint, add_up
from server.domain.forecasts import served_corridor
from server.operations.flux import FluxBoard, party_name
from server.pages.flux.annexes import BASIS_LABELS, gap_words

Series = Mapping[UUID, Sequence[MonthPoint]]


def line_names(boards: Sequence[FluxBoard]) -> dict[str, str]:
    """The lines that the reader may count, by key."""
    return {
        line.party_key: party_name(line.reservataire_name, line.contingent)
        for board in boards
        for line in board.lines
        if line.position is not None
    }


def of_annexe(board: FluxBoard, series: Series, basis: Indicator, name: str) -> dict[str, Any]:
    facts = board.computed.facts
    points = series.get(facts.id, ())
    parties = 1 if name else sum(one.position is not None for one in board.lines)
    return _view(points, basis, name or "Tous les réservataires", facts.epci_name, parties)


def of_own_lines(boards: Sequence[FluxBoard], series: Series, basis: Indicator) -> dict[str, Any]:
    found = [series[one] for board in boards if (one := board.computed.facts.id) in series]
    bailleurs = ", ".join(dict.fromkeys(one.computed.facts.bailleur_name for one in boards))
    parties = sum(one.position is not None for board in boards for one in board.lines)
    return _view(add_up(found), basis, "Votre part", bailleurs, parties)


def _view(
    points: Sequence[MonthPoint], basis: Indicator, who: str, where: str, parties: int
) -> dict[str, Any]:
    if not points:
        return {}
    last, width = points[-1], served_corridor(parties)
    return {
        "title": f"{who}, {where} : cumul depuis janvier, en logements",
        "sentence": f"À la fin de la période, {labels.dwellings(last.received)} pour "
        f"{labels.dwelling_count(last.due)} dû : {gap_words(last.received - last.due).lower()}.",
        "band_label": f"Couloir, à {labels.dwellings(width)} près",
        "actual_label": f"{BASIS_LABELS[basis].capitalize()} (cumul)",
        "points": [
            {
                "label": labels.month_name(one.month).capitalize(),
                "actual": one.received / UNIT,
                "target": one.due / UNIT,
                "actual_text": str(one.received // UNIT),
                "target_text": labels.dwelling_count(one.due),
                **_band(one.due, width),
            }
            for one in points
        ],
    }


def _band(due: int, width: int) -> dict[str, Any]:
    """What is received stays in it, but for refusals and urgencies."""
    low, high = max(0, due - width), due + width
    return {
        "low": low / UNIT,
        "high": high / UNIT,
        "band_text": f"{labels.dwelling_count(low)} à {labels.dwelling_count(high)}",
    }
