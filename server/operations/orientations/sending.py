"""Sending an offer: the choice of the réservataire and its two working days (art. 5.1, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import conventions, dwellings, orientations
from server.db.droits_uniques import DroitUnique
from server.db.ids import new_id
from server.domain import orientations as law
from server.domain.calendar import Closures
from server.domain.closures import ClosureRule, stopping
from server.domain.deadlines import Deadline, local_day
from server.domain.dwellings import assiette_motifs
from server.domain.flux import BAILLEUR
from server.domain.orientations import SendFacts, Transition, Verdict
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import closures, droits_uniques, ledger
from server.operations.advice import ExplainedAdvice, advise, advise_together
from server.operations.flux import convention_with, is_in_force, party_key, party_name
from server.operations.journal import Act, Recipient, announce, record
from server.operations.ledger import Ground
from server.operations.orientations import addressing
from server.operations.orientations.addressing import Addressee
from server.operations.orientations.receipts import answer_values, kept_closures, receipt
from server.operations.vacancies import facts_of as dwelling_facts_of
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

STATE_CONTINGENTS = ("fonctionnaires", "rs")
ABSORBED = Motif(
    code="organisme_absorbed",
    message="Votre organisme a été absorbé : il achève ce qui est en cours, il n'envoie plus "
    "d'offre.",
)
TAKEN = Motif(
    code="live_orientation_exists",
    message="Une orientation est déjà en cours pour ce logement.",
)


@dataclass(frozen=True, kw_only=True)
class SendOrientation:
    """To whom the vacancy is offered; a motif when it is not the first proposal. With
    `droit_unique_id` it is taken on the bailleur's own share, on a right of this réservataire.
    """

    vacancy_id: UUID
    reservataire_id: UUID
    contingent: str = "none"
    departure_motif: str | None = None
    droit_unique_id: UUID | None = None


async def _send_facts(
    tx: TenantTransaction,
    vacancy: dwellings.Vacancy,
    command: SendOrientation,
    addressee: Addressee,
    ground: Ground,
) -> tuple[SendFacts, conventions.Convention | None]:
    today = local_day(tx.now)
    row = convention_with(await ground.agreed(), command.reservataire_id, today)
    name = party_name(row.reservataire_name, command.contingent) if row else "cet organisme"
    facts = SendFacts(
        party_name=name,
        insee=vacancy.dwelling.insee,
        commune_name=vacancy.dwelling.commune_name,
        perimeter=row.perimeter if row else frozenset(),
        has_convention=row is not None,
        is_convention_in_force=row is not None and is_in_force(row, today),
        # the portal knows the mailbox of the State, and of who took the organisme over
        has_address=bool(row and row.mailbox) or addressee.holder_id is not None,
        assiette_motifs=assiette_motifs(dwelling_facts_of(vacancy.dwelling), today),
        has_live_orientation=await dwellings.has_live_orientation(tx, vacancy.id),
        answer_days=row.answer_days if row else law.OrientationFacts.answer_days,
        closures=await _stopping(tx, row, addressee),
    )
    return facts, row


async def _stopping(
    tx: TenantTransaction, row: conventions.Convention | None, addressee: Addressee
) -> Closures:
    """The closures of who answers; they are read only where the convention gives them an effect."""
    if row is None or row.closure_rule != ClosureRule.SUSPENDED:
        return ()
    declared = await closures.list_of(tx, addressee.tenant_id)
    return stopping(row.closure_rule, [one.days for one in declared])


async def preview(tx: TenantTransaction, command: SendOrientation) -> Transition:
    """What sending now would do, deadline included; Conflict says why it is forbidden."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    vacancy = await dwellings.find_vacancy(tx, command.vacancy_id, on=local_day(tx.now))
    if vacancy is None:
        raise NotFound
    return (await rehearse(tx, command, vacancy)).transition


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What sending now would do, who would have to answer, under which convention."""

    transition: Transition
    addressee: Addressee
    convention: conventions.Convention | None
    right: DroitUnique | None = None


async def rehearse(
    tx: TenantTransaction,
    command: SendOrientation,
    vacancy: dwellings.Vacancy,
    ground: Ground | None = None,
) -> Rehearsal:
    """As `preview`, of a vacancy that has just been read."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    ground = ground or Ground(tx)
    addressee = await _addressee(tx, command, ground)
    facts, convention = await _send_facts(tx, vacancy, command, addressee, ground)
    transition = _allowed(law.send(facts, now=tx.now))
    right = await _right(tx, command)
    return Rehearsal(transition=transition, addressee=addressee, convention=convention, right=right)


async def _right(tx: TenantTransaction, command: SendOrientation) -> DroitUnique | None:
    if command.droit_unique_id is None:
        return None
    return await droits_uniques.check(tx, command.droit_unique_id, command.reservataire_id)


def _allowed(verdict: Verdict) -> Transition:
    if isinstance(verdict, Transition):
        return verdict
    raise Conflict(*verdict)


