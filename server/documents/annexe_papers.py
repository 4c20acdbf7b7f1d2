"""Annexe 1 as a PDF laid out as the signed one: tagged (PDF/UA-1), in French."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from server.documents.annexe_tables import (
    EXCLUDED,
    NO_TOTAL,
    RIGHTS_HEADERS,
    SINGLE_HEADERS,
    STOCK_HEADERS,
    STOCK_TITLE,
    ComputedAnnexe,
    RightsRow,
    StockRow,
    tables_of,
)
from server.documents.papers import STANDARDS
from server.domain import labels
from server.domain.annexe import ExclusionCode


@cache
def _template() -> bytes:
    return (files("server.documents") / "annexe_papers.typ").read_bytes()


def annexe_pdf(computed: ComputedAnnexe, *, at: datetime) -> bytes:
    """`at` dates the file of a draft; that of a version is dated of its publication, so that the
    same version always gives the same bytes.
    """
    tables = tables_of(computed)
    facts = {
        "title": tables.title,
        "epci": tables.epci,
        "bailleur": tables.bailleur,
        "status": tables.status,
        "is_draft": tables.at is None,
        "stock_title": STOCK_TITLE,
        "stock_headers": STOCK_HEADERS,
        "excluded": EXCLUDED,
        "exclusions": [labels.EXCLUSIONS[code] for code in ExclusionCode],
        "stock": [_stock(row) for row in tables.stock],
        "stock_total": _stock(tables.stock_total),
        "rights_headers": RIGHTS_HEADERS,
        "rights": [_rights(row) for row in tables.rights],
        "total_droits": tables.total_text,
        "single_headers": SINGLE_HEADERS,
        "singles": [asdict(row) for row in tables.singles],
        "note": NO_TOTAL,
    }
    content: Any = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"annexe": json.dumps(facts)},
        pdf_standards=STANDARDS,
        timestamp=(tables.at or at).astimezone(UTC).replace(microsecond=0),
        ignore_system_fonts=True,
    )
    return bytes(content)


def _stock(row: StockRow) -> list[str]:
    return [row.name, *(labels.number(one) for one in (row.total, *row.exclusions, row.flux))]


def _rights(row: RightsRow) -> dict[str, str]:
    kind = " (C)" if row.is_over_flux else ""
    return {
        "name": row.name,
        "droits": row.droits_text,
        "rate": labels.percent(row.rate_bp),
        "origin": f"sur {labels.number(row.denominator)} logements{kind}, {row.perimeter}",
    }
