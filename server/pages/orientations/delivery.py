"""What the bailleur does about an offer that did not arrive (domain.md Q5)."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from server.domain import labels
from server.errors import Conflict, Invalid
from server.operations import conventions, orientations
from server.pages.orientations.acting import refused
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


async def resend(visit: Visit) -> Response:
    """The address is corrected if another one was typed, and the offer sent again: both or none."""
    form = Form(data=await visit.form())
    offer_id, address = visit.path_id(), form.text("adresse")
    try:
        version = form.integer("version", required=False)
        form.check()
        async with visit.writing() as tx:
            await _correct(tx, offer_id, address)
            row = await orientations.resend(tx, offer_id, expected_version=version)
    except (Invalid, Conflict) as error:
        typed = {"adresse": address}
        return await refused(visit, error, **typed)
    until = labels.french_deadline(row.answer_due_at)
    message = f"Offre renvoyée : réponse attendue jusqu'au {until}."
    return visit.redirect(f"/orientations/{offer_id}", message=message)


async def _correct(tx: TenantTransaction, offer_id: UUID, address: str) -> None:
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await orientations.get(tx, offer_id)
    if row.holder_id is not None:
        return
    agreed = await conventions.get_record(tx, row.convention_id)
    if (agreed.mailbox or "") != address or agreed.mailbox_failed_at is not None:
        await conventions.set_mailbox(tx, agreed.id, address or None, version=agreed.version)


async def mark_failed(visit: Visit) -> Response:
    offer_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            await orientations.mark_failed(tx, offer_id)
    except Conflict as error:
        return await refused(visit, error)
    message = "Adresse signalée en erreur : le délai de réponse ne court plus."
    return visit.redirect(f"/orientations/{offer_id}", message=message)
