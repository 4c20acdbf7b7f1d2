"""Sending an offer: the choice of the réservataire and its two working days (art. 5.1, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import conventions, dwellings, orientations, tenants
from server.db.ids import new_id
from server.domain import orientations as law
from server.domain.deadlines import Deadline, local_day
from server.domain.dwellings import assiette_motifs
from server.domain.flux import Proposal
from server.domain.orientations import SendFacts, Transition, Verdict
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.flux import advise, convention_with, is_in_force, party_key, party_name
from server.operations.journal import Act, Recipient, announce, record
from server.operations.vacancies import facts_of as dwelling_facts_of
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

STATE_CONTINGENTS = ("fonctionnaires", "rs")
TAKEN = Motif(
    code="live_orientation_exists",
    message="Une orientation est déjà en cours pour ce logement.",
)


@dataclass(frozen=True, kw_only=True)
class SendOrientation:
    """To whom the vacancy is offered; a motif when it is not the first proposal."""

    vacancy_id: UUID
    reservataire_id: UUID
    contingent: str = "none"
    departure_motif: str | None = None


async def _send_facts(
    tx: TenantTransaction, vacancy: dwellings.Vacancy, command: SendOrientation
) -> tuple[SendFacts, conventions.Convention | None]:
    today = local_day(tx.now)
    rows = await conventions.list_conventions(
        tx, bailleur_id=tx.actor.tenant_id, reservataire_id=command.reservataire_id
    )
    row = convention_with(rows, command.reservataire_id, today)
    name = party_name(row.reservataire_name, command.contingent) if row else "cet organisme"
    facts = SendFacts(
        party_name=name,
        insee=vacancy.dwelling.insee,
        commune_name=vacancy.dwelling.commune_name,
        perimeter=row.perimeter if row else frozenset(),
        has_convention=row is not None,
        is_convention_in_force=row is not None and is_in_force(row, today),
        has_address=bool(row and row.mailbox),
        assiette_motifs=assiette_motifs(dwelling_facts_of(vacancy.dwelling), today),
        has_live_orientation=await dwellings.has_live_orientation(tx, vacancy.id),
        answer_days=row.answer_days if row else law.OrientationFacts.answer_days,
    )
    return facts, row


async def preview(tx: TenantTransaction, command: SendOrientation) -> Transition:
    """What sending now would do, deadline included; Conflict says why it is forbidden."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    vacancy = await dwellings.find_vacancy(tx, command.vacancy_id)
    if vacancy is None:
        raise NotFound
    await _check_contingent(tx, command)
    facts, _ = await _send_facts(tx, vacancy, command)
    return _allowed(law.send(facts, now=tx.now))


def _allowed(verdict: Verdict) -> Transition:
    if isinstance(verdict, Transition):
        return verdict
    raise Conflict(*verdict)


def receipt(deadline: Deadline) -> dict[str, Any]:
    """How a deadline was counted, kept with it so that anybody can count it again."""
    return {
        "start_on": deadline.start_on.isoformat(),
        "last_day": deadline.last_day.isoformat(),
        "days": deadline.days,
        "skipped": [{"day": day.isoformat(), "reason": why} for day, why in deadline.skipped],
        "calendar_version": deadline.calendar_version,
    }


