"""Those whom the caleol has retained, in turn: told, ten days to answer (R441-3, R441-10).

Silence is a refusal here, the opposite of the réservataire's: the next rank then receives the
dwelling (T14); when every rank has refused or stayed silent, the dwelling is free again (T16).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.domain import labels
from server.domain.deadlines import (
    REPLY_DAYS,
    Deadline,
    candidate_reply_deadline,
    end_of_day,
    is_over,
    last_day,
    local_day,
)
from server.domain.orientations.guards import ready, reason_motifs, stepped
from server.domain.orientations.states import OrientationFacts, State, Step, Verdict
from server.errors import Motif

MAX_REPLY_DAYS = 90
"""A period that is longer than a quarter is a slip of the keyboard."""


class Reply(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Standing(StrEnum):
    """Where a candidate stands: not told yet, in its period, or what it said or left unsaid."""

    UNTOLD = "untold"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SILENT = "silent"


GONE = frozenset({Standing.REFUSED, Standing.SILENT})
"""Those who will not have the dwelling: silence is a refusal (R441-10)."""


@dataclass(frozen=True, kw_only=True)
class CandidateOffer:
    """What one candidate was told; `due_at` is the exclusive bound of its period."""

    candidate: str
    notified_on: date
    due_at: datetime
    reply: Reply | None = None


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The candidates retained, in the order of the ranks; `current` has the dwelling now."""

    order: tuple[str, ...]
    current: str
    offers: tuple[CandidateOffer, ...] = ()

    @property
    def rank(self) -> int:
        """The rank of `current`, from 1."""
        return self.order.index(self.current) + 1

    @property
    def following(self) -> str | None:
        """Who comes after `current`; None at the last rank."""
        return self.order[self.rank] if self.rank < len(self.order) else None

    @property
    def offer(self) -> CandidateOffer | None:
        return next((one for one in self.offers if one.candidate == self.current), None)


def standing_of(offer: CandidateOffer | None, now: datetime) -> Standing:
    """What the candidate's words or silence have made of its offer by now (R441-10)."""
    if offer is None:
        return Standing.UNTOLD
    if offer.reply is not None:
        return Standing(offer.reply.value)
    return Standing.SILENT if is_over(now, offer.due_at) else Standing.PENDING


def tell(
    facts: OrientationFacts, ranking: Ranking, *, now: datetime, notified_on: date, days: int
) -> Deadline | tuple[Motif, ...]:
    """The period of the candidate that is told, from the day of notification (R441-10, T14).

    A registered letter counts from its receipt, or first presentation. Codes: wrong_state,
    candidate_already_told, notified_in_future, notified_before_attribution, reply_days_invalid.
    """
    facts, motifs = ready(facts, Step.NEXT_RANK, now, None)
    if motifs:
        return motifs
    motifs = (*_told_motifs(facts, ranking, now, notified_on), *_days_motifs(days))
    return motifs or candidate_reply_deadline(notified_on, days, zone=facts.zone)


def _told_motifs(
    facts: OrientationFacts, ranking: Ranking, now: datetime, notified_on: date
) -> tuple[Motif, ...]:
    field = "notified_on"
    if ranking.offer is not None:
        message = "La proposition a déjà été notifiée à ce candidat."
        return (Motif(code="candidate_already_told", message=message),)
    if notified_on > local_day(now):
        message = "La notification est à venir : enregistrez-la une fois faite."
        return (Motif(code="notified_in_future", message=message, field=field),)
    if facts.attributed_on is not None and notified_on < facts.attributed_on:
        message = "La notification ne peut pas précéder la décision de la CALEOL."
        return (Motif(code="notified_before_attribution", message=message, field=field),)
    return ()


def _days_motifs(days: int) -> tuple[Motif, ...]:
    if REPLY_DAYS <= days <= MAX_REPLY_DAYS:
        return ()
    message = (
        f"Le candidat a au moins {REPLY_DAYS} jours pour répondre (R441-10), "
        f"{MAX_REPLY_DAYS} au plus."
    )
    return (Motif(code="reply_days_invalid", message=message, field="days"),)


