"""The order of the lines of an annexe: that of the signed document, unless a column is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from server.db.paging import Sort
from server.domain.flux import Indicator, Position
from server.operations.flux import FluxBoard, FluxLine, party_name
from server.pages.flux.annexes import gap_of
from server.pages.sorting import column, sort_of
from server.pages.views import View
from server.pages.visits import Visit
from server.reference import sort_key

T = TypeVar("T")
Key = Callable[[T], Any]

RATES: Mapping[str, Key[FluxLine]] = {
    "reservataire": lambda line: sort_key(party_name(line.reservataire_name, line.contingent)),
    "droits": lambda line: line.rate.droits,
    "logements": lambda line: line.rate.denominator,
    "taux": lambda line: line.rate.rate_bp,
}
DUE, CARRIED = "du", "reporte"
COUNTS: Mapping[str, Callable[[Position], int]] = {
    "orientes": lambda position: position.oriented,
    "attribues": lambda position: position.attributed,
    "baux": lambda position: position.leased,
}
BOARDS: Mapping[str, Key[FluxBoard]] = {
    "bailleur": lambda board: sort_key(board.computed.facts.bailleur_name),
    "epci": lambda board: sort_key(board.computed.facts.epci_name),
    "logements": lambda board: board.computed.annexe.totals.total,
    "flux": lambda board: board.computed.annexe.totals.flux,
    "droits": lambda board: board.computed.annexe.total_droits,
    "liberations": lambda board: board.vacancy_count,
}
GAP = "ecart"
ORDERS = frozenset({*RATES, *COUNTS, *BOARDS, DUE, CARRIED, GAP})


def _line_key(code: str, basis: Indicator) -> Key[FluxLine] | None:
    if code in RATES:
        return RATES[code]
    if code == GAP:
        return lambda line: line.position and gap_of(line.position, basis)
    if code == DUE:
        return lambda line: line.position and line.position.account(basis).due
    if code == CARRIED:
        return lambda line: line.position and -line.position.account(basis).carried
    count = COUNTS.get(code)
    return count and (lambda line: line.position and count(line.position))


def _ordered(rows: Sequence[T], key: Key[T] | None, sort: Sort | None) -> list[T]:
    """Rows without the figure stay last; equal ones keep the order of the annexe."""
    if key is None or sort is None:
        return list(rows)
    known = [row for row in rows if key(row) is not None]
    unknown = [row for row in rows if key(row) is None]
    return [*sorted(known, key=key, reverse=sort.is_descending), *unknown]


def ordered_boards(
    boards: Sequence[FluxBoard], sort: Sort | None, basis: Indicator
) -> list[FluxBoard]:
    """The annexes and their lines, each in the order asked where it has that column."""
    if sort is None:
        return list(boards)
    key = _line_key(sort.code, basis)
    sorted_lines = [
        replace(board, lines=tuple(_ordered(board.lines, key, sort))) for board in boards
    ]
    return _ordered(sorted_lines, BOARDS.get(sort.code), sort)


def ordered_pairs(
    boards: Sequence[FluxBoard], sort: Sort | None, basis: Indicator
) -> list[tuple[FluxLine, FluxBoard]]:
    """The lines of a réservataire at all its bailleurs, as one table."""
    pairs = [(line, board) for board in boards for line in board.lines]
    if sort is None or sort.code in BOARDS.keys() - RATES.keys():
        return pairs
    key = _line_key(sort.code, basis)
    return _ordered(pairs, key and (lambda pair: key(pair[0])), sort)


def asked_sort(visit: Visit) -> Sort | None:
    return sort_of(visit, ORDERS)


# --- Headers that sort ------------------------------------------------------------------------


def columns_of(visit: Visit) -> View:
    """The headers of the tables that sort, by part."""
    current = asked_sort(visit)

    def falling(label: str, code: str) -> View:
        return {**column(visit, label, code, current, falls=True), "num": True}

    return {
        "own": [column(visit, "Bailleur et périmètre", "bailleur", current)],
        "party": [column(visit, "Réservataire et périmètre", "reservataire", current)],
        "rates": [
            falling("Droits", "droits"),
            falling("Logements (A)", "logements"),
            falling("Taux", "taux"),
        ],
        "counts": [
            falling("Solde reporté", CARRIED),
            falling("Quota de l'année", DUE),
            falling("Orientés", "orientes"),
            falling("Attribués", "attribues"),
            falling("Baux", "baux"),
            {"label": "Réalisé et dû"},
            {**column(visit, "Écart", GAP, current), "num": True},
        ],
        "summary": [
            column(visit, "Bailleur", "bailleur", current),
            column(visit, "EPCI", "epci", current),
            falling("Logements (A)", "logements"),
            falling("Flux (C)", "flux"),
            falling("Droits", "droits"),
        ],
        "vacancies": [falling("Libérations", "liberations"), {"label": "Plus en retard"}],
    }
