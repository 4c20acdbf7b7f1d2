"""What sending an offer would do, told before it is sent: nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from server.db import conventions, dwellings
from server.db.orientations import Orientation
from server.documents.mails import Message
from server.documents.messages import Reader, orientation_message
from server.domain.calendar import Closures
from server.domain.deadlines import Deadline, candidates_deadline, local_day
from server.errors import NotFound
from server.operations import closures
from server.operations.flux import party_name
from server.operations.ledger import Ground
from server.operations.orientations.addressing import Addressee
from server.operations.orientations.receipts import kept_closures, receipt
from server.operations.orientations.sending import SendOrientation, rehearse
from server.tenants.transactions import TenantTransaction

_FRESH: dict[str, Any] = {
    "state": "sent",
    "rank": 1,
    "version": 1,
    "extension_count": 0,
    "searched_by": "reservataire",
    "candidate_count": 0,
    "has_dalo": False,
}
_NOT_YET: dict[str, Any] = dict.fromkeys(
    (
        "acceptance_mode",
        "accepted_on",
        "answered_at",
        "refusal_motif",
        "candidates_due_at",
        "candidates_last_day",
        "candidates_receipt",
        "justification",
        "withdrawal_reason",
        "attributed_candidate_id",
        "attributed_on",
        "leased_on",
    )
)


@dataclass(frozen=True, kw_only=True)
class OfferPreview:
    """The addressee, the deadline as it would be counted from now, the message as it would go.

    `holder_name`: whose line it is when another body answers, by this `decree` if it is the State.
    """

    party_name: str
    addressee_name: str
    mailbox: str | None
    answer: Deadline
    candidate_days: int
    message: Message
    holder_name: str | None = None
    decree: str | None = None
    programme: str | None = None
    declared: Closures = ()
    """The closures of the addressee, whatever the convention makes of them."""


async def preview_offer(
    tx: TenantTransaction,
    command: SendOrientation,
    vacancy: dwellings.Vacancy,
    *,
    public_url: str,
    ground: Ground | None = None,
) -> OfferPreview:
    """The check page's facts, of a vacancy just read; Conflict says why the offer may not go."""
    rehearsed = await rehearse(tx, command, vacancy, ground)
    addressee, agreed, answer = (
        rehearsed.addressee,
        rehearsed.convention,
        rehearsed.transition.answer,
    )
    if vacancy.id != command.vacancy_id or agreed is None or answer is None:
        raise NotFound
    reader = Reader(
        name=addressee.name,
        capacity="reservataire",
        contingent=addressee.contingent,
        public_url=public_url,
    )
    draft = replace(
        _draft(tx, vacancy, agreed, answer, addressee),
        droit_unique_id=command.droit_unique_id,
        programme=rehearsed.right.programme if rehearsed.right else None,
    )
    return OfferPreview(
        addressee_name=addressee.name,
        party_name=party_name(addressee.name, addressee.contingent),
        mailbox=None if addressee.holder_id else agreed.mailbox,
        answer=answer,
        candidate_days=agreed.candidate_days,
        message=orientation_message("orientation.sent", draft, reader),
        holder_name=draft.holder_name,
        decree=draft.decree,
        programme=draft.programme,
        declared=answer.closures or await _declared(tx, addressee, answer, agreed.candidate_days),
    )


async def _declared(
    tx: TenantTransaction, addressee: Addressee, answer: Deadline, candidate_days: int
) -> Closures:
    """Those that touch the answer or the search that may follow."""
    searched = candidates_deadline(answer.last_day, days=candidate_days)
    found = await closures.list_of(tx, addressee.tenant_id)
    return tuple(one.days for one in found if one.first_day <= searched.last_day)


def _draft(
    tx: TenantTransaction,
    vacancy: dwellings.Vacancy,
    agreed: conventions.Convention,
    answer: Deadline,
    addressee: Addressee,
) -> Orientation:
    """The offer as it would be stored now; its id is the vacancy's, for it has none yet."""
    return Orientation(
        id=vacancy.id,
        bailleur_id=tx.actor.tenant_id,
        bailleur_name=tx.actor.tenant_name,
        reservataire_id=addressee.tenant_id,
        reservataire_name=addressee.name,
        contingent=addressee.contingent,
        holder_id=addressee.holder_id,
        holder_name=agreed.reservataire_name if addressee.holder_id else None,
        decree=addressee.substitution.decree if addressee.substitution else None,
        vacancy_id=vacancy.id,
        dwelling_id=vacancy.dwelling.id,
        dwelling=vacancy.dwelling,
        convention_id=agreed.id,
        insee=vacancy.dwelling.insee,
        commune_name=vacancy.dwelling.commune_name,
        sent_at=tx.now,
        sent_on=local_day(tx.now),
        answer_due_at=answer.due_at,
        answer_last_day=answer.last_day,
        answer_receipt=receipt(answer),
        closures=kept_closures(answer.closures),
        answer_days=agreed.answer_days,
        candidate_days=agreed.candidate_days,
        **_FRESH,
        **_NOT_YET,
    )