def hear(
    facts: OrientationFacts, ranking: Ranking, *, now: datetime, replied_on: date
) -> tuple[Motif, ...]:
    """What forbids to record the reply of the candidate that has the dwelling (R441-10).

    Codes: wrong_state, candidate_not_told, reply_already_recorded, reply_in_future,
    reply_before_notification, reply_too_late.
    """
    _, motifs = ready(facts, Step.NEXT_RANK, now, None)
    if motifs:
        return motifs
    offer = ranking.offer
    if offer is None:
        message = "Enregistrez d'abord la notification faite à ce candidat."
        return (Motif(code="candidate_not_told", message=message),)
    if offer.reply is not None:
        message = "La réponse de ce candidat est déjà enregistrée."
        return (Motif(code="reply_already_recorded", message=message),)
    return _reply_day_motifs(offer, now, replied_on)


def _reply_day_motifs(offer: CandidateOffer, now: datetime, replied_on: date) -> tuple[Motif, ...]:
    field = "replied_on"
    if replied_on > local_day(now):
        message = "La réponse est datée d'un jour à venir."
        return (Motif(code="reply_in_future", message=message, field=field),)
    if replied_on < offer.notified_on:
        message = "La réponse ne peut pas précéder la notification."
        return (Motif(code="reply_before_notification", message=message, field=field),)
    if replied_on > last_day(offer.due_at):
        message = (
            "Le candidat avait jusqu'au "
            f"{labels.french_deadline(offer.due_at)} : son silence vaut refus (R441-10)."
        )
        return (Motif(code="reply_too_late", message=message, field=field),)
    return ()


def next_rank(
    facts: OrientationFacts,
    ranking: Ranking,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Verdict:
    """The candidate refused or stayed silent: the next rank receives the dwelling (T14).

    Codes: candidate_still_expected, no_next_rank and the guards.
    """
    facts, motifs = ready(facts, Step.NEXT_RANK, now, expected_version)
    motifs = motifs or _still_expected(ranking, now)
    if not motifs and ranking.following is None:
        message = "Il n'y a pas de rang suivant : constatez qu'aucun bail n'est signé."
        motifs = (Motif(code="no_next_rank", message=message),)
    return motifs or stepped(facts, Step.NEXT_RANK, State.ATTRIBUTED, local_day(now))


def fail_lease(
    facts: OrientationFacts,
    ranking: Ranking,
    *,
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> Verdict:
    """Every rank has refused or stayed silent: the dwelling is free again (R441-10, T16).

    Codes: rank_remaining, candidate_still_expected, reason_required and the guards.
    """
    facts, motifs = ready(facts, Step.FAIL_LEASE, now, expected_version)
    if not motifs and ranking.following is not None:
        message = (
            f"Le candidat de rang {ranking.rank + 1} n'a pas encore reçu la proposition : "
            "passez au rang suivant."
        )
        motifs = (Motif(code="rank_remaining", message=message),)
    motifs = motifs or (*_still_expected(ranking, now), *reason_motifs(reason))
    today = local_day(now)
    return motifs or stepped(facts, Step.FAIL_LEASE, State.LEASE_FAILED, today, reason=reason)


def _still_expected(ranking: Ranking, now: datetime) -> tuple[Motif, ...]:
    standing = standing_of(ranking.offer, now)
    if standing in GONE:
        return ()
    message = f"Le candidat de rang {ranking.rank} {_EXPECTED[standing]}"
    if standing is Standing.PENDING and ranking.offer is not None:
        message += f" jusqu'au {labels.french_deadline(ranking.offer.due_at)} (R441-10)"
    return (Motif(code="candidate_still_expected", message=f"{message}."),)


_EXPECTED = {
    Standing.UNTOLD: "n'a pas encore reçu la proposition",
    Standing.PENDING: "peut répondre",
    Standing.ACCEPTED: "a accepté : enregistrez le bail une fois signé",
}


def leasing_motifs(ranking: Ranking, *, signed_on: date) -> tuple[Motif, ...]:
    """A lease is signed with the candidate that has the dwelling, while it has it (R441-10).

    Codes: candidate_refused, candidate_silent.
    """
    offer = ranking.offer
    if offer is None or offer.reply is Reply.ACCEPTED:
        return ()
    if offer.reply is Reply.REFUSED:
        message = "Ce candidat a refusé : proposez le logement au rang suivant."
        return (Motif(code="candidate_refused", message=message),)
    if end_of_day(signed_on) <= offer.due_at:
        return ()
    message = (
        "Sans réponse jusqu'au "
        f"{labels.french_deadline(offer.due_at)}, le candidat est réputé avoir refusé (R441-10)."
    )
    return (Motif(code="candidate_silent", message=message, field="signed_on"),)
