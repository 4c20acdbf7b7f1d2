"""An annexe 1 in words: its two tables, the bailleur's shares, each figure with its origin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from server.domain import annexe as law
from server.domain import annexe_labels, labels
from server.domain.annexe import CommuneShare, LineRate
from server.domain.deadlines import local_day
from server.domain.flux import UNIT, Account, Indicator, Position
from server.domain.ledger_sentences import signed
from server.operations.flux import FluxBoard, FluxLine, party_name
from server.pages import views

FIRST_YEAR = 2024  # stock became flux on 24 November 2023
QUOTA = (
    "Chaque logement libéré donne le taux de son jour ; s'il revient à orienter après avoir été "
    "compté, il le donne encore."
)
BASIS_LABELS = {
    Indicator.ORIENTED: "logements orientés",
    Indicator.ATTRIBUTED: "logements attribués en CALEOL",
    Indicator.LEASED: "baux signés",
}
SHORT_LABELS = {
    Indicator.ORIENTED: "orientés",
    Indicator.ATTRIBUTED: "attribués",
    Indicator.LEASED: "baux",
}


def annexe_view(board: FluxBoard, basis: Indicator, now: datetime, *, own: bool) -> dict[str, Any]:
    facts, annexe = board.computed.facts, board.computed.annexe
    counted = any(line.position for line in board.lines) and not own
    bars = bars_of(board, basis) if counted and board.vacancy_count else []
    shown = (
        [line_view(line, board, basis, now) for line in board.lines]
        if counted
        else [_bare_line(line.rate, board, now) for line in board.lines]
    )
    return {
        "id": f"annexe-{str(facts.id)[-12:]}",
        "title": f"{facts.bailleur_name}, {facts.epci_name}",
        "version": _version(board),
        "workbook": f"/flux/{facts.id}/annexe.xlsx",
        "pdf": f"/annexes/{facts.id}/annexe.pdf",
        "href": f"/annexes/{facts.id}",
        "stock": [_stock_row(share) for share in annexe.communes],
        "totals": annexe.totals,
        "exclusions": [annexe.totals.exclusions[code] for code in law.ExclusionCode],
        "epci_name": facts.epci_name,
        "lines": shown,
        "counted": counted,
        "total_droits": annexe_labels.total_droits(annexe),
        "bailleur": _bailleur_row(board, basis, counted=counted),
        "shares": [_share_row(share, board, now) for share in annexe.communes],
        "bars": bars,
        "bars_sentence": _bars_sentence(bars),
        "vacancies": board.vacancy_count,
        "warnings": [motif.message for motif in annexe.warnings],
    }


def _version(board: FluxBoard) -> str:
    facts = board.computed.facts
    day = labels.french_day(local_day(facts.published_at)) if facts.published_at else ""
    return f"Annexe 1 de {facts.year}, version {facts.version}, publiée le {day}"


def _stock_row(share: CommuneShare) -> dict[str, Any]:
    stock = share.stock
    return {
        "name": stock.name,
        "total": stock.total,
        "exclusions": [stock.exclusions.get(code, 0) for code in law.ExclusionCode],
        "flux": stock.flux,
    }


def _percentage(value: Fraction) -> str:
    return labels.decimal(Decimal(value.numerator * 100) / Decimal(value.denominator), 5)


def _rate_explanation(rate: LineRate, board: FluxBoard, now: datetime) -> dict[str, str]:
    names = {share.stock.insee: share.stock.name for share in board.computed.annexe.communes}
    perimeter = ", ".join(names[insee] for insee in names if insee in rate.line.perimeter)
    droits, printed = labels.number(rate.droits), labels.percent(rate.rate_bp)
    if rate.line.imposed_rate_bp is None:
        formula = (
            f"{droits} droits ÷ {rate.denominator} logements = {_percentage(rate.exact)} %, "
            f"arrondi à {printed}"
        )
    else:
        formula = (
            f"Taux fixé par la convention de l'État : {printed} × {rate.denominator} logements = "
            f"{droits} droits"
        )
    return {
        "formula": formula,
        "denominator": f"{rate.denominator} : nombre total de logements (A) du périmètre, "
        "logements exclus compris",
        "perimeter": perimeter,
        "date": labels.french_instant(now),
        "version": _version(board),
        "note": "",
        "rows_href": "",
        "version_href": f"/annexes/{board.computed.facts.id}",
        "hidden": party_name(rate.line.reservataire, rate.line.contingent),
    }


def _bare_line(rate: LineRate, board: FluxBoard, now: datetime) -> dict[str, Any]:
    explanation = _rate_explanation(rate, board, now)
    return {
        "name": party_name(rate.line.reservataire, rate.line.contingent),
        "perimeter": explanation["perimeter"],
        "droits": annexe_labels.droits(rate),
        "denominator": rate.denominator,
        "rate": labels.percent(rate.rate_bp),
        "explanation": explanation,
    }


def line_view(
    line: FluxLine, board: FluxBoard, basis: Indicator, now: datetime, *, name: str = ""
) -> dict[str, Any]:
    row = _bare_line(line.rate, board, now)
    row["name"] = name or row["name"]
    if line.position is None:
        return row
    standing = _standing(line.position, basis, row["name"])
    account = line.position.account(basis)
    row["explanation"] |= {
        "note": account_words(account, basis),
        "rows_href": _rows_href(line, board, basis),
        "moves_href": views.address(
            "/flux/registre",
            bailleur=board.computed.facts.bailleur_id,
            compter=basis.value if basis is not Indicator.ORIENTED else "",
        ),
    }
    return {**row, **standing}


def account_words(account: Account, basis: Indicator) -> str:
    """How the four numbers of the ledger make the gap."""
    quota = labels.dwelling_count(account.due)
    counted = f"{labels.dwelling_count(account.received)} en {BASIS_LABELS[basis]} ou offerts"
    parts = [
        f"Solde reporté des années passées : {signed(-account.carried)}.",
        f"Quota de l'année : {quota}. {QUOTA}",
        f"Compté dans l'année : {counted}.",
    ]
    if account.moved:
        parts.append(f"Conventions expirées et urgences étalées : {signed(-account.moved)}.")
    return " ".join((*parts, f"Écart : {signed(-account.lag)}."))


def _rows_href(line: FluxLine, board: FluxBoard, basis: Indicator) -> str:
    """The very offers that the line counts, and no other."""
    return views.address(
        "/orientations",
        etape="toutes",
        annee=board.year,
        compter=basis.value if basis is not Indicator.ORIENTED else "",
        annexe=board.computed.facts.id,
        bailleur=board.computed.facts.bailleur_id,
        reservataire=line.reservataire_id,
        contingent=line.contingent,
    )


def gap_words(gap: int) -> str:
    """A gap in words: « En retard de 1,37 logement »."""
    if gap == 0:
        return "Exactement à la cible"
    return f"En {'retard' if gap < 0 else 'avance'} de {labels.dwellings(abs(gap))}"


def gap_of(position: Position, basis: Indicator) -> int:
    """The ledger's balance seen by the reader: negative, late."""
    return -position.account(basis).lag


