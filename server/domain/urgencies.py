"""Urgent rehousing under the control of the préfet (art. 2.4).

A bailleur asks for a dwelling, the préfecture decides which reservataire is charged or that the
dwelling leaves the flux; nothing is effective before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from server.errors import Motif


class UrgencyState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


class UrgencyKind(StrEnum):
    """The crisis, one for the whole territory concerned; never a fact about a household."""

    FIRE = "fire"
    UNFIT = "unfit"
    FLOOD = "flood"
    EVACUATION = "evacuation"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class UrgencyRequest:
    """What the bailleur asks: `proposed_charge` is a party key, None for out of the flux.

    `partner_keys` are the parties that may be charged: lines of the annexe and the bailleur.
    """

    circumstances: str
    household_count: int
    partner_keys: frozenset[str]
    proposed_charge: str | None = None
    has_open_request: bool = False
    is_leased: bool = False


@dataclass(frozen=True, kw_only=True)
class UrgencyFacts:
    """A recorded request, as the préfecture finds it."""

    state: UrgencyState
    partner_keys: frozenset[str]
    has_live_orientation: bool = False
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class UrgencyDecision:
    """The préfecture's decision: approved, either charged to a party or out of the flux."""

    is_approved: bool
    charged_to: str | None = None
    is_out_of_flux: bool = False
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class UrgencyDecided:
    """What to record; `withdraws_orientation` asks to withdraw the live offer with notice (T6)."""

    state: UrgencyState
    charged_to: str | None
    is_out_of_flux: bool
    reason: str | None
    withdraws_orientation: bool


def request_motifs(request: UrgencyRequest) -> tuple[Motif, ...]:
    """What forbids a request (art. 2.4).

    Codes: circumstances_required, household_count_invalid, charge_unknown,
    urgency_already_requested, dwelling_leased.
    """
    return tuple(_request_motifs(request))


def decide(
    facts: UrgencyFacts, decision: UrgencyDecision, *, expected_version: int | None = None
) -> UrgencyDecided | tuple[Motif, ...]:
    """The préfecture decides last, once (art. 2.4).

    Codes: stale_version, urgency_already_decided, charge_missing, charge_ambiguous,
    charge_unknown, reason_required.
    """
    motifs = tuple(_decision_motifs(facts, decision, expected_version))
    if motifs:
        return motifs
    approved = decision.is_approved
    return UrgencyDecided(
        state=UrgencyState.APPROVED if approved else UrgencyState.REFUSED,
        charged_to=decision.charged_to if approved else None,
        is_out_of_flux=approved and decision.is_out_of_flux,
        reason=(decision.reason or "").strip() or None,
        withdraws_orientation=approved and facts.has_live_orientation,
    )


def _request_motifs(request: UrgencyRequest) -> Iterator[Motif]:
    if not request.circumstances.strip():
        message = "Décrivez la crise, sans aucune donnée sur les ménages."
        yield Motif(code="circumstances_required", message=message, field="circumstances")
    if request.household_count < 1:
        message = "Indiquez le nombre de ménages à reloger."
        yield Motif(code="household_count_invalid", message=message, field="household_count")
    if request.proposed_charge is not None and request.proposed_charge not in request.partner_keys:
        yield _charge_unknown()
    if request.has_open_request:
        message = "Une demande d'affectation d'urgence est déjà en cours pour ce logement."
        yield Motif(code="urgency_already_requested", message=message)
    if request.is_leased:
        message = "Ce logement est loué : il ne peut pas être affecté."
        yield Motif(code="dwelling_leased", message=message)


def _decision_motifs(
    facts: UrgencyFacts, decision: UrgencyDecision, expected_version: int | None
) -> Iterator[Motif]:
    if facts.state is not UrgencyState.REQUESTED:
        message = "Cette demande a déjà été décidée."
        yield Motif(code="urgency_already_decided", message=message)
    elif expected_version not in (None, facts.version):
        message = "Cette demande a changé entre-temps : rechargez la page avant de décider."
        yield Motif(code="stale_version", message=message)
    if decision.is_approved:
        yield from _charge_motifs(facts, decision)
    elif not (decision.reason or "").strip():
        message = "Un refus doit être motivé."
        yield Motif(code="reason_required", message=message, field="reason")


def _charge_motifs(facts: UrgencyFacts, decision: UrgencyDecision) -> Iterator[Motif]:
    if decision.charged_to is None and not decision.is_out_of_flux:
        message = "Indiquez à qui ce logement est imputé, ou qu'il sort du flux (art. 2.4)."
        yield Motif(code="charge_missing", message=message, field="charged_to")
    elif decision.charged_to is not None and decision.is_out_of_flux:
        message = "Un logement sorti du flux n'est imputé à personne."
        yield Motif(code="charge_ambiguous", message=message, field="charged_to")
    elif decision.charged_to is not None and decision.charged_to not in facts.partner_keys:
        yield _charge_unknown()


def _charge_unknown() -> Motif:
    message = "Ce réservataire n'a pas de part du flux dans cette commune."
    return Motif(code="charge_unknown", message=message, field="charged_to")
