"""What the caleol may decide on each candidate, and what follows for the dwelling (R441-3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.errors import Motif


class Outcome(StrEnum):
    """The five decisions of R441-3, then the outcomes that are not decisions in law."""

    ATTRIBUTION = "attribution"
    ATTRIBUTION_RANK = "attribution_rank"
    ATTRIBUTION_CONDITION = "attribution_condition"
    NOT_ATTRIBUTED = "not_attributed"
    INADMISSIBLE = "inadmissible"
    POSTPONED = "postponed"
    REMOVED = "removed"
    WITHDRAWN_BEFORE = "withdrawn_before"


class Reason(StrEnum):
    """Why a dwelling is not attributed to a candidate, or a candidate is inadmissible (L441-2-2).

    "No link with the commune" is not in the list: it cannot be the reason by itself (L441).
    """

    EFFORT_RATE = "effort_rate"
    HOUSEHOLD_SIZE = "household_size"
    BETTER_RANKED = "better_ranked"
    INCOMPLETE_FILE = "incomplete_file"
    NO_ANSWER = "no_answer"
    WITHDRAWAL = "withdrawal"
    NO_LONGER_NEEDED = "no_longer_needed"
    POPULATION_BALANCE = "population_balance"
    OTHER = "other"
    INCOME_CEILING = "income_ceiling"
    RESIDENCE_STATUS = "residence_status"


ATTRIBUTIONS = frozenset(
    {Outcome.ATTRIBUTION, Outcome.ATTRIBUTION_RANK, Outcome.ATTRIBUTION_CONDITION}
)
LEGAL_OUTCOMES = ATTRIBUTIONS | {Outcome.NOT_ATTRIBUTED, Outcome.INADMISSIBLE}
"""What is entered in SNE and written to the applicant; the others are organisation."""

INADMISSIBLE_REASONS = frozenset({Reason.INCOME_CEILING, Reason.RESIDENCE_STATUS})
NOT_ATTRIBUTED_REASONS = frozenset(Reason) - INADMISSIBLE_REASONS
TEXT_REASONS = frozenset({Reason.POPULATION_BALANCE, Reason.OTHER})
"""Reasons that say nothing without a sentence of the commission."""

_REASONS = {
    Outcome.NOT_ATTRIBUTED: NOT_ATTRIBUTED_REASONS,
    Outcome.INADMISSIBLE: INADMISSIBLE_REASONS,
}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The decision on one candidate.

    `rank` counts from 1 and orders the attributions; `condition` and `condition_due_on` (last
    day included) go with an attribution under condition.
    """

    candidate: str
    outcome: Outcome
    rank: int | None = None
    reason: Reason | None = None
    reason_text: str | None = None
    condition: str | None = None
    condition_due_on: date | None = None

    @property
    def effective_rank(self) -> int | None:
        """The rank, which an attribution without competitor leaves unsaid."""
        if self.outcome in {Outcome.ATTRIBUTION, Outcome.ATTRIBUTION_CONDITION}:
            return self.rank or 1
        return self.rank


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a séance made of an orientation.

    `is_attributed` is None when the dwelling comes back to a later séance (postponed, or taken
    off the agenda): the orientation stays in caleol. `ranking` lists the candidates who are
    offered the dwelling, in turn.
    """

    is_attributed: bool | None
    ranking: tuple[str, ...]


def check_decisions(
    candidates: Sequence[str], decisions: Sequence[Decision], *, held_on: date
) -> Decided | tuple[Motif, ...]:
    """Check the decisions of one séance on one dwelling (R441-3, L441-2-2).

    Candidates are opaque keys. Codes: candidate_unknown, decision_duplicated, decision_missing,
    reason_required, reason_not_allowed, reason_text_required, condition_required,
    condition_due_required, condition_due_past, rank_missing, rank_not_allowed, rank_duplicated,
    rank_gap. Fields are `decisions.<index>.<name>`.
    """
    motifs = (
        *_candidate_motifs(candidates, decisions),
        *_decision_motifs(decisions, held_on),
        *_rank_motifs(decisions),
    )
    if motifs:
        return motifs
    granted = [one for one in decisions if one.outcome in ATTRIBUTIONS]
    granted.sort(key=lambda one: one.effective_rank or 0)
    return Decided(
        is_attributed=_is_attributed(decisions), ranking=tuple(one.candidate for one in granted)
    )


def _is_attributed(decisions: Sequence[Decision]) -> bool | None:
    outcomes = {one.outcome for one in decisions}
    if outcomes & ATTRIBUTIONS:
        return True
    if Outcome.POSTPONED in outcomes or outcomes == {Outcome.REMOVED}:
        return None
    return False


def _motif(code: str, message: str, index: int, name: str) -> Motif:
    return Motif(code=code, message=message, field=f"decisions.{index}.{name}")


def _candidate_motifs(candidates: Sequence[str], decisions: Sequence[Decision]) -> Iterator[Motif]:
    counts = Counter(one.candidate for one in decisions)
    for index, one in enumerate(decisions):
        if one.candidate not in candidates:
            message = "Ce candidat n'est pas présenté pour ce logement."
            yield _motif("candidate_unknown", message, index, "candidate")
        elif counts[one.candidate] > 1:
            message = "Ce candidat a plusieurs décisions."
            yield _motif("decision_duplicated", message, index, "candidate")
    missing = sum(candidate not in counts for candidate in candidates)
    if missing or not decisions:
        message = f"Il manque une décision pour {missing} candidat(s) présenté(s)."
        yield Motif(code="decision_missing", message=message, field="decisions")


def _decision_motifs(decisions: Sequence[Decision], held_on: date) -> Iterator[Motif]:
    for index, one in enumerate(decisions):
        yield from _reason_motifs(one, index)
        if one.outcome is Outcome.ATTRIBUTION_CONDITION:
            yield from _condition_motifs(one, index, held_on)


def _reason_motifs(one: Decision, index: int) -> Iterator[Motif]:
    allowed = _REASONS.get(one.outcome)
    if allowed is None:
        return
    if one.reason is None:
        message = "Un refus doit être motivé : choisissez le motif (art. L441-2-2)."
        yield _motif("reason_required", message, index, "reason")
    elif one.reason not in allowed:
        message = "Ce motif ne correspond pas à cette décision."
        yield _motif("reason_not_allowed", message, index, "reason")
    elif one.reason in TEXT_REASONS and not (one.reason_text or "").strip():
        message = "Ce motif demande une explication."
        yield _motif("reason_text_required", message, index, "reason_text")


def _condition_motifs(one: Decision, index: int, held_on: date) -> Iterator[Motif]:
    if not (one.condition or "").strip():
        message = "Indiquez la pièce attendue, condition de l'attribution (art. R441-3)."
        yield _motif("condition_required", message, index, "condition")
    if one.condition_due_on is None:
        message = "Indiquez le délai laissé pour fournir la pièce (art. R441-3)."
        yield _motif("condition_due_required", message, index, "condition_due_on")
    elif one.condition_due_on <= held_on:
        message = "Le délai de la condition doit finir après la séance."
        yield _motif("condition_due_past", message, index, "condition_due_on")


def _rank_motifs(decisions: Sequence[Decision]) -> Iterator[Motif]:
    ranks = []
    for index, one in enumerate(decisions):
        if one.outcome not in ATTRIBUTIONS:
            if one.rank is not None:
                message = "Seule une attribution porte un rang."
                yield _motif("rank_not_allowed", message, index, "rank")
        elif one.effective_rank is None:
            message = "Indiquez le rang de cette attribution (art. R441-3)."
            yield _motif("rank_missing", message, index, "rank")
        else:
            ranks.append(one.effective_rank)
    if len(set(ranks)) < len(ranks):
        message = "Deux candidats ont le même rang : une seule attribution au rang 1."
        yield Motif(code="rank_duplicated", message=message, field="decisions")
    elif sorted(ranks) != list(range(1, len(ranks) + 1)):
        message = "Les rangs se suivent à partir de 1."
        yield Motif(code="rank_gap", message=message, field="decisions")
