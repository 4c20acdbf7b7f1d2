"""What each side does with an offer once it is sent, until the lease (art. 5.3 to 6.2).

Every act may carry `expected_version`, the version that the person was looking at; another one
in the facts means that somebody else acted first (`stale_version`).
"""

from __future__ import annotations

from datetime import date, datetime

from server.domain import labels
from server.domain.candidates import MAX_CANDIDATES, Presenter, is_complete
from server.domain.deadlines import candidates_deadline, is_over, local_day
from server.domain.orientations.clock import caught_up, wrong_state
from server.domain.orientations.guards import ready, reason_motifs, stepped
from server.domain.orientations.states import (
    Acceptance,
    OrientationFacts,
    Searcher,
    State,
    Step,
    Transition,
    Verdict,
)
from server.errors import Motif


def accept(
    facts: OrientationFacts, *, now: datetime, expected_version: int | None = None
) -> Verdict:
    """The reservataire accepts; its search runs from today (art. 5.3, T3).

    Codes: answer_too_late, stale_version, wrong_state.
    """
    motifs = _answer_motifs(facts, Step.ACCEPT, now, expected_version)
    if motifs:
        return motifs
    today = local_day(now)
    return Transition(
        step=Step.ACCEPT,
        from_state=facts.state,
        to_state=State.SEARCHING,
        on=today,
        acceptance=Acceptance.EXPRESS,
        candidates=candidates_deadline(
            today, days=facts.candidates_days, zone=facts.zone, closures=facts.closures
        ),
    )


