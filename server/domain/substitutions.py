"""The préfet in the place of a commune carencée: from a day to a day (L302-9-1).

The rights stay on the commune's line of the annexe; offers of that line go to the State, which
answers them as a reservataire for the households with priority.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from server.domain import labels
from server.errors import Motif


@dataclass(frozen=True, kw_only=True)
class SubstitutionFacts:
    """What the préfecture declares; both days are included. `already`: one with a day in common."""

    is_commune: bool
    decree: str
    starts_on: date
    ends_on: date | None = None
    already: str | None = None


def declaration_motifs(facts: SubstitutionFacts) -> tuple[Motif, ...]:
    """What forbids it.

    Codes: not_a_commune, decree_required, period_invalid, already_substituted.
    """
    return tuple(_motifs(facts))


def _motifs(facts: SubstitutionFacts) -> Iterator[Motif]:
    if not facts.is_commune:
        message = "La substitution du préfet ne vise qu'une commune réservataire (L302-9-1)."
        yield Motif(code="not_a_commune", message=message, field="commune")
    if not facts.decree.strip():
        message = "Indiquez l'arrêté : son numéro et sa date."
        yield Motif(code="decree_required", message=message, field="decree")
    if facts.ends_on is not None and facts.ends_on < facts.starts_on:
        message = "La substitution finit avant d'avoir commencé."
        yield Motif(code="period_invalid", message=message, field="ends_on")
    if facts.already is not None:
        message = f"Cette commune est déjà substituée dans cette période (arrêté {facts.already})."
        yield Motif(code="already_substituted", message=message, field="commune")


def ending_motifs(starts_on: date, ends_on: date, *, today: date) -> tuple[Motif, ...]:
    """An end is for today or later: what was sent in the meantime stays with the préfecture."""
    if ends_on < starts_on:
        message = "La substitution finirait avant d'avoir commencé."
        return (Motif(code="period_invalid", message=message, field="ends_on"),)
    if ends_on < today:
        message = "Le dernier jour ne peut pas être passé : des offres ont pu être envoyées depuis."
        return (Motif(code="end_in_the_past", message=message, field="ends_on"),)
    return ()


def not_yours(prefecture: str, decree: str) -> Motif:
    """The commune reads the offer made on its line, and does not answer it."""
    message = (
        f"Cette offre est adressée à {prefecture}, substituée à votre commune par l'arrêté "
        f"{decree} : vous la lisez, la préfecture y répond et présente les candidats."
    )
    return Motif(code="substituted", message=message)


def taken_over(successor: str) -> Motif:
    """The line is of an organisme that was absorbed: another one answers."""
    message = f"Cette offre est adressée à {successor}, qui a repris votre organisme."
    return Motif(code="taken_over", message=message)


def period_words(starts_on: date, ends_on: date | None) -> str:
    """« depuis le 1er mars 2026 », « du 1er mars 2026 au 28 février 2029 »."""
    start = labels.french_day(starts_on)
    if ends_on is None:
        return f"depuis le {start}"
    return f"du {start} au {labels.french_day(ends_on)}"
