"""An annexe 1 in words: its tables as signed, what C would give, what moved since the last one."""

from __future__ import annotations

from typing import Any

from server.db.flux import AnnexeFacts, AnnexeLine
from server.documents.annexe_tables import AnnexeTables, tables_of
from server.domain import annexe_labels, labels
from server.domain.annexe import CommuneShare, LineRate
from server.domain.annexe_drafts import on_flux
from server.operations.annexe_rates import ComputedAnnexe
from server.operations.annexes import Comparison, Proposal
from server.operations.annexes.comparing import LineChange, StockChange
from server.operations.flux import party_name

NONE = "–"
LIST = {"label": "Annexes 1", "href": "/annexes"}


def title_of(facts: AnnexeFacts) -> str:
    return f"Annexe 1 de {facts.year}, {facts.epci_name}"


def state_of(facts: AnnexeFacts) -> dict[str, str]:
    if facts.published_at is None:
        return {"text": f"Brouillon de la version {facts.version}", "tone": "warning"}
    return {"text": f"Version {facts.version} publiée", "tone": "success"}


def tables_view(computed: ComputedAnnexe, *, is_draft: bool) -> dict[str, Any]:
    """The three tables of the signed annexe, the shares, and the same rights over C, beside."""
    tables, annexe = tables_of(computed), computed.annexe
    base = f"/annexes/{computed.facts.id}"
    rows = {f"{one.reservataire_id}:{one.contingent}": one for one in computed.facts.lines}
    return {
        "stock": tables.stock,
        "stock_total": tables.stock_total,
        "lines": [
            {
                **_line(rate, tables, number),
                "what_if": _percent(on_flux(rate, _stock(computed))),
                **_origin(rows[rate.line.key]),
                "edit_href": f"{base}/lignes/{rows[rate.line.key].id}" if is_draft else "",
            }
            for number, rate in enumerate(annexe.lines)
        ],
        "total_droits": tables.total_text,
        "singles": tables.singles,
        "shares": [_share(share) for share in annexe.communes],
        "has_exclusions": annexe.totals.excluded > 0,
    }


def proposal_sentence(one: Proposal) -> str:
    """What the declaration counts of a contingent, commune by commune."""
    homes = "logement" if one.total == 1 else "logements"
    places = ", ".join(f"{labels.number(count)} à {name}" for name, count in one.dwellings)
    return f"{one.contingent} : {labels.number(one.total)} {homes} ({places}), à vérifier."


def _stock(computed: ComputedAnnexe) -> list[Any]:
    return [share.stock for share in computed.annexe.communes]


def _percent(rate_bp: int | None) -> str:
    return NONE if rate_bp is None else labels.percent(rate_bp)


def _line(rate: LineRate, tables: AnnexeTables, number: int) -> dict[str, Any]:
    row = tables.rights[number]
    kind = " (C)" if row.is_over_flux else " (A)"
    return {
        "name": party_name(rate.line.reservataire, rate.line.contingent),
        "droits": row.droits_text,
        "denominator": f"{labels.number(row.denominator)}{kind}",
        "rate": labels.percent(row.rate_bp),
        "perimeter": row.perimeter,
        "is_imposed": rate.line.imposed_rate_bp is not None,
    }


def _origin(row: AnnexeLine) -> dict[str, str]:
    """Where the rights come from: last year's, what expired, what is new, why."""
    if row.imposed_rate_bp is not None:
        rolled = "taux fixé par la convention de l'État"
    elif row.previous_droits is None:
        rolled = "nouvelle ligne" if row.source == "entered" else annexe_labels.SOURCES[row.source]
    else:
        rolled = f"{labels.number(row.previous_droits)} de l'annexe précédente"
        rolled += f" − {labels.number(row.expired)} (droits expirés)" if row.expired else ""
        rolled += f" + {labels.number(row.added)} (droits nouveaux)" if row.added else ""
    return {
        "rolled": rolled,
        "reason": row.change_reason or "",
        "origin": annexe_labels.ORIGINS[row.origin],
        "is_to_fill": "1" if row.source == "convention" and not row.droits else "",
    }


def _share(share: CommuneShare) -> dict[str, str]:
    rates = " − ".join(labels.percent(signed) for _, signed in share.rates)
    exact = share.exact_bailleur_share
    return {
        "name": share.stock.name,
        "share": labels.percent(share.bailleur_share_bp),
        "formula": f"100 % − {rates}" if rates else "aucun taux",
        "exact": f"{exact.numerator}/{exact.denominator}",
    }


def comparison_view(found: Comparison | None) -> dict[str, Any] | None:
    if found is None:
        return None
    before = found.before.facts
    return {
        "title": f"annexe {before.year}, version {before.version}",
        "href": f"/annexes/{before.id}",
        "is_changed": found.is_changed,
        "communes": [_stock_change(one) for one in found.communes],
        "lines": [_line_change(one) for one in found.lines],
    }


def _stock_change(one: StockChange) -> dict[str, Any]:
    return {
        "name": one.name,
        "changed": one.is_changed,
        "cells": [_stock_cells(one.before), _stock_cells(one.now)],
    }


def _stock_cells(share: CommuneShare | None) -> dict[str, str]:
    if share is None:
        return {"a": NONE, "b": NONE, "c": NONE, "share": NONE}
    stock = share.stock
    return {
        "a": labels.number(stock.total),
        "b": labels.number(stock.excluded),
        "c": labels.number(stock.flux),
        "share": labels.percent(share.bailleur_share_bp),
    }


def _line_change(one: LineChange) -> dict[str, Any]:
    return {
        "name": party_name(one.reservataire, one.contingent),
        "changed": one.is_changed,
        "reason": one.reason,
        "before": _rate_cells(one.before),
        "now": _rate_cells(one.now),
    }


def _rate_cells(rate: LineRate | None) -> dict[str, str]:
    if rate is None:
        return {"droits": NONE, "rate": NONE}
    return {"droits": annexe_labels.droits(rate), "rate": labels.percent(rate.rate_bp)}