def refuse(
    facts: OrientationFacts,
    *,
    now: datetime,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Verdict:
    """The reservataire refuses; the convention asks for no reason (art. 5.3, T4).

    Codes: answer_too_late, stale_version, wrong_state.
    """
    motifs = _answer_motifs(facts, Step.REFUSE, now, expected_version)
    return motifs or stepped(facts, Step.REFUSE, State.REFUSED, local_day(now), reason=reason)


def withdraw(
    facts: OrientationFacts, *, now: datetime, reason: str, expected_version: int | None = None
) -> Verdict:
    """The bailleur takes its offer back, saying why (T6). Codes: reason_required and the guards."""
    facts, motifs = ready(facts, Step.WITHDRAW, now, expected_version)
    motifs = (*motifs, *reason_motifs(reason))
    return motifs or stepped(facts, Step.WITHDRAW, State.WITHDRAWN, local_day(now), reason=reason)


def divert(facts: OrientationFacts, *, now: datetime, reason: str) -> Verdict:
    """An approved urgency takes the dwelling back before the commission (art. 2.4)."""
    facts, motifs = ready(facts, Step.DIVERT, now, None)
    return motifs or stepped(facts, Step.DIVERT, State.WITHDRAWN, local_day(now), reason=reason)


def renounce(
    facts: OrientationFacts,
    *,
    now: datetime,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Verdict:
    """The reservataire gives up after acceptance; the bailleur chooses what follows (T17)."""
    facts, motifs = ready(facts, Step.RENOUNCE, now, expected_version)
    return motifs or stepped(facts, Step.RENOUNCE, State.RENOUNCED, local_day(now), reason=reason)


def presenting_motifs(
    facts: OrientationFacts, *, now: datetime, presenter: Presenter
) -> tuple[Motif, ...]:
    """Whether this side may add candidates now (art. 5.3).

    The reservataire may until the end of its period; the bailleur may complete a list closed
    with fewer than three, or search on behalf. Codes: candidates_too_late, wrong_state.
    """
    actual = caught_up(facts, now)
    if presenter is Presenter.BAILLEUR:
        is_open = actual.state is State.CANDIDATES_PARTIAL or (
            actual.state is State.SEARCHING and actual.searched_by is Searcher.BAILLEUR
        )
        return () if is_open else (wrong_state(actual),)
    if actual.state is State.SEARCHING:
        return ()
    return _late_candidates(facts, now) or (wrong_state(actual),)


def complete(
    facts: OrientationFacts, *, now: datetime, expected_version: int | None = None
) -> Verdict:
    """Hand over a complete list: three candidates, or one DALO alone (R441-3, T8).

    Codes: candidates_too_late, candidates_missing, stale_version, wrong_state.
    """
    late = _late_candidates(facts, now)
    if late:
        return late
    facts, motifs = ready(facts, Step.COMPLETE, now, expected_version)
    if motifs:
        return motifs
    if not is_complete(facts.candidate_count, has_dalo=facts.has_dalo):
        message = (
            "La convention (art. 5.3) demande 3 candidats, ou un seul s'il s'agit d'un candidat "
            f"DALO ; présentés à ce jour : {facts.candidate_count}."
        )
        return (Motif(code="candidates_missing", message=message),)
    return stepped(facts, Step.COMPLETE, State.CANDIDATES_COMPLETE, local_day(now))


def search_on_behalf(
    facts: OrientationFacts, *, now: datetime, expected_version: int | None = None
) -> Verdict:
    """The bailleur searches for the reservataire's account, without a set period (T11a)."""
    facts, motifs = ready(facts, Step.SEARCH_ON_BEHALF, now, expected_version)
    return motifs or Transition(
        step=Step.SEARCH_ON_BEHALF,
        from_state=facts.state,
        to_state=State.SEARCHING,
        on=local_day(now),
        searched_by=Searcher.BAILLEUR,
    )


def reorient(
    facts: OrientationFacts, *, now: datetime, expected_version: int | None = None
) -> Verdict:
    """The bailleur turns to another reservataire, without candidate in time (T11b)."""
    facts, motifs = ready(facts, Step.REORIENT, now, expected_version)
    return motifs or stepped(facts, Step.REORIENT, State.REORIENTED, local_day(now))


def extend(
    facts: OrientationFacts, *, now: datetime, days: int, expected_version: int | None = None
) -> Verdict:
    """The bailleur grants more working days, counted from today (T11c).

    Codes: extension_days_invalid and the guards.
    """
    facts, motifs = ready(facts, Step.EXTEND, now, expected_version)
    if days < 1:
        message = "Le délai supplémentaire compte au moins un jour ouvré."
        motifs = (*motifs, Motif(code="extension_days_invalid", message=message, field="days"))
    if motifs:
        return motifs
    today = local_day(now)
    return Transition(
        step=Step.EXTEND,
        from_state=facts.state,
        to_state=State.SEARCHING,
        on=today,
        candidates=candidates_deadline(today, days=days, zone=facts.zone, closures=facts.closures),
        searched_by=Searcher.RESERVATAIRE,
        extension_count=facts.extension_count + 1,
    )


def plan(
    facts: OrientationFacts,
    *,
    now: datetime,
    justification: str | None = None,
    expected_version: int | None = None,
) -> Verdict:
    """Put the dwelling on the agenda of a caleol (R441-3, T12).

    Under three candidates, and not one DALO alone, a justification is needed. Codes:
    justification_required, candidates_missing and the guards.
    """
    facts, motifs = ready(facts, Step.PLAN, now, expected_version)
    if motifs:
        return motifs
    if facts.candidate_count == 0:
        message = "Aucun candidat n'est présenté pour ce logement."
        return (Motif(code="candidates_missing", message=message),)
    is_whole = is_complete(facts.candidate_count, has_dalo=facts.has_dalo)
    if not is_whole and not (justification or "").strip():
        message = (
            f"Moins de {MAX_CANDIDATES} candidats : l'article R441-3 demande de justifier "
            "l'insuffisance du nombre des candidats."
        )
        field = "justification"
        return (Motif(code="justification_required", message=message, field=field),)
    return stepped(facts, Step.PLAN, State.IN_CALEOL, local_day(now), reason=justification)


def decide(
    facts: OrientationFacts,
    *,
    now: datetime,
    is_attributed: bool,
    held_on: date,
    expected_version: int | None = None,
) -> Verdict:
    """Record what the caleol decided on the day it was held (R441-3, T13).

    `is_attributed` comes from `caleol.check_decisions`. Codes: decision_before_presentation,
    decision_before_session and the guards.
    """
    facts, motifs = ready(facts, Step.DECIDE, now, expected_version)
    if facts.state in _BEFORE_CALEOL:
        message = "La commission décide sur des candidats présentés et inscrits à l'ordre du jour."
        motifs = (Motif(code="decision_before_presentation", message=message),)
    elif held_on > local_day(now):
        message = f"La commission se tient le {labels.french_weekday(held_on)}."
        motifs = (*motifs, Motif(code="decision_before_session", message=message))
    target = State.ATTRIBUTED if is_attributed else State.NOT_ATTRIBUTED
    return motifs or stepped(facts, Step.DECIDE, target, held_on)


def record_lease(
    facts: OrientationFacts,
    *,
    now: datetime,
    signed_on: date,
    expected_version: int | None = None,
) -> Verdict:
    """Record the signed lease (art. 6.2, T15).

    Codes: lease_in_future, lease_before_attribution and the guards.
    """
    facts, motifs = ready(facts, Step.LEASE, now, expected_version)
    if signed_on > local_day(now):
        message = "La date de signature du bail est à venir : enregistrez-la une fois signé."
        motifs = (*motifs, Motif(code="lease_in_future", message=message, field="signed_on"))
    if facts.attributed_on is not None and signed_on < facts.attributed_on:
        message = "Le bail ne peut pas être signé avant la décision de la CALEOL."
        field = "signed_on"
        motifs = (*motifs, Motif(code="lease_before_attribution", message=message, field=field))
    return motifs or stepped(facts, Step.LEASE, State.LEASED, signed_on)


def answer_too_late(due_at: datetime, days: int) -> Motif:
    """The answer comes after the silence became an acceptance (art. 5.3)."""
    message = (
        f"Cette offre est réputée acceptée depuis le {labels.french_deadline(due_at)} : "
        f"sans réponse dans les {days} jours ouvrés, la convention (art. 5.3) vaut acceptation."
    )
    return Motif(code="answer_too_late", message=message)


def candidates_too_late(due_at: datetime) -> Motif:
    """The candidates come after the end of the search (art. 5.3)."""
    message = (
        "Le délai pour présenter des candidats a pris fin le "
        f"{labels.french_deadline(due_at)} (convention, art. 5.3)."
    )
    return Motif(code="candidates_too_late", message=message)


_BEFORE_CALEOL = frozenset(
    {
        State.DRAFT,
        State.SENT,
        State.SEARCHING,
        State.CANDIDATES_COMPLETE,
        State.CANDIDATES_PARTIAL,
        State.NO_CANDIDATE,
    }
)
_UNANSWERED = frozenset({State.DRAFT, State.SENT, State.WITHDRAWN})
_CLOSED = frozenset({State.CANDIDATES_PARTIAL, State.NO_CANDIDATE})


def _answer_motifs(
    facts: OrientationFacts, step: Step, now: datetime, expected_version: int | None
) -> tuple[Motif, ...]:
    actual, motifs = ready(facts, step, now, expected_version)
    if actual.acceptance is Acceptance.TACIT and actual.answer_due_at is not None:
        return (answer_too_late(actual.answer_due_at, actual.answer_days),)
    if actual.state not in _UNANSWERED:
        state = labels.ORIENTATION_STATES[actual.state]
        message = (
            f"Une autre personne a déjà répondu à cette offre, maintenant à l'état « {state} »."
        )
        return (Motif(code="stale_version", message=message),)
    return motifs


def _late_candidates(facts: OrientationFacts, now: datetime) -> tuple[Motif, ...]:
    actual = caught_up(facts, now)
    due_at = actual.candidates_due_at
    if actual.state in _CLOSED and due_at is not None and is_over(now, due_at):
        return (candidates_too_late(due_at),)
    return ()
