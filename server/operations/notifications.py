"""Notifications: rendered with the eyes of their recipient, delivered once, read on the portal.

Nothing is copied from the act that announces: what the recipient may not read cannot be in its
mail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import aiosmtplib

from server.db import caleol as caleol_rows
from server.db import conventions, machines, people, tenants
from server.db import notifications as rows
from server.db.notifications import Notification
from server.db.orientations import Orientation
from server.db.paging import Page, PageRequest
from server.documents import messages
from server.documents.agendas import Entry, agenda
from server.documents.bounces import return_address
from server.documents.calendars import session_invitation
from server.documents.mails import Message, Rendered, render, to_mime
from server.documents.messages import Reader
from server.domain.convention_steps import turn_of
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.operations import (
    annexes,
    answer_links,
    bilans,
    caleol,
    choices,
    deliveries,
    orientations,
    posting,
    recalling,
    scenarios,
    substitutions,
    urgences,
)
from server.operations import conventions as agreements
from server.settings import Settings
from server.tenants.actors import Actor, Capacity, portal_acting_for, seen_by
from server.tenants.answer_links import AnswerLink, seal
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import Database, TenantTransaction, Transaction

UNKNOWN_ADDRESS = "adresse inconnue"
INVALID_ADDRESS = "adresse invalide"
UNSEEN = "élément invisible pour ce destinataire"


class DeliveryError(Exception):
    """The mail did not go; the row says why and the job tries again."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail ready to go, in the words and to the address of its recipient."""

    address: str | None
    rendered: Rendered
    calendar: str | None
    is_wanted: bool

    def written(self, message_id: str) -> dict[str, str | None]:
        """What is kept of it."""
        return {
            "address": self.address,
            "subject": self.rendered.subject,
            "body_text": self.rendered.text,
            "body_html": self.rendered.html,
            "calendar": self.calendar,
            "message_id": message_id,
        }


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a composer answers; `address` replaces the organisme's mailbox."""

    message: Message
    address: str | None = None
    session: caleol_rows.CaleolSession | None = None
    entries: tuple[Entry, ...] = ()


# --- On the portal ----------------------------------------------------------------------------


async def inbox(
    tx: TenantTransaction,
    request: PageRequest,
    *,
    is_read: bool | None = None,
    subject_kind: str | None = None,
    is_awaited: bool | None = None,
) -> Page[Notification]:
    """What the actor's organisme was told in this capacity, newest first."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    return await rows.list_notifications(
        tx,
        request,
        is_read=is_read,
        subject_kind=subject_kind,
        is_awaited=is_awaited,
        reads_offers=may(tx.actor, Permission.ORIENTATION_READ),
    )


async def news(tx: TenantTransaction) -> tuple[int, bool]:
    """What surrounds every page: how many unread, and whether a bailleur shows a simulation."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    if tx.actor.capacity in (Capacity.RESERVATAIRE, Capacity.PREFECTURE):
        return await rows.count_news(tx)
    return await rows.count_unread(tx), False


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
        await deliveries.give_up(database, row, UNSEEN)
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
            answer_url=await _answer_url(tx, row, settings),
            mail_domain=_domain(settings),
        )
        draft = await COMPOSERS[row.subject_kind](tx, row, reader)
        mailbox = await tenants.find_mailbox(tx, row.recipient_id, row.capacity)
        is_wanted = await choices.wants(tx, row.template)
    address = draft.address or mailbox
    return Letter(
        address=address,
        rendered=render(draft.message),
        calendar=_calendar(draft, row, address, settings),
        is_wanted=is_wanted,
    )


async def _answer_url(tx: TenantTransaction, row: Notification, settings: Settings) -> str:
    """The link that answers the offer from a shared mailbox; none if its organisme closed it."""
    is_of_offer = row.subject_kind == "orientation" and row.capacity == Capacity.RESERVATAIRE
    if not is_of_offer or not await answer_links.is_open(tx):
        return ""
    link = AnswerLink(
        orientation_id=row.subject_id,
        reservataire_id=row.recipient_id,
        contingent=row.contingent,
    )
    return f"{settings.public_url}/offre/{seal(settings.secret_key, link)}"


def _recipient(row: Notification) -> Actor:
    actor = portal_acting_for(row.recipient_id, row.recipient_name, Capacity(row.capacity))
    return seen_by(actor, row.contingent)


