"""Sending an offer: what the convention and the assiette must allow (art. 5.1 and 5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from server.domain import labels
from server.domain.calendar import Closures, Zone
from server.domain.deadlines import ANSWER_DAYS, answer_deadline, local_day
from server.domain.orientations.clock import wrong_state
from server.domain.orientations.delivery import anew
from server.domain.orientations.guards import version_motifs
from server.domain.orientations.states import (
    Delivery,
    OrientationFacts,
    Restart,
    Searcher,
    State,
    Step,
    Transition,
    Verdict,
)
from server.errors import Motif


@dataclass(frozen=True, kw_only=True)
class SendFacts:
    """What is known when the bailleur presses "send".

    `perimeter` holds the INSEE codes of the convention; `assiette_motifs` come from
    `dwellings.assiette_motifs`; `has_live_orientation` speaks of another one of the same vacancy.
    """

    party_name: str
    insee: str
    commune_name: str
    perimeter: frozenset[str]
    has_convention: bool
    is_convention_in_force: bool
    has_address: bool
    assiette_motifs: tuple[Motif, ...] = ()
    has_live_orientation: bool = False
    state: State = State.DRAFT
    answer_days: int = ANSWER_DAYS
    zone: Zone = Zone.METROPOLE
    closures: Closures = ()


def send(facts: SendFacts, *, now: datetime) -> Verdict:
    """Send the offer and open the answer period (art. 5.3, T2).

    A rate is not asked for. Codes: wrong_state, live_orientation_exists,
    dwelling_outside_assiette, convention_missing, convention_not_in_force, address_missing,
    commune_outside_perimeter.
    """
    motifs = (*_vacancy_motifs(facts), *_convention_motifs(facts))
    if motifs:
        return motifs
    return Transition(
        step=Step.SEND,
        from_state=facts.state,
        to_state=State.SENT,
        on=local_day(now),
        answer=answer_deadline(
            now, answer_days=facts.answer_days, zone=facts.zone, closures=facts.closures
        ),
    )


def keep(facts: OrientationFacts, *, now: datetime) -> Verdict:
    """Keep the dwelling on the bailleur's own share: no answer to wait for, no period (T7)."""
    if facts.state is not State.DRAFT:
        return (wrong_state(facts),)
    return Transition(
        step=Step.KEEP,
        from_state=facts.state,
        to_state=State.SEARCHING,
        on=local_day(now),
        searched_by=Searcher.BAILLEUR,
    )


def _vacancy_motifs(facts: SendFacts) -> Iterator[Motif]:
    if facts.state is not State.DRAFT:
        yield wrong_state(OrientationFacts(state=facts.state))
    if facts.has_live_orientation:
        message = "Une orientation est déjà en cours pour ce logement."
        yield Motif(code="live_orientation_exists", message=message)
    if facts.assiette_motifs:
        message = " ".join(motif.message for motif in facts.assiette_motifs)
        yield Motif(code="dwelling_outside_assiette", message=message)


def _convention_motifs(facts: SendFacts) -> Iterator[Motif]:
    if not facts.has_convention:
        message = f"Aucune convention de réservation n'est enregistrée avec {facts.party_name}."
        yield Motif(code="convention_missing", message=message, field="reservataire")
        return
    if not facts.is_convention_in_force:
        message = f"La convention avec {facts.party_name} n'est pas en vigueur (art. 8)."
        yield Motif(code="convention_not_in_force", message=message, field="reservataire")
    if not facts.has_address:
        message = (
            f"L'adresse générique de {facts.party_name} est restée en blanc dans la convention "
            "(art. 5.3) : complétez-la avant d'envoyer."
        )
        yield Motif(code="address_missing", message=message, field="reservataire")
    if facts.insee not in facts.perimeter:
        message = (
            f"Le périmètre de la convention avec {facts.party_name} ne comprend pas "
            f"{facts.commune_name} (art. 5.1)."
        )
        yield Motif(code="commune_outside_perimeter", message=message, field="reservataire")


def resend(
    facts: OrientationFacts, *, now: datetime, expected_version: int | None = None
) -> Verdict:
    """The bailleur sends again an offer that did not arrive; its answer is counted from now.

    Codes: stale_version, wrong_state, delivery_not_failed (a running clock never moves by will).
    """
    if stale := version_motifs(facts, expected_version):
        return stale
    if facts.state is not State.SENT:
        state = labels.ORIENTATION_STATES[facts.state]
        message = f"Cette orientation est à l'état « {state} » : elle ne se renvoie pas."
        return (Motif(code="wrong_state", message=message),)
    if facts.delivery is not Delivery.FAILED:
        message = "L'envoi de cette offre n'a pas échoué : son délai ne recommence pas."
        return (Motif(code="delivery_not_failed", message=message),)
    return anew(facts, Step.RESEND, now, Restart.RESENT)
