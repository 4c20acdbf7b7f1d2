"""Mails that came back (RFC 3464): which one, and why; whatever they contain, nothing else.

What is read was written by strangers: sizes and depths are bounded, nothing of it is kept but a
status of a fixed form.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parseaddr
from uuid import UUID

LONGEST = 1_048_576
"""Bytes read of a returned mail: it carries at most the headers, or a copy, of a small one."""

MOST_PARTS = 40
RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})
STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})")
MESSAGE_ID = re.compile(r"<[0-9a-f-]{36}@[A-Za-z0-9.-]{1,255}>")
RETURN = re.compile(r"\+([0-9a-f]{32})\.([0-9a-f]{20})@")
WORDS = {
    "5.1.1": "cette boîte n'existe pas",
    "5.1.2": "ce domaine n'existe pas",
    "5.1.10": "ce domaine ne reçoit pas de courriel",
    "5.2.1": "cette boîte est fermée",
    "5.2.2": "cette boîte est pleine",
    "5.7.1": "le serveur du destinataire refuse ce message",
}


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """A returned mail: by its signed return address, or by its Message-ID, or by neither."""

    notification_id: UUID | None
    message_id: str | None
    error: str


def read_bounce(raw: bytes, secret_key: str) -> Bounce | None:
    """What a mail says of one of ours that never arrived; None if it says nothing of the kind.

    A delay, a receipt, an answer of a person are no failure.
    """
    try:
        mail = message_from_bytes(raw[:LONGEST], policy=compat32)
        parts = list(_parts(mail))
    except (MessageError, RecursionError, ValueError, LookupError, AssertionError):
        return None
    status = _failure(parts)
    if status is None:
        return None
    return Bounce(
        notification_id=_signed(mail, secret_key),
        message_id=_returned_id(parts),
        error=f"L'adresse a renvoyé le message : {_explain(status)}.",
    )


def return_address(notification_id: UUID, address: str, secret_key: str) -> str:
    """Where this mail comes back when it is not taken: `retours+id.signature@domaine`."""
    local, _, domain = parseaddr(address)[1].rpartition("@")
    token = notification_id.hex
    return f"{local}+{token}.{_signature(token, secret_key)}@{domain}"


def _signature(token: str, secret_key: str) -> str:
    key = f"retour:{secret_key}".encode()
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()[:20]


def _parts(mail: Message) -> Iterator[Message]:
    for count, part in enumerate(mail.walk()):
        if count == MOST_PARTS:
            return
        yield part


def _failure(parts: list[Message]) -> str | None:
    """The status of the first recipient that failed for good, in the report of the server."""
    is_report = parts[0].get_content_type() == "multipart/report"
    for part in parts if is_report else ():
        action = str(part.get("Action", "")).strip().lower()
        found = STATUS.match(str(part.get("Status", "")))
        if action == "failed" and found and not found[1].startswith("2"):
            return found[1]
    return None


def _returned_id(parts: list[Message]) -> str | None:
    """The Message-ID of ours that the report returns, not that of the report itself."""
    for part in parts[1:]:
        text = str(part.get("Message-ID", ""))
        if part.get_content_type() in RETURNED and not text:
            text = str(part.get_payload(0) if part.is_multipart() else part.get_payload())
        found = MESSAGE_ID.search(text[:LONGEST])
        if found and ("message-id" in text.lower() or part.get("Message-ID")):
            return found[0]
    return None


def _signed(mail: Message, secret_key: str) -> UUID | None:
    """The notification whose return address this mail was sent to, if the signature is ours."""
    names = ("Delivered-To", "X-Original-To", "To", "Envelope-To")
    headers = [str(one) for name in names for one in mail.get_all(name, [])]
    for _, address in getaddresses(headers[:MOST_PARTS]):
        found = RETURN.search(address.lower())
        if found and hmac.compare_digest(found[2], _signature(found[1], secret_key)):
            return UUID(hex=found[1])
    return None


def _explain(status: str) -> str:
    words = WORDS.get(status, "le serveur du destinataire ne l'a pas pris")
    return f"{words} (code {status})"
