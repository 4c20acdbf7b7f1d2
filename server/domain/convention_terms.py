"""What a convention says, what may be written in it, and what an avenant changes (art. 2 to 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from server.domain import labels
from server.domain.closures import RULES, ClosureRule
from server.errors import Motif

MOST_DAYS = 60
WHOLE_BP = 10000
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Management(StrEnum):
    """Who looks for the candidates (art. 5.2): the réservataire, or the bailleur in its place."""

    DIRECT = "direct"
    DELEGATED = "delegated"


class AmendmentReason(StrEnum):
    """When an avenant is due (art. 8); the yearly annexe 1 needs none."""

    SUBSTANTIAL = "substantial"
    CHARTE = "charte"


class ScanKind(StrEnum):
    """What a kept paper is."""

    CONVENTION = "convention"
    DELIBERATION = "deliberation"
    AMENDMENT = "amendment"


MANAGEMENTS: Mapping[str, str] = {
    Management.DIRECT: "directe : le réservataire cherche les candidats",
    Management.DELEGATED: "déléguée : le bailleur cherche les candidats pour le réservataire",
}
REASONS: Mapping[str, str] = {
    AmendmentReason.SUBSTANTIAL: "Modification substantielle, au vu du bilan",
    AmendmentReason.CHARTE: "Révision de la charte départementale",
}
SCANS: Mapping[str, str] = {
    ScanKind.CONVENTION: "Convention signée",
    ScanKind.DELIBERATION: "Délibération",
    ScanKind.AMENDMENT: "Avenant signé",
}
FIELDS: Mapping[str, str] = {
    "perimeter": "Périmètre",
    "mailbox": "Adresse générique",
    "answer_days": "Délai de réponse (jours ouvrés)",
    "candidate_days": "Délai de présentation (jours ouvrés)",
    "mutation_rate_bp": "Taux de soustraction",
    "indicator": "Indicateur du décompte",
    "management": "Mode de gestion",
    "closure_rule": "Fermetures du réservataire",
    "charte_version": "Version de la charte",
    "model_version": "Modèle de convention",
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "indicator": labels.INDICATORS,
    "management": MANAGEMENTS,
    "closure_rule": RULES,
}
"""The terms that are codes, each with its words."""

AMENDABLE = tuple(field for field in FIELDS if field != "mailbox")
"""What takes an avenant: the address is where offers go, it changes as a mailbox does."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The parameters of a convention; `perimeter` holds INSEE codes, `mailbox` None blocks sending.
    What is usual is the charte's to say (`charte.usual_terms`).

    Delays in working days (art. 5.3), `mutation_rate_bp` in hundredths of a percent (art. 2.3).
    """

    perimeter: frozenset[str]
    charte_version: str
    model_version: str
    answer_days: int
    candidate_days: int
    mutation_rate_bp: int
    indicator: str
    mailbox: str | None = None
    management: str = Management.DIRECT.value
    closure_rule: str = ClosureRule.COUNTED.value


def terms_motifs(terms: Terms) -> tuple[Motif, ...]:
    """What cannot be written in a convention.

    Codes: perimeter_required, days_invalid, rate_invalid, mailbox_invalid, version_required,
    code_invalid.
    """
    return tuple(_terms_motifs(terms))


def _terms_motifs(terms: Terms) -> Iterator[Motif]:
    if not terms.perimeter:
        message = "Cochez au moins une commune du périmètre."
        yield Motif(code="perimeter_required", message=message, field="perimeter")
    for field in ("answer_days", "candidate_days"):
        if not 1 <= getattr(terms, field) <= MOST_DAYS:
            message = f"Indiquez un nombre de jours ouvrés, de 1 à {MOST_DAYS}."
            yield Motif(code="days_invalid", message=message, field=field)
    if not 0 <= terms.mutation_rate_bp <= WHOLE_BP:
        message = "Indiquez un taux de 0 à 100 %."
        yield Motif(code="rate_invalid", message=message, field="mutation_rate_bp")
    if terms.mailbox is not None and not ADDRESS.fullmatch(terms.mailbox):
        message = "Cette adresse électronique n'est pas complète."
        yield Motif(code="mailbox_invalid", message=message, field="mailbox")
    yield from _text_motifs(terms)


def _text_motifs(terms: Terms) -> Iterator[Motif]:
    for field in ("charte_version", "model_version"):
        if not getattr(terms, field).strip():
            message = f"Indiquez : {FIELDS[field].lower()}."
            yield Motif(code="version_required", message=message, field=field)
    for field, codes in WORDS.items():
        if getattr(terms, field) not in codes:
            message = f"Choisissez : {FIELDS[field].lower()}."
            yield Motif(code="code_invalid", message=message, field=field)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A parameter before and after an avenant, as stored: codes, numbers, lists of INSEE codes."""

    field: str
    before: Any
    after: Any


def changes_between(before: Terms, after: Terms) -> tuple[Change, ...]:
    old, new = _stored(before), _stored(after)
    return tuple(
        Change(field=field, before=old[field], after=new[field])
        for field in AMENDABLE
        if old[field] != new[field]
    )


def _stored(terms: Terms) -> dict[str, Any]:
    return {**asdict(terms), "perimeter": sorted(terms.perimeter)}


def amendment_motifs(reason: str, summary: str, changes: tuple[Change, ...]) -> tuple[Motif, ...]:
    """What an avenant lacks. Codes: reason_required, summary_required, nothing_changed,
    charte_unchanged.
    """
    return tuple(_amendment_motifs(reason, summary, changes))


def _amendment_motifs(reason: str, summary: str, changes: tuple[Change, ...]) -> Iterator[Motif]:
    if reason not in REASONS:
        message = "Choisissez ce qui demande un avenant (art. 8)."
        yield Motif(code="reason_required", message=message, field="reason")
    if not summary.strip():
        message = "Dites en une phrase ce que l'avenant change."
        yield Motif(code="summary_required", message=message, field="summary")
    if not changes:
        message = (
            "Aucun paramètre ne change : la mise à jour annuelle de l'annexe 1 se fait sans "
            "avenant (art. 8)."
        )
        yield Motif(code="nothing_changed", message=message)
    elif reason == AmendmentReason.CHARTE and "charte_version" not in {
        one.field for one in changes
    }:
        message = "Indiquez la version révisée de la charte que l'avenant fait entrer."
        yield Motif(code="charte_unchanged", message=message, field="charte_version")