async def send(tx: TenantTransaction, command: SendOrientation) -> UUID:
    """Offer the vacancy to a réservataire and open its two working days (T1, T2)."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    vacancy = await dwellings.find_vacancy(tx, command.vacancy_id, for_update=True)
    if vacancy is None:
        raise NotFound
    _check_vacancy(vacancy)
    await _check_contingent(tx, command)
    facts, convention = await _send_facts(tx, vacancy, command)
    transition = _allowed(law.send(facts, now=tx.now))
    explained = await advise(tx, vacancy)
    motif = _departure_motif(explained.advice.proposals, command)
    if convention is None or transition.answer is None:
        raise NotFound
    orientation_id = new_id()
    values = {
        "id": orientation_id,
        "rank": 1 + await orientations.count_offers(tx, vacancy.id),
        "departure_motif": motif,
        "advice": explained.snapshot(),
        **_offered(tx, vacancy, command, convention),
        **_opened(tx, transition, transition.answer),
    }
    try:
        await orientations.insert_orientation(tx, values)
    except IntegrityError as error:
        raise Conflict(TAKEN) from error
    await _tell_sent(tx, orientation_id, vacancy, command, transition)
    return orientation_id


def _offered(
    tx: TenantTransaction,
    vacancy: dwellings.Vacancy,
    command: SendOrientation,
    convention: conventions.Convention,
) -> dict[str, Any]:
    return {
        "bailleur_id": tx.actor.tenant_id,
        "reservataire_id": command.reservataire_id,
        "contingent": command.contingent,
        "vacancy_id": vacancy.id,
        "dwelling_id": vacancy.dwelling.id,
        "convention_id": convention.id,
        "insee": vacancy.dwelling.insee,
        "answer_days": convention.answer_days,
        "candidate_days": convention.candidate_days,
    }


def _opened(tx: TenantTransaction, transition: Transition, answer: Deadline) -> dict[str, Any]:
    return {
        "state": transition.to_state.value,
        "sent_at": tx.now,
        "sent_on": transition.on,
        "answer_due_at": answer.due_at,
        "answer_last_day": answer.last_day,
        "answer_receipt": receipt(answer),
    }


async def _check_contingent(tx: TenantTransaction, command: SendOrientation) -> None:
    """The State answers by contingent, the others have none: anything else would reach nobody."""
    found = await tenants.get_tenants(tx, [command.reservataire_id])
    is_state = any(one.category == "etat" for one in found.values())
    if is_state and command.contingent not in STATE_CONTINGENTS:
        message = "Indiquez le contingent de l'État : fonctionnaires ou mal-logés (RS)."
        raise Invalid(Motif(code="contingent_invalid", message=message, field="contingent"))
    if not is_state and command.contingent != "none":
        message = "Seul l'État a des contingents : ce réservataire n'en a pas."
        raise Invalid(Motif(code="contingent_invalid", message=message, field="contingent"))


def _check_vacancy(vacancy: dwellings.Vacancy) -> None:
    if vacancy.state != "open" or vacancy.nature != "flux":
        raise Conflict(
            Motif(
                code="vacancy_not_available",
                message="Cette libération est close ou gardée hors du flux.",
            )
        )


def _departure_motif(proposals: tuple[Proposal, ...], command: SendOrientation) -> str | None:
    """The bailleur decides; it says why when it departs from the advice."""
    first = proposals[0].party_key if proposals else None
    if first == party_key(command.reservataire_id, command.contingent):
        return None
    motif = (command.departure_motif or "").strip()
    if not motif:
        raise Invalid(
            Motif(
                code="departure_motif_required",
                message="Ce choix s'écarte de la proposition : indiquez votre motif.",
                field="departure_motif",
            )
        )
    return motif


async def _tell_sent(
    tx: TenantTransaction,
    orientation_id: UUID,
    vacancy: dwellings.Vacancy,
    command: SendOrientation,
    transition: Transition,
) -> None:
    due = transition.answer
    entry = await record(
        tx,
        Act(
            act="orientation.sent",
            subject_kind="orientation",
            subject_id=orientation_id,
            bailleur_id=tx.actor.tenant_id,
            reservataire_id=command.reservataire_id,
            contingent=command.contingent,
            dwelling_id=vacancy.dwelling.id,
            to_state=transition.to_state.value,
            facts={"answer_last_day": due.last_day.isoformat()} if due else {},
        ),
    )
    await announce(
        tx,
        entry,
        [
            Recipient(
                tenant_id=command.reservataire_id,
                capacity="reservataire",
                contingent=command.contingent,
            )
        ],
        template="orientation.sent",
        subject_kind="orientation",
        subject_id=orientation_id,
    )
