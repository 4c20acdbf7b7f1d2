"""The positions of the flux as a file: a row for each line of the annexes chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.flux import UNIT, Indicator, Position
from server.operations.flux import FluxBoard, FluxLine
from server.pages.exports import export_response
from server.pages.flux.annexes import BASIS_LABELS, gap_of
from server.pages.flux.showing import TITLES, Asked, read_chosen
from server.pages.visits import Visit

COLUMNS = (
    Column(code="bailleur", label="Bailleur", description="Bailleur qui a publié l'annexe 1."),
    Column(code="epci", label="EPCI", description="EPCI de l'annexe 1."),
    Column(
        code="reservataire",
        label="Réservataire",
        description="Réservataire de cette ligne du tableau 2.",
    ),
    Column(
        code="contingent", label="Contingent", description="Contingent de l'État, s'il y a lieu."
    ),
    Column(
        code="perimetre", label="Périmètre", description="Communes sur lesquelles porte la ligne."
    ),
    Column(
        code="droits",
        label="Droits",
        kind=Kind.DECIMAL,
        description="Droits de réservation convertis en flux (annexe 1, tableau 2).",
    ),
    Column(
        code="denominateur",
        label="Logements (A)",
        kind=Kind.INTEGER,
        description="Nombre total de logements du périmètre, par lequel se divisent les droits.",
    ),
    Column(
        code="taux",
        label="Taux",
        kind=Kind.PERCENT,
        description="Taux signé : droits ÷ logements (A), ou taux de la convention de l'État.",
    ),
    Column(
        code="reporte",
        label="Solde reporté",
        kind=Kind.DECIMAL,
        description="Avance (positive) ou retard (négatif) des années passées.",
    ),
    Column(
        code="du",
        label="Quota de l'année",
        kind=Kind.DECIMAL,
        description="Ce que les libérations du flux ont donné à la ligne depuis le 1er janvier.",
    ),
    Column(
        code="compte",
        label="Compté dans l'année",
        kind=Kind.DECIMAL,
        description="Ce que le registre a compté à la ligne, selon l'indicateur choisi.",
    ),
    Column(
        code="orientes",
        label="Orientés",
        kind=Kind.INTEGER,
        description="Logements proposés dans l'année, offres retirées avant réponse exclues, "
        "affectations d'urgence imputées comprises.",
    ),
    Column(
        code="attribues",
        label="Attribués",
        kind=Kind.INTEGER,
        description="Logements attribués en CALEOL dans l'année.",
    ),
    Column(code="baux", label="Baux", kind=Kind.INTEGER, description="Baux signés dans l'année."),
    Column(
        code="ecart",
        label="Écart",
        kind=Kind.DECIMAL,
        description="Solde reporté, plus compté, moins quota : négatif, en retard.",
    ),
)


async def export(visit: Visit) -> Response:
    """In the order of the annexes, which are signed documents, unless the page is sorted."""
    asked, boards = await read_chosen(visit)
    rows = [_row(line, board, asked.basis) for board in boards for line in board.lines]
    title = f"{TITLES[visit.actor.capacity]} {asked.year}"
    return export_response(visit, title, COLUMNS, rows, list(_filters(asked, boards)))


def _filters(asked: Asked, boards: Sequence[FluxBoard]) -> Iterator[tuple[str, str]]:
    yield "Année", str(asked.year)
    if asked.until:
        yield "Arrêté au", labels.french_day(asked.until)
    yield "Compté en", BASIS_LABELS[asked.basis]
    facts = [board.computed.facts for board in boards]
    if asked.epci:
        yield "EPCI", ", ".join({one.epci_name for one in facts}) or asked.epci
    if asked.bailleur:
        yield "Bailleur", ", ".join({one.bailleur_name for one in facts}) or asked.bailleur


def _row(line: FluxLine, board: FluxBoard, basis: Indicator) -> dict[str, Any]:
    facts = board.computed.facts
    counts = _counts(line.position, basis) if line.position else {}
    return {
        "bailleur": facts.bailleur_name,
        "epci": facts.epci_name,
        "reservataire": line.reservataire_name,
        "contingent": labels.CONTINGENTS[line.contingent],
        "perimetre": ", ".join(line.perimeter),
        "droits": line.rate.droits,
        "denominateur": line.rate.denominator,
        "taux": line.rate.rate_bp,
        **dict.fromkeys(("reporte", "du", "compte", "orientes", "attribues", "baux", "ecart")),
        **counts,
    }


def _counts(position: Position, basis: Indicator) -> dict[str, Any]:
    account = position.account(basis)
    return {
        "reporte": Decimal(-account.carried) / UNIT,
        "du": Decimal(account.due) / UNIT,
        "compte": Decimal(account.received) / UNIT,
        "orientes": position.oriented // UNIT,
        "attribues": position.attributed // UNIT,
        "baux": position.leased // UNIT,
        "ecart": Decimal(gap_of(position, basis)) / UNIT,
    }