async def _dispatch(
    database: Database, row: Notification, letter: Letter, settings: Settings
) -> None:
    message_id = f"<{row.id}@{_domain(settings)}>"
    written = letter.written(message_id)
    if not letter.is_wanted:
        await _finish(database, row, state="muted", error=None, **written)
        return
    if letter.address is None:
        await deliveries.give_up(database, row, UNKNOWN_ADDRESS, **written)
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
        await deliveries.give_up(database, row, INVALID_ADDRESS, **written)
        return
    try:
        await posting.post(mail, settings.smtp_url, _return_address(row, settings))
    except (aiosmtplib.SMTPException, OSError) as error:
        state, sentence = posting.explain(error)
        if posting.is_final(error):
            await deliveries.give_up(database, row, sentence, **written)
            return
        await _finish(database, row, state=state, error=sentence, **written)
        raise DeliveryError(sentence) from error
    await _finish(database, row, state="sent", error=None, **written)


async def _finish(database: Database, row: Notification, **values: Any) -> None:
    async with database.system_transaction("notifications.deliver") as tx:
        await rows.update_notification(tx, row.id, processed_at=tx.now, **values)
        await deliveries.note(tx, row, values["state"], values["error"])


def _domain(settings: Settings) -> str:
    return parseaddr(settings.mail_from)[1].rpartition("@")[2]


def _return_address(row: Notification, settings: Settings) -> str:
    """Where the mail comes back if it is not taken; signed, so that nobody makes one fail."""
    if settings.mail_return is None:
        return parseaddr(settings.mail_from)[1]
    return return_address(row.id, settings.mail_return, settings.secret_key)


# --- Composing --------------------------------------------------------------------------------


async def _of_orientation(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await orientations.get(tx, row.subject_id)
    message = messages.orientation_message(row.template, found, reader)
    return Draft(
        message=message,
        address=await _convention_mailbox(tx, found),
        entries=messages.entries_of(row.template, found, reader),
    )


async def _convention_mailbox(tx: TenantTransaction, row: Orientation) -> str | None:
    """The address that the convention gives for its réservataire (art. 5.3)."""
    if tx.actor.capacity is not Capacity.RESERVATAIRE:
        return None
    agreed = await conventions.list_conventions(
        tx, bailleur_id=row.bailleur_id, reservataire_id=row.reservataire_id
    )
    return next((one.mailbox for one in agreed if one.id == row.convention_id), None)


async def _of_digest(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    message, address = await recalling.digest_of(tx, row.subject_id, row.contingent, reader)
    return Draft(message=message, address=address)


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


async def _of_annexe(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await annexes.get(tx, row.subject_id)
    return Draft(message=messages.annexe_message(found, reader))


async def _of_scenario(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await scenarios.get(tx, row.subject_id)
    return Draft(message=messages.scenario_message(found.row, reader))


async def _of_membership(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await people.find_member(tx, row.subject_id)
    if found is None:
        raise NotFound
    return Draft(message=messages.membership_message(found, reader))


async def _of_machine(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await machines.find_machine(tx, row.subject_id)
    if found is None:
        raise NotFound
    return Draft(message=messages.machine_message(found, reader))


async def _of_convention(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await agreements.get_record(tx, row.subject_id)
    turn_on = turn_of(agreements.facts_of(found).in_time, local_day(row.created_at))
    message = messages.convention_message(row.template, found, reader, turn_on=turn_on)
    return Draft(message=message)


async def _of_substitution(tx: TenantTransaction, row: Notification, reader: Reader) -> Draft:
    found = await substitutions.get(tx, row.subject_id)
    return Draft(message=messages.substitution_message(row.template, found, reader))


Composer = Callable[[TenantTransaction, Notification, Reader], Awaitable[Draft]]
COMPOSERS: Mapping[str, Composer] = {
    "orientation": _of_orientation,
    "caleol": _of_caleol,
    "urgence": _of_urgence,
    "bilan": _of_bilan,
    "annexe": _of_annexe,
    "scenario": _of_scenario,
    "convention": _of_convention,
    "substitution": _of_substitution,
    "membership": _of_membership,
    "machine": _of_machine,
    "digest": _of_digest,
}


def _calendar(
    draft: Draft, row: Notification, address: str | None, settings: Settings
) -> str | None:
    session = draft.session
    if session is None:
        return agenda(draft.entries) if draft.entries else None
    return session_invitation(
        session,
        sender=parseaddr(settings.mail_from)[1],
        url=draft.message.action_url,
        stamped_at=row.created_at,
        attendee_address=address,
    )