def _standing(position: Position, basis: Indicator, name: str) -> dict[str, Any]:
    account, gap = position.account(basis), gap_of(position, basis)
    late, ahead = gap <= -UNIT, gap >= UNIT
    return {
        "carried": signed(-account.carried),
        "due": labels.dwelling_count(account.due),
        "oriented": position.oriented // UNIT,
        "attributed": position.attributed // UNIT,
        "leased": position.leased // UNIT,
        "done": account.received // UNIT,
        "gauge": {"done": account.received / UNIT, "due": account.due / UNIT},
        "sentence": f"{name} : {labels.dwelling_count(account.received)} pour "
        f"{labels.dwelling_count(account.due)} dû",
        "gap": signed(gap),
        "other_gaps": [
            f"{SHORT_LABELS[one]} : {signed(gap_of(position, one))}"
            for one in Indicator
            if one is not basis
        ],
        "state": "En retard" if late else "En avance" if ahead else "Proche de la cible",
        "tone": "warning" if late else "info" if ahead else "success",
    }


def _bailleur_row(board: FluxBoard, basis: Indicator, *, counted: bool) -> dict[str, Any]:
    annexe = board.computed.annexe
    row: dict[str, Any] = {
        "name": f"{board.computed.facts.bailleur_name}, part non réservée",
        "droits": labels.decimal(annexe.bailleur_droits, 0),
        "denominator": annexe.totals.total,
    }
    if counted and board.bailleur_position is not None:
        row |= _standing(board.bailleur_position, basis, row["name"])
    return row


def _share_row(share: CommuneShare, board: FluxBoard, now: datetime) -> dict[str, Any]:
    rates = " − ".join(labels.percent(signed_rate) for _, signed_rate in share.rates)
    exact = share.exact_bailleur_share
    printed = labels.percent(share.bailleur_share_bp)
    return {
        "name": share.stock.name,
        "rates": [
            f"{party_name(rate.line.reservataire, rate.line.contingent)}{labels.NBSP}: "
            f"{labels.percent(signed_rate)}"
            for rate, signed_rate in share.rates
        ],
        "share": printed,
        "explanation": {
            "formula": f"100 % − {rates} = {printed}",
            "denominator": "Ce que laissent les taux signés de la commune",
            "perimeter": share.stock.name,
            "date": labels.french_instant(now),
            "version": _version(board),
            "version_href": f"/annexes/{board.computed.facts.id}",
            "note": f"Sans arrondir les taux : {exact.numerator}/{exact.denominator}, soit "
            f"{_percentage(exact)} %. Les taux signés, arrondis, font foi pour l'année.",
            "hidden": f"Part du bailleur, {share.stock.name}",
        },
    }


# --- Gaps ---------------------------------------------------------------------------------------


def bars_of(board: FluxBoard, basis: Indicator) -> list[dict[str, Any]]:
    """The most late first; the bailleur, who holds what is not offered yet, last."""
    gaps = [
        (
            party_name(line.reservataire_name, line.contingent),
            gap_of(line.position, basis),
        )
        for line in board.lines
        if line.position is not None
    ]
    gaps.sort(key=lambda one: one[1])
    own = board.bailleur_position
    if own is not None:
        gaps.append(("Part du bailleur", gap_of(own, basis)))
    return [{"label": name, "value": gap / UNIT, "text": signed(gap)} for name, gap in gaps]


def _bars_sentence(bars: Sequence[dict[str, Any]]) -> str:
    if len(bars) < 2:  # noqa: PLR2004 - one réservataire and the bailleur at least
        return ""
    first, last = bars[0], bars[-2]
    return (
        f"Écarts des réservataires en logements, de {first['label']}, {first['text']}, "
        f"à {last['label']}, {last['text']}."
    )
