"""Notifications: rendered with the eyes of their recipient, delivered once, read on the portal.

Nothing is copied from the act that announces: what the recipient may not read cannot be in its
mail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from server.db import caleol as caleol_rows
from server.db import conventions, tenants
from server.db import notifications as rows
from server.db.notifications import Notification
from server.db.orientations import Orientation
from server.db.paging import Page, PageRequest
from server.documents import messages
from server.documents.calendars import session_invitation
from server.documents.mails import Message, Rendered, render, to_mime
from server.documents.messages import Reader
from server.errors import NotFound
from server.operations import bilans, caleol, orientations, urgences
from server.settings import Settings
from server.tenants.actors import Actor, Capacity, portal_acting_for, seen_by
from server.tenants.permissions import Permission, require
from server.tenants.transactions import Database, TenantTransaction, Transaction

SMTP_SECONDS = 30
UNKNOWN_ADDRESS = "adresse inconnue"
INVALID_ADDRESS = "adresse invalide"
UNSEEN = "élément invisible pour ce destinataire"
UNCERTAIN = "Connexion coupée pendant l'envoi : nouvel essai sous le même identifiant de message."


class DeliveryError(Exception):
    """The mail did not go; the row says why and the job tries again."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail ready to go, in the words and to the address of its recipient."""

    address: str | None
    rendered: Rendered
    calendar: str | None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a composer answers; `address` replaces the organisme's mailbox."""

    message: Message
    address: str | None = None
    session: caleol_rows.CaleolSession | None = None


# --- On the portal ----------------------------------------------------------------------------


async def inbox(
    tx: TenantTransaction, request: PageRequest, *, is_read: bool | None = None
) -> Page[Notification]:
    """What the actor's organisme was told in this capacity, newest first."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    return await rows.list_notifications(tx, request, is_read=is_read)


async def unread_count(tx: TenantTransaction) -> int:
    require(tx.actor, Permission.NOTIFICATION_READ)
    return await rows.count_unread(tx)


async def mark_all_read(tx: TenantTransaction) -> None:
    require(tx.actor, Permission.NOTIFICATION_READ)
    await rows.mark_all_read(tx, tx.now)


async def list_mails(tx: Transaction, request: PageRequest) -> Page[Notification]:
    """Every mail of the demonstration, newest first (role demo only)."""
    return await rows.list_notifications(tx, request)


async def get_mail(tx: Transaction, notification_id: UUID) -> Notification:
    found = await rows.find_notification(tx, notification_id)
    if found is None:
        raise NotFound
    return found


# --- Delivery ---------------------------------------------------------------------------------


async def deliver(database: Database, notification_id: UUID, settings: Settings) -> None:
    """Render and send one notification; once it was sent or kept, nothing happens.

    Sending stands between two short transactions, so that a slow mail server holds none. If the
    worker dies in between, the mail may go twice, under the same Message-ID.
    """
    async with database.system_transaction("notifications.deliver") as tx:
        if not await rows.take_notification(tx, notification_id, tx.now):
            return
        row = await rows.find_notification(tx, notification_id)
    if row is None:
        return
    try:
        letter = await _write(database, row, settings)
    except NotFound:
        await _finish(database, row, state="failed", error=UNSEEN)
        return
    await _dispatch(database, row, letter, settings)


async def _write(database: Database, row: Notification, settings: Settings) -> Letter:
    """The letter, from what row-level security shows to its recipient."""
    async with database.read_transaction(_recipient(row)) as tx:
        reader = Reader(
            name=row.recipient_name,
            capacity=row.capacity,
            contingent=row.contingent,
            public_url=settings.public_url,
        )
        draft = await COMPOSERS[row.subject_kind](tx, row, reader)
        mailbox = await tenants.find_mailbox(tx, row.recipient_id, row.capacity)
    address = draft.address or mailbox
    return Letter(
        address=address,
        rendered=render(draft.message),
        calendar=_calendar(draft, row, address, settings) if draft.session else None,
    )


def _recipient(row: Notification) -> Actor:
    actor = portal_acting_for(row.recipient_id, row.recipient_name, Capacity(row.capacity))
    return seen_by(actor, row.contingent)


async def _dispatch(
    database: Database, row: Notification, letter: Letter, settings: Settings
) -> None:
    message_id = f"<{row.id}@{_domain(settings)}>"
    written = {
        "address": letter.address,
        "subject": letter.rendered.subject,
        "body_text": letter.rendered.text,
        "body_html": letter.rendered.html,
        "calendar": letter.calendar,
        "message_id": message_id,
    }
    if letter.address is None:
        await _finish(database, row, state="failed", error=UNKNOWN_ADDRESS, **written)
        return
    if settings.smtp_url is None:
        await _finish(database, row, state="kept", error=None, **written)
        return
    try:
        mail = to_mime(
            letter.rendered,
            letter.calendar,
            message_id,
            settings.mail_from,
            letter.address,
            sent_at=row.created_at,
        )
    except ValueError:
        await _finish(database, row, state="failed", error=INVALID_ADDRESS, **written)
        return
    try:
        await _send(mail, settings.smtp_url)
    except (aiosmtplib.SMTPException, OSError) as error:
        state, sentence = _explain(error)
        await _finish(database, row, state=state, error=sentence, **written)
        raise DeliveryError(sentence) from error
    await _finish(database, row, state="sent", error=None, **written)


async def _finish(database: Database, row: Notification, **values: Any) -> None:
    async with database.system_transaction("notifications.deliver") as tx:
        await rows.update_notification(tx, row.id, processed_at=tx.now, **values)


def _domain(settings: Settings) -> str:
    return parseaddr(settings.mail_from)[1].rpartition("@")[2]


async def _send(mail: EmailMessage, smtp_url: str) -> None:
    server = urlsplit(smtp_url)
    await aiosmtplib.send(
        mail,
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        timeout=SMTP_SECONDS,
    )


def _explain(error: Exception) -> tuple[str, str]:
    """The state and the sentence of a failure; uncertain when the mail may have been taken."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return "failed", f"Le serveur de messagerie a refusé le message (code {error.code})."
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = ", ".join(str(one.code) for one in error.recipients)
        return "failed", f"Le serveur de messagerie a refusé l'adresse (code {codes})."
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return "failed", "Le serveur de messagerie est injoignable."
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | aiosmtplib.SMTPReadTimeoutError):
        return "uncertain", UNCERTAIN
    return "failed", f"L'envoi a échoué ({type(error).__name__})."


