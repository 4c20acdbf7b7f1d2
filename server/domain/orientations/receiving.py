"""What comes beside the portal: an answer on paper or by telephone, a reminder by the bailleur."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum

from server.domain import labels
from server.domain.deadlines import candidates_deadline, local_day
from server.domain.orientations.acts import accept, refuse
from server.domain.orientations.clock import caught_up, wrong_state
from server.domain.orientations.states import (
    OrientationFacts,
    Searcher,
    State,
    Transition,
    Verdict,
)
from server.errors import Motif


class Received(StrEnum):
    """Through what the bailleur received the answer."""

    PAPER = "paper"
    PHONE = "phone"
    MAIL = "mail"


def receive(
    facts: OrientationFacts,
    *,
    now: datetime,
    sent_on: date,
    received_on: date,
    is_accepted: bool,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Verdict:
    """The bailleur records an answer that it received: its day is the one of receipt (T3, T4).

    It must be recorded before the silence becomes an acceptance. Codes: received_in_future,
    received_before_sending, and those of an answer.
    """
    if is_accepted:
        verdict = accept(facts, now=now, expected_version=expected_version)
    else:
        verdict = refuse(facts, now=now, reason=reason, expected_version=expected_version)
    if not isinstance(verdict, Transition):
        return verdict
    motifs = _received_motifs(now, sent_on, received_on)
    if motifs:
        return motifs
    if not is_accepted:
        return replace(verdict, on=received_on)
    period = candidates_deadline(
        received_on, days=facts.candidates_days, zone=facts.zone, closures=facts.closures
    )
    return replace(verdict, on=received_on, candidates=period)


def _received_motifs(now: datetime, sent_on: date, received_on: date) -> tuple[Motif, ...]:
    field = "received_on"
    if received_on > local_day(now):
        message = "La réponse est datée d'un jour à venir."
        return (Motif(code="received_in_future", message=message, field=field),)
    if received_on < sent_on:
        message = f"La réponse ne peut pas précéder l'envoi, le {labels.french_day(sent_on)}."
        return (Motif(code="received_before_sending", message=message, field=field),)
    return ()


def reminding_motifs(
    facts: OrientationFacts, *, now: datetime, last_on: date | None
) -> tuple[Motif, ...]:
    """Whether the bailleur may remind the réservataire: while it is waited for, once a day.

    `last_on` is the day of the last reminder of this offer. Codes: wrong_state, already_reminded.
    """
    actual = caught_up(facts, now)
    is_waited_for = actual.state is State.SENT or (
        actual.state is State.SEARCHING and actual.searched_by is Searcher.RESERVATAIRE
    )
    if not is_waited_for:
        return (wrong_state(actual),)
    if last_on == local_day(now):
        message = "Le réservataire a déjà été relancé aujourd'hui pour ce logement."
        return (Motif(code="already_reminded", message=message),)
    return ()
