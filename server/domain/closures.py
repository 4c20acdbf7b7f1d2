"""The days when a réservataire says that it is closed, and what a convention makes of them.

The law knows no closure: bridges and closed town halls do not stop a clock (domain.md §5.4). A
convention may say otherwise; each offer then keeps those that were declared when it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum

from server.domain import labels
from server.domain.calendar import Closure, Closures
from server.errors import Motif

LONGEST = 31
"""Days of one closure: a longer one is two, each with its reason."""

MOST_LETTERS = 120


class ClosureRule(StrEnum):
    """What a convention says of the closures of its réservataire (art. 5.3)."""

    COUNTED = "counted"
    SUSPENDED = "suspended"


RULES: Mapping[str, str] = {
    ClosureRule.COUNTED: "comptées : une fermeture ne suspend aucun délai",
    ClosureRule.SUSPENDED: "non comptées : une fermeture déclarée avant l'envoi suspend les délais",
}


def declaring_motifs(new: Closure, known: Iterable[Closure], today: date) -> tuple[Motif, ...]:
    """What cannot be declared.

    Codes: closure_order, closure_past, closure_too_long, closure_overlap, reason_required,
    reason_too_long.
    """
    return tuple(_declaring_motifs(new, known, today))


def _declaring_motifs(new: Closure, known: Iterable[Closure], today: date) -> Iterator[Motif]:
    if new.last_day < new.first_day:
        message = "Le dernier jour vient avant le premier."
        yield Motif(code="closure_order", message=message, field="last_day")
    elif (new.last_day - new.first_day).days >= LONGEST:
        message = f"Une fermeture dure {LONGEST} jours au plus : déclarez-en deux."
        yield Motif(code="closure_too_long", message=message, field="last_day")
    elif twin := next((one for one in known if _overlap(one, new)), None):
        message = f"Ces jours sont déjà déclarés : {days_words(twin)}."
        yield Motif(code="closure_overlap", message=message, field="first_day")
    if new.first_day < today:
        message = "Une fermeture se déclare d'avance : choisissez un premier jour à venir."
        yield Motif(code="closure_past", message=message, field="first_day")
    if not new.reason.strip():
        yield Motif(code="reason_required", message="Indiquez le motif.", field="reason")
    elif len(new.reason) > MOST_LETTERS:
        message = f"Dites-le en {MOST_LETTERS} caractères au plus."
        yield Motif(code="reason_too_long", message=message, field="reason")


def _overlap(one: Closure, other: Closure) -> bool:
    return one.first_day <= other.last_day and other.first_day <= one.last_day


def withdrawing_motifs(one: Closure, today: date) -> tuple[Motif, ...]:
    """Offers sent before keep it. Code: closure_begun."""
    if one.first_day > today:
        return ()
    message = "Cette fermeture a commencé : elle ne se retire plus."
    return (Motif(code="closure_begun", message=message),)


def stopping(rule: str, known: Iterable[Closure]) -> Closures:
    """Those that an offer sent now keeps: the convention must say that they stop the clock."""
    if rule != ClosureRule.SUSPENDED:
        return ()
    return tuple(sorted(known, key=lambda one: one.first_day))


def read_kept(kept: Iterable[Mapping[str, str]]) -> Closures:
    """Those that an offer or a receipt keeps."""
    return tuple(
        Closure(
            first_day=date.fromisoformat(one["first_day"]),
            last_day=date.fromisoformat(one["last_day"]),
            reason=one["reason"],
        )
        for one in kept
    )


def days_words(one: Closure) -> str:
    """« du 13 mai 2026 au 15 mai 2026 », « le 15 mai 2026 »."""
    first, last = labels.french_day(one.first_day), labels.french_day(one.last_day)
    return f"le {first}" if one.first_day == one.last_day else f"du {first} au {last}"