# --- Composing --------------------------------------------------------------------------------


async def _of_orientation(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await orientations.get(tx, row.subject_id)
    message = messages.orientation_message(row.template, found, reader)
    return Draft(message=message, address=await _convention_mailbox(tx, found))


async def _convention_mailbox(tx: TenantTransaction, row: Orientation) -> str | None:
    """The address that the convention gives for its réservataire (art. 5.3)."""
    if tx.actor.capacity is not Capacity.RESERVATAIRE:
        return None
    agreed = await conventions.list_conventions(
        tx, bailleur_id=row.bailleur_id, reservataire_id=row.reservataire_id
    )
    return next((one.mailbox for one in agreed if one.id == row.convention_id), None)


async def _of_caleol(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    session = await caleol.get(tx, row.subject_id)
    items = (await caleol_rows.list_items(tx, [session.id])).get(session.id, [])
    offers = await orientations.visible_of(tx, (item.orientation_id for item in items))
    agenda = [offers[item.orientation_id] for item in items if item.orientation_id in offers]
    return Draft(message=messages.caleol_message(session, agenda, reader), session=session)


async def _of_urgence(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await urgences.get(tx, row.subject_id)
    return Draft(message=messages.urgence_message(row.template, found, reader))


async def _of_bilan(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    return Draft(message=messages.bilan_message(await bilans.get(tx, row.subject_id), reader))


Composer = Callable[[TenantTransaction, Notification, Reader], Awaitable[Draft]]
COMPOSERS: Mapping[str, Composer] = {
    "orientation": _of_orientation,
    "caleol": _of_caleol,
    "urgence": _of_urgence,
    "bilan": _of_bilan,
}


def _calendar(
    draft: Draft, row: Notification, address: str | None, settings: Settings
) -> str | None:
    session = draft.session
    if session is None:
        return None
    return session_invitation(
        session,
        sender=parseaddr(settings.mail_from)[1],
        url=draft.message.action_url,
        stamped_at=row.created_at,
        attendee_address=address,
    )
