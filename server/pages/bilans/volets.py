"""The three volets in words, from the frozen content of a version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from server.documents.workbooks.bilans import ANSWERS, DIMENSION_TABLES, OUTCOMES
from server.domain import labels
from server.domain.bilans import Dimension
from server.domain.charte import CATEGORIES
from server.domain.dwellings import MUTATION_CEILING_BP
from server.domain.ledger_sentences import signed
from server.operations.flux import party_name

Content = Mapping[str, Any]
DETAIL_LENGTH = 100


def _party(one: Mapping[str, Any]) -> str:
    return party_name(one["name"], one["contingent"])


def _figures(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "due": labels.dwelling_count(one["due"]),
        "oriented": one["oriented"],
        "attributed": one["attributed"],
        "leased": one["leased"],
        "gap": signed(one["gap"]),
    }


# --- Volet 2 ----------------------------------------------------------------------------------


def party_rows(content: Content) -> list[dict[str, Any]]:
    return [{"name": _party(one), **_figures(one)} for one in content["parties"]]


def totals(content: Content) -> dict[str, Any]:
    """What adds up: dwellings due and counted."""
    names = ("due", "oriented", "attributed", "leased", "gap")
    return _figures({name: sum(one[name] for one in content["parties"]) for name in names})


def dimension_tables(content: Content) -> list[dict[str, Any]]:
    names = {one["key"]: _party(one) for one in content["parties"]}
    found = []
    for dimension in Dimension:
        words = DIMENSION_TABLES.get(dimension, content["communes"])
        rows = [
            {"name": names[one["party"]], "value": words[one["value"]], **_figures(one)}
            for one in content["tables"][dimension]
        ]
        found.append({"id": dimension.value, "label": labels.DIMENSIONS[dimension], "rows": rows})
    return found


# --- Volet 3 ----------------------------------------------------------------------------------


def out_of_flux(content: Content) -> list[dict[str, Any]]:
    return [
        {
            "nature": labels.NATURES[one["nature"]],
            "commune": one["commune"],
            "typology": labels.TYPOLOGIES[one["typology"]],
            "count": one["count"],
        }
        for one in content["out_of_flux"]
    ]


def mutations(content: Content) -> str:
    share = content["mutations"]
    if share["ratio_bp"] is None:
        return "Aucune libération dans l'assiette cette année."
    ceiling = labels.percent(share.get("ceiling_bp", MUTATION_CEILING_BP))
    return (
        f"Mutations internes : {share['count']} sur {share['total']} libérations de l'assiette, "
        f"soit {labels.percent(share['ratio_bp'])} pour {ceiling} au "
        f"plus (art. 2.3) : {labels.LEVELS[share['level']]}."
    )


def forecast(content: Content) -> dict[str, Any]:
    """What the bailleur expects to withdraw the year after; bilans frozen before have none."""
    found = content.get("forecast", {"year": content["year"] + 1, "numbers": {}})
    rows = [
        {"category": words, "number": found["numbers"][code]}
        for code, words in CATEGORIES.items()
        if code in found["numbers"]
    ]
    return {"year": found["year"], "rows": rows}


# --- Volet 1 ----------------------------------------------------------------------------------


def detailed(content: Content) -> list[dict[str, Any]]:
    """The first lines; the workbook holds them all."""
    names = {one["key"]: _party(one) for one in content["parties"]}
    return [_detail(row, names) for row in content["detailed"][:DETAIL_LENGTH]]


def _detail(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    typology = labels.TYPOLOGIES[row["typology"]]
    known = row["financing"] != "other"
    financing = f" {labels.FINANCINGS[row['financing']]}" if known else ""
    return {
        "home": f"{typology}{financing}, {row['address']}",
        "commune": row["commune"],
        "nature": labels.NATURES[row["nature"]],
        "party": names.get(row["party"] or row["charged_to"] or "", "—"),
        "sent": _day(row["sent_on"]),
        "answer": ANSWERS.get(row["answer"], ""),
        "candidates": "" if row["candidate_count"] is None else row["candidate_count"],
        "outcome": OUTCOMES.get(row["outcome"], ""),
        "leased": _day(row["leased_on"]),
    }


def _day(text: str | None) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}" if text else ""


# --- Checks -----------------------------------------------------------------------------------


def check_rows(content: Content) -> list[dict[str, Any]]:
    return [
        {
            "label": labels.CHECKS[one["code"]],
            "expected": _count(one["code"], one["expected"]),
            "found": _count(one["code"], one["found"]),
            "badge": {"text": "Conforme", "tone": "success"}
            if one["is_ok"]
            else {"text": "Écart", "tone": "danger"},
        }
        for one in content["checks"]
    ]


def _count(code: str, value: int) -> str:
    """What is due is kept in 1/10 000 dwelling; the other controls count dwellings."""
    return labels.dwelling_count(value) if code == "due" else str(value)
