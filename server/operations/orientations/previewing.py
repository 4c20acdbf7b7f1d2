"""What sending an offer would do, told before it is sent: nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.db import conventions, dwellings
from server.db.orientations import Orientation
from server.documents.mails import Message
from server.documents.messages import Reader, orientation_message
from server.domain.deadlines import Deadline, local_day
from server.errors import NotFound
from server.operations.flux import convention_with, party_name
from server.operations.orientations.sending import SendOrientation, preview, receipt
from server.tenants.transactions import TenantTransaction

_NOT_YET: dict[str, Any] = dict.fromkeys(
    (
        "acceptance_mode",
        "accepted_on",
        "answered_at",
        "refusal_motif",
        "candidates_due_at",
        "candidates_last_day",
        "justification",
        "withdrawal_reason",
        "attributed_candidate_id",
        "attributed_on",
        "leased_on",
    )
)


@dataclass(frozen=True, kw_only=True)
class OfferPreview:
    """The addressee, the deadline as it would be counted from now, the message as it would go."""

    party_name: str
    mailbox: str | None
    answer: Deadline
    candidate_days: int
    message: Message


async def preview_offer(
    tx: TenantTransaction, command: SendOrientation, *, public_url: str
) -> OfferPreview:
    """The check page's facts; Conflict says why the offer may not go."""
    transition = await preview(tx, command)
    vacancy = await dwellings.find_vacancy(tx, command.vacancy_id)
    agreed = convention_with(
        await conventions.list_conventions(
            tx, bailleur_id=tx.actor.tenant_id, reservataire_id=command.reservataire_id
        ),
        command.reservataire_id,
        local_day(tx.now),
    )
    if vacancy is None or agreed is None or transition.answer is None:
        raise NotFound
    reader = Reader(
        name=agreed.reservataire_name,
        capacity="reservataire",
        contingent=command.contingent,
        public_url=public_url,
    )
    draft = _draft(tx, vacancy, agreed, transition.answer, command.contingent)
    return OfferPreview(
        party_name=party_name(agreed.reservataire_name, command.contingent),
        mailbox=agreed.mailbox,
        answer=transition.answer,
        candidate_days=agreed.candidate_days,
        message=orientation_message("orientation.sent", draft, reader),
    )


def _draft(
    tx: TenantTransaction,
    vacancy: dwellings.Vacancy,
    agreed: conventions.Convention,
    answer: Deadline,
    contingent: str,
) -> Orientation:
    """The offer as it would be stored now; its id is the vacancy's, for it has none yet."""
    return Orientation(
        id=vacancy.id,
        bailleur_id=tx.actor.tenant_id,
        bailleur_name=tx.actor.tenant_name,
        reservataire_id=agreed.reservataire_id,
        reservataire_name=agreed.reservataire_name,
        contingent=contingent,
        vacancy_id=vacancy.id,
        dwelling_id=vacancy.dwelling.id,
        dwelling=vacancy.dwelling,
        convention_id=agreed.id,
        insee=vacancy.dwelling.insee,
        commune_name=vacancy.dwelling.commune_name,
        state="sent",
        rank=1,
        version=1,
        sent_at=tx.now,
        sent_on=local_day(tx.now),
        answer_due_at=answer.due_at,
        answer_last_day=answer.last_day,
        answer_receipt=receipt(answer),
        answer_days=agreed.answer_days,
        candidate_days=agreed.candidate_days,
        extension_count=0,
        searched_by="reservataire",
        candidate_count=0,
        has_dalo=False,
        **_NOT_YET,
    )
