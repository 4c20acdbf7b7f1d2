"""The position of the flux in a few lines, for the home page of each capacity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.flux import UNIT, Indicator
from server.operations.flux import FluxBoard, FluxLine
from server.pages import views
from server.pages.flux.annexes import gap_of, gap_words, line_view
from server.tenants.actors import Capacity

MOST_LINES = 8
TOTALS = (
    ("oriented", "Logements orientés"),
    ("attributed", "Logements attribués en CALEOL"),
    ("leased", "Baux signés"),
)


def glance(capacity: Capacity, boards: Sequence[FluxBoard], now: datetime) -> dict[str, Any]:
    """`rows` are lines of annexes, `tiles` totals, `annexes` what has no count."""
    return {
        "lead": "",
        "rows": [],
        "tiles": [],
        "annexes": [],
        "href": "/flux",
        "link": "Tout le flux",
        "day": labels.french_day(local_day(now)),
        "is_own": capacity is Capacity.RESERVATAIRE,
        **(BY_CAPACITY[capacity](boards, now) if boards else {}),
    }


def _counted(boards: Sequence[FluxBoard]) -> list[tuple[int, FluxLine, FluxBoard]]:
    """The most late first."""
    lines = [
        (gap_of(line.position, Indicator.ORIENTED), line, board)
        for board in boards
        for line in board.lines
        if line.position is not None
    ]
    return sorted(lines, key=lambda one: one[0])


def _row(gap: int, line: FluxLine, board: FluxBoard, now: datetime, name: str) -> dict[str, Any]:
    """A lag of less than one dwelling is nobody's fault, and no success either."""
    facts = board.computed.facts
    view = line_view(line, board, Indicator.ORIENTED, now, name=name)
    return {
        **view,
        "words": gap_words(gap),
        "tone": "neutral" if -UNIT < gap < 0 else view["tone"],
        "epci": facts.epci_name,
        "href": views.address(
            "/flux", epci=facts.epci_siren, bailleur=facts.bailleur_id, ligne=line.party_key
        ),
    }


def _of_bailleur(boards: Sequence[FluxBoard], now: datetime) -> dict[str, Any]:
    lines = _counted(boards)
    shown = [_row(*one, now, "") for one in lines[:MOST_LINES]]
    cut = f" Les {MOST_LINES} premiers sur {len(lines)}." if len(lines) > MOST_LINES else ""
    return {
        "rows": shown,
        "lead": f"Les réservataires les plus en retard d'abord, en logements orientés.{cut}",
    }


def _of_reservataire(boards: Sequence[FluxBoard], now: datetime) -> dict[str, Any]:
    return {
        "rows": [_row(*one, now, one[2].computed.facts.bailleur_name) for one in _counted(boards)],
        "lead": "La part des logements libérés qui vous revient, et ce qui vous a été proposé.",
        "link": "Mon flux",
    }


def _of_prefecture(boards: Sequence[FluxBoard], now: datetime) -> dict[str, Any]:
    lines = _counted(boards)
    explain = {
        "perimeter": f"{labels.plural(len(boards), 'annexe')} 1 du département, part du bailleur "
        "exclue",
        "date": labels.french_instant(now),
    }
    vacancies = sum(board.vacancy_count for board in boards)
    tiles: list[dict[str, Any]] = [
        {
            "label": "Libérations dans le flux",
            "value": vacancies,
            "explain": explain
            | {
                "formula": "Libérations enregistrées depuis le 1er janvier, hors mutations "
                "internes, premières mises en location et urgences hors flux",
                "hidden": "Libérations dans le flux",
            },
        }
    ]
    for code, label in TOTALS:
        total = sum(getattr(line.position, code) for _, line, _ in lines) // UNIT
        formula = f"Somme des lignes des annexes 1 : {label.lower()} depuis le 1er janvier"
        tiles.append(
            {"label": label, "value": total, "explain": explain | {"formula": formula,
             "hidden": label}}
        )  # fmt: skip
    tiles.append(_late_tile([gap for gap, _, _ in lines], explain))
    return {"tiles": tiles, "lead": "Tout le département, depuis le 1er janvier."}


def _late_tile(gaps: Sequence[int], explain: Mapping[str, str]) -> dict[str, Any]:
    late = [gap for gap in gaps if gap <= -UNIT]
    return {
        "label": "Lignes en retard",
        "value": len(late),
        "unit": f"sur {len(gaps)}",
        "detail": "d'un logement ou plus",
        "tone": "warning" if late else "success",
        "explain": {
            **explain,
            "formula": "Lignes des annexes 1 dont les logements orientés manquent d'un logement "
            "ou plus à ce qui leur est dû",
            "denominator": f"Les {labels.plural(len(gaps), 'ligne')} qui se comptent",
            "rows_href": "/flux",
            "rows_label": "Voir toutes les lignes",
            "hidden": "Lignes en retard",
        },
    }


def _of_epci(boards: Sequence[FluxBoard], _now: datetime) -> dict[str, Any]:
    rows = [
        {
            "href": views.address(
                "/flux",
                epci=board.computed.facts.epci_siren,
                bailleur=board.computed.facts.bailleur_id,
            ),
            "bailleur": board.computed.facts.bailleur_name,
            "epci": board.computed.facts.epci_name,
            "totals": board.computed.annexe.totals,
            "droits": labels.decimal(board.computed.annexe.total_droits, 0),
        }
        for board in boards
    ]
    return {
        "annexes": rows,
        "lead": "Les annexes 1 publiées par les bailleurs de votre territoire.",
        "link": "Lire les annexes 1",
    }


View = Callable[[Sequence[FluxBoard], datetime], dict[str, Any]]
BY_CAPACITY: Mapping[Capacity, View] = {
    Capacity.BAILLEUR: _of_bailleur,
    Capacity.RESERVATAIRE: _of_reservataire,
    Capacity.PREFECTURE: _of_prefecture,
    Capacity.EPCI: _of_epci,
}
