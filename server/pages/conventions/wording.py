"""The words of the steps, of the acts and of the changes of a convention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.domain import labels
from server.domain.convention_steps import ConventionStep
from server.domain.convention_terms import FIELDS, WORDS, Change
from server.pages import views

View = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StepWords:
    """How a step is offered, typed and confirmed; an empty `day` is not asked."""

    slug: str
    button: str
    title: str
    day: str
    told: str
    hint: str
    effects: tuple[str, ...]
    done: str


STEPS: Mapping[ConventionStep, StepWords] = {
    ConventionStep.DELIBERATE: StepWords(
        slug="deliberation",
        button="Enregistrer la délibération",
        title="Délibération de l'assemblée",
        day="Jour du vote",
        told="Numéro de la délibération",
        hint="Par exemple « n° 2026-45 ».",
        effects=(
            (
                "La convention passe à l'état délibérée ; elle pourra être signée une fois la "
                "délibération transmise au contrôle de légalité."
            ),
            "Le bailleur est prévenu et lit le numéro et les dates.",
        ),
        done="Délibération enregistrée : le bailleur est prévenu.",
    ),
    ConventionStep.SIGN: StepWords(
        slug="signature",
        button="Enregistrer notre signature",
        title="Signature de la convention",
        day="Jour de la signature",
        told="Fonction du signataire",
        hint="Par exemple « Maire » ou « Directrice générale », sans aucun nom.",
        effects=(
            "La convention engage les deux parties une fois signée par chacune.",
            "L'autre partie est prévenue.",
        ),
        done="Signature enregistrée : l'autre partie est prévenue.",
    ),
    ConventionStep.REOPEN: StepWords(
        slug="reouverture",
        button="Rouvrir le projet",
        title="Rouvrir le projet",
        day="",
        told="Pourquoi",
        hint="Une phrase, que le réservataire lira.",
        effects=(
            "La délibération et les signatures enregistrées sont effacées, et à refaire.",
            "Le projet peut de nouveau être modifié. Le réservataire est prévenu.",
        ),
        done="Projet rouvert : le réservataire est prévenu.",
    ),
    ConventionStep.DENOUNCE: StepWords(
        slug="denonciation",
        button="Dénoncer",
        title="Dénoncer la convention",
        day="",
        told="Pourquoi",
        hint="Une phrase, que l'autre partie lira.",
        effects=(
            "La convention n'est pas reconduite : elle s'arrête à la fin de l'année en cours.",
            "Ce qui est enregistré ne se reprend pas. L'autre partie est prévenue.",
        ),
        done="Dénonciation enregistrée : l'autre partie est prévenue.",
    ),
    ConventionStep.TERMINATE: StepWords(
        slug="resiliation",
        button="Résilier",
        title="Résilier la convention",
        day="Dernier jour en vigueur",
        told="Ce qui fonde la résiliation",
        hint="Un accord écrit, une décision de justice, ou pour l'État l'article R441-5-2.",
        effects=(
            "Après ce jour, aucune orientation ne peut plus être envoyée à ce titre.",
            "Ce qui est enregistré ne se reprend pas. L'autre partie est prévenue.",
        ),
        done="Résiliation enregistrée : l'autre partie est prévenue.",
    ),
}
BY_SLUG: Mapping[str, ConventionStep] = {words.slug: step for step, words in STEPS.items()}
ACTS: Mapping[str, str] = {
    "convention.prepared": "Projet préparé",
    "convention.edited": "Projet modifié",
    "convention.addressed": "Adresse générique changée",
    "convention.deliberate": "Délibération enregistrée",
    "convention.sign": "Signature enregistrée",
    "convention.reopen": "Projet rouvert",
    "convention.denounce": "Convention dénoncée",
    "convention.terminate": "Convention résiliée",
    "convention.replaced": "Convention remplacée",
    "convention.amendment_proposed": "Avenant proposé",
    "convention.amendment_signed": "Avenant signé",
    "convention.scanned": "Document déposé",
    "convention.renewing": "Rappel avant reconduction",
    "convention.expiring": "Rappel avant échéance",
}


def change_view(change: Change, names: Mapping[str, str]) -> View:
    """« Délai de réponse : 2 → 3 », with the names of the communes."""
    return {
        "label": FIELDS[change.field],
        "before": _value(change.field, change.before, names),
        "after": _value(change.field, change.after, names),
    }


def _value(field: str, value: Any, names: Mapping[str, str]) -> str:
    if field == "perimeter":
        return ", ".join(names.get(insee, insee) for insee in value)
    if field == "mutation_rate_bp":
        return labels.percent(value)
    known = WORDS.get(field)
    return views.capital(known[value]) if known else str(value)
