"""An import in the words of its pages."""

from __future__ import annotations

from typing import Any

from server.db.imports import Import
from server.documents.imports import FIELDS, KIND_WORDS
from server.domain import import_labels, labels
from server.domain.deadlines import PARIS
from server.pages.views import View
from server.reference import load_rpls

PATH = "/patrimoine/imports"
CRUMBS = [{"label": "Logements", "href": "/logements"}, {"label": "Imports", "href": PATH}]
TONES = {
    "received": "info",
    "reading": "info",
    "to_map": "warning",
    "ready": "warning",
    "blocked": "danger",
    "unreadable": "danger",
    "applying": "info",
    "confirmed": "success",
    "stale": "warning",
}
RUNNING = ("received", "reading", "applying")
_KILO = 1024
_VALUES = {
    "kind": labels.KINDS,
    "typology": labels.TYPOLOGIES,
    "financing": labels.FINANCINGS,
    "exclusion": labels.EXCLUSIONS,
}


def row(one: Import) -> View:
    counts = (one.report or {}).get("counts", {})
    return {
        "href": f"{PATH}/{one.id}",
        "name": one.file_name,
        "when": labels.french_instant(one.received_at.astimezone(PARIS)),
        "who": one.received_by,
        "state": {"text": import_labels.STATES[one.state], "tone": TONES[one.state]},
        "lines": labels.number(counts["lines"]) if counts else "",
    }


def facts(one: Import) -> list[View]:
    layout: dict[str, Any] = one.layout or {}
    kinds = {"rpls": "Déclaration RPLS", "table": "Tableau"}
    received = labels.french_instant(one.received_at.astimezone(PARIS))
    found = [
        {"term": "Fichier", "value": f"{one.file_name} ({weight(one.size)})"},
        {"term": "Reçu", "value": f"{received}, de {one.received_by}"},
        {"term": "Empreinte SHA-256", "value": one.sha256},
    ]
    if layout:
        found.append({"term": "Présentation", "value": kinds[layout["kind"]]})
    if one.confirmed_at:
        when = labels.french_instant(one.confirmed_at.astimezone(PARIS))
        found.append({"term": "Confirmé", "value": f"{when}, par {one.confirmed_by}"})
        found.append({"term": "Absents du fichier", "value": _departed(one)})
    return found


def _departed(one: Import) -> str:
    """What was decided of the dwellings that the file does not hold."""
    if one.departed_on is None:
        return "gardés dans le patrimoine"
    return f"sortis du patrimoine le {labels.french_day(one.departed_on)}"


def weight(octets: int) -> str:
    kilos = octets / _KILO
    if kilos < _KILO:
        return f"{max(1, round(kilos))} ko"
    return f"{kilos / _KILO:.1f} Mo".replace(".", ",")


# --- The report -----------------------------------------------------------------------------------


def figures(report: dict[str, Any], state: str) -> list[View]:
    counts = report["counts"]
    done = state == "confirmed"
    shown = (
        ("created", "Logements nouveaux", "success"),
        ("changed", "Fiches modifiées", "info"),
        ("departed", "Absents du fichier", "warning"),
        ("unchanged", "Inchangés", "neutral"),
        ("faults", "Erreurs à corriger", "danger"),
    )
    return [
        {
            "label": label,
            "value": labels.number(counts[code]),
            "tone": tone if counts[code] else "neutral",
        }
        for code, label, tone in shown
        if not (done and code == "faults")
    ]


def ignored(report: dict[str, Any]) -> list[str]:
    counted = report["ignored"].items()
    return [f"{labels.number(n)} {import_labels.ignored(code, n)}" for code, n in counted]


def for_sale(count: int) -> str:
    """Field 59, as a clue."""
    if not count:
        return ""
    told = "1 logement est" if count == 1 else f"{labels.number(count)} logements sont"
    return (
        f"{told} « mis en commercialisation » (champ 59) : un indice pour le plan de vente, rien "
        "n'est exclu de ce fait."
    )


def fault(one: dict[str, Any]) -> View:
    tone = ("À corriger", "danger") if one["is_blocking"] else ("À confirmer", "warning")
    return {
        "line": one["line"],
        "column": one["column"],
        "message": one["message"],
        "badge": {"text": tone[0], "tone": tone[1]},
    }


def change(one: dict[str, Any]) -> View:
    told = [
        f"{import_labels.FIELDS[name]} : {value(name, before)} → {value(name, after)}"
        for name, (before, after) in one["fields"].items()
    ]
    return {"reference": one["reference"], "told": told}


def value(name: str, given: Any) -> str:
    if given is None or given == "":
        return "vide"
    if isinstance(given, bool):
        return "oui" if given else "non"
    if name in _VALUES:
        return _VALUES[name][given]
    if isinstance(given, float):
        return f"{given:.2f}".replace(".", ",")
    return str(given)


def confirmable(report: dict[str, Any]) -> list[View]:
    """A box for each kind of warning."""
    words = {**KIND_WORDS, **import_labels.EXPLAINED}
    return [
        {
            "name": f"accepte.{code}",
            "label": f"J'accepte : {words[code]} ({labels.number(n)})",
            "hint": import_labels.CAVEATS.get(code, ""),
        }
        for code, n in report["confirmable"].items()
    ]


def proposal(report: dict[str, Any], communes: dict[str, str]) -> View | None:
    """Field 63 by commune: what the first photograph of the droits could start from."""
    given: dict[str, dict[str, int]] = report["contingents"]
    if not given:
        return None
    known: dict[str, str] = load_rpls()["contingent"]
    codes = sorted({code for counts in given.values() for code in counts})
    return {
        "columns": [{"label": "Commune"}]
        + [{"label": known.get(code, f"code {code}"), "num": True} for code in codes],
        "rows": [
            [communes.get(insee, insee), *(labels.number(counts.get(code, 0)) for code in codes)]
            for insee, counts in sorted(given.items())
        ],
    }


# --- The columns ----------------------------------------------------------------------------------


def column_fields(layout: dict[str, Any], typed: dict[str, str]) -> list[View]:
    """For each fact of a dwelling, the column that holds it as it is understood so far."""
    chosen: dict[str, int] = layout["columns"]
    return [
        {
            "name": f"colonne.{one.code}",
            "label": one.label,
            "hint": one.hint,
            "is_required": one.is_required,
            "value": typed.get(one.code, str(chosen.get(one.code, ""))),
        }
        for one in FIELDS
    ]


def column_options(layout: dict[str, Any]) -> list[View]:
    return [
        {"value": str(index), "label": name or f"colonne {index + 1}"}
        for index, name in enumerate(layout["header"])
    ]