async def send(tx: TenantTransaction, command: SendOrientation) -> UUID:
    """Offer the vacancy to a réservataire and open its two working days (T1, T2)."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    vacancy = await dwellings.find_vacancy(
        tx, command.vacancy_id, on=local_day(tx.now), for_update=True
    )
    if vacancy is None:
        raise NotFound
    _check_vacancy(vacancy)
    ground = Ground(tx)
    addressee = await _addressee(tx, command, ground)
    facts, convention = await _send_facts(tx, vacancy, command, addressee, ground)
    transition = _allowed(law.send(facts, now=tx.now))
    # what is decided together is decided in one order: the ledger is held, and has everything
    await ledger.post(tx, ground)
    await _right(tx, command)
    explained = await advise(tx, vacancy, ground)
    motif = await _departure_motif(tx, explained, vacancy, command, ground)
    if convention is None or transition.answer is None:
        raise NotFound
    orientation_id = new_id()
    values = {
        "id": orientation_id,
        "rank": 1 + await orientations.count_offers(tx, vacancy.id),
        "departure_motif": motif,
        "droit_unique_id": command.droit_unique_id,
        "advice": explained.snapshot(),
        **_offered(tx, vacancy, addressee, convention),
        **_opened(tx, transition, transition.answer, convention),
    }
    try:
        await orientations.insert_orientation(tx, values)
    except IntegrityError as error:
        raise Conflict(TAKEN) from error
    if command.droit_unique_id is not None:
        await droits_uniques.reserve(tx, command.droit_unique_id, orientation_id)
    await _tell_sent(tx, values, vacancy, addressee, transition, ground)
    return orientation_id


def _offered(
    tx: TenantTransaction,
    vacancy: dwellings.Vacancy,
    addressee: Addressee,
    convention: conventions.Convention,
) -> dict[str, Any]:
    return {
        "bailleur_id": tx.actor.tenant_id,
        "reservataire_id": addressee.tenant_id,
        "contingent": addressee.contingent,
        "holder_id": addressee.holder_id,
        "substitution_id": _substitution_id(addressee),
        "vacancy_id": vacancy.id,
        "dwelling_id": vacancy.dwelling.id,
        "convention_id": convention.id,
        "insee": vacancy.dwelling.insee,
        "answer_days": convention.answer_days,
        "candidate_days": convention.candidate_days,
    }


def _substitution_id(addressee: Addressee) -> UUID | None:
    """The arrêté that names the holder itself; one of its successor is told by the addressee."""
    found = addressee.substitution
    return found.id if found is not None and found.tenant_id == addressee.holder_id else None


def _opened(
    tx: TenantTransaction,
    transition: Transition,
    answer: Deadline,
    convention: conventions.Convention,
) -> dict[str, Any]:
    return {
        "state": transition.to_state.value,
        "sent_at": tx.now,
        "sent_on": transition.on,
        "answer_receipt": receipt(answer),
        "closures": kept_closures(answer.closures),
        **answer_values(answer, convention.candidate_days),
        "clock_at": tx.now,
        "delivery": law.Delivery.PENDING.value,
        "delivery_id": new_id(),
    }


async def _addressee(tx: TenantTransaction, command: SendOrientation, ground: Ground) -> Addressee:
    """Who answers for the line that is chosen.

    The State answers by contingent, the others have none: anything else would reach nobody.
    """
    if tx.actor.is_absorbed:
        raise Conflict(ABSORBED)
    agreed = await ground.agreed()
    chosen = next((one for one in agreed if one.reservataire_id == command.reservataire_id), None)
    if chosen is not None:
        _check_contingent(command, is_state=chosen.category == "etat")
    name = chosen.reservataire_name if chosen else ""
    return await addressing.addressee_of(tx, command.reservataire_id, name, command.contingent)


def _check_contingent(command: SendOrientation, *, is_state: bool) -> None:
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


async def _departure_motif(
    tx: TenantTransaction,
    explained: ExplainedAdvice,
    vacancy: dwellings.Vacancy,
    command: SendOrientation,
    ground: Ground,
) -> str | None:
    """The bailleur decides; it says why when it departs from the advice, alone or joint. A droit
    unique is a choice within its own share.
    """
    chosen = party_key(command.reservataire_id, command.contingent)
    if command.droit_unique_id is not None:
        chosen = BAILLEUR
    if explained.advice.first == chosen:
        return None
    joint = {one.vacancy.id: one.party_key for one in await advise_together(tx, ground)}
    if joint.get(vacancy.id) == chosen:
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
    sent: dict[str, Any],
    vacancy: dwellings.Vacancy,
    addressee: Addressee,
    transition: Transition,
    ground: Ground,
) -> None:
    due, orientation_id = transition.answer, sent["id"]
    entry = await record(
        tx,
        Act(
            act="orientation.sent",
            subject_kind="orientation",
            subject_id=orientation_id,
            bailleur_id=tx.actor.tenant_id,
            reservataire_id=addressee.tenant_id,
            contingent=addressee.contingent,
            dwelling_id=vacancy.dwelling.id,
            to_state=transition.to_state.value,
            facts={"answer_last_day": due.last_day.isoformat()} if due else {},
        ),
        ground=ground,
    )
    await announce(
        tx,
        entry,
        [
            Recipient(
                tenant_id=addressee.tenant_id,
                capacity="reservataire",
                contingent=addressee.contingent,
            )
        ],
        template="orientation.sent",
        subject_kind="orientation",
        subject_id=orientation_id,
        notification_id=sent["delivery_id"],
    )
