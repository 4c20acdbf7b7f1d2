"""`portail deadline`: the two delays of an offer, told so that anybody can count them again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from server.domain import labels
from server.domain.calendar import Zone
from server.domain.deadlines import (
    PARIS,
    Deadline,
    answer_deadline,
    candidates_deadline,
    local_day,
)
from server.errors import Invalid, Motif

ALSACE_MOSELLE = frozenset({"57", "67", "68"})
"""The départements with two more holidays (Code du travail L3134-13)."""

YEARS = range(2000, 2101)
"""The rules of the holidays are those of these years."""

METROPOLE = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB])")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The delays of one offer; `accepted_on` is None when silence accepts it."""

    sent_at: datetime
    accepted_on: date | None
    answer: Deadline
    candidates: Deadline

    @property
    def skipped(self) -> tuple[tuple[date, str], ...]:
        """The days that counted in neither delay, once each."""
        return tuple(sorted({*self.answer.skipped, *self.candidates.skipped}))


def receipt(sent: str, *, zone: str = "74", accepted: str | None = None) -> Receipt:
    """The receipt of an offer sent at this instant (Paris when it names no offset), art. 5.3.

    `zone` is a département; Invalid when a word is no date, no zone, or out of order.
    """
    sent_at, where = _instant(sent), _zone(zone)
    answer = answer_deadline(sent_at, zone=where)
    accepted_on = None if accepted is None else _acceptance(accepted, sent_at, answer)
    start_on = accepted_on or answer.last_day
    return Receipt(
        sent_at=sent_at,
        accepted_on=accepted_on,
        answer=answer,
        candidates=candidates_deadline(start_on, zone=where),
    )


def _refused(code: str, message: str) -> Invalid:
    return Invalid(Motif(code=code, message=message))


def _instant(written: str) -> datetime:
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        instant = None
    if instant is None or instant.year not in YEARS:
        message = f"« {written} » n'est pas un instant : écrivez 2026-04-30T10:00."
        raise _refused("instant_invalid", message)
    return (instant if instant.tzinfo else instant.replace(tzinfo=PARIS)).astimezone(PARIS)


def _zone(written: str) -> Zone:
    if written in ALSACE_MOSELLE:
        return Zone.ALSACE_MOSELLE
    if METROPOLE.fullmatch(written):
        return Zone.METROPOLE
    raise _refused(
        "zone_unknown",
        f"« {written} » n'est pas un département de métropole : écrivez son numéro, comme 74.",
    )


def _acceptance(written: str, sent_at: datetime, answer: Deadline) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise _refused(
            "date_invalid", f"« {written} » n'est pas une date : écrivez 2026-05-04."
        ) from None
    if day < local_day(sent_at):
        raise _refused(
            "accepted_before_sending", "L'acceptation ne peut pas précéder l'envoi de l'offre."
        )
    if day > answer.last_day:
        raise _refused(
            "accepted_too_late",
            "À cette date le silence avait déjà valu acceptation, le "
            f"{labels.french_day(answer.last_day)} : ne donnez pas de date d'acceptation.",
        )
    return day


def as_json(one: Receipt) -> dict[str, Any]:
    return {
        "answer_by": one.answer.last_day.isoformat(),
        "candidates_by": one.candidates.last_day.isoformat(),
        "skipped": [{"date": day.isoformat(), "reason": reason} for day, reason in one.skipped],
        "calendar_version": one.answer.calendar_version,
    }


def as_text(one: Receipt) -> str:
    answer, candidates = one.answer, one.candidates
    answer_by, candidates_by = map(labels.french_deadline, (answer.due_at, candidates.due_at))
    begin = (
        f"Acceptée le {labels.french_weekday(one.accepted_on)}"
        if one.accepted_on
        else f"Sans réponse, acceptée tacitement le {labels.french_weekday(answer.last_day)}"
    )
    return "\n".join(
        [
            f"Offre envoyée le {labels.french_instant(one.sent_at)}.",
            f"Réponse : {answer_by} ({answer.days} jours ouvrés).",
            f"{begin}.",
            f"Candidats : {candidates_by} ({candidates.days} jours ouvrés).",
            "Jours qui ne comptent pas :",
            *(f"  {labels.french_weekday(day)} : {reason}" for day, reason in one.skipped),
            f"Calendrier {answer.calendar_version} ; le jour de l'envoi ne compte pas.",
        ]
    )


def answer(sent: str, *, zone: str, accepted: str | None, as_data: bool) -> str:
    """What `portail deadline` prints."""
    found = receipt(sent, zone=zone, accepted=accepted)
    return json.dumps(as_json(found), ensure_ascii=False) if as_data else as_text(found)
