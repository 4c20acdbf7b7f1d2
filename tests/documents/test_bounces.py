"""Mails that come back (RFC 3464), those of strangers, and those that only look like it."""

from __future__ import annotations

from email.message import EmailMessage
from uuid import UUID

import pytest

from server.documents.bounces import LONGEST, read_bounce, return_address

KEY = "secret"
MAIL = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MESSAGE_ID = f"<{MAIL}@portail.invalid>"
DSN = """\
From: MAILER-DAEMON@relais.invalid
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <autre@relais.invalid>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host relais.invalid.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.invalid

Final-Recipient: rfc822; logement@doussard.invalid
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 Madame Secret a quitté la mairie

--b
Content-Type: {returned}

From: portail@portail.invalid
{message_id}
Subject: [A repondre]

--b--
"""


def dsn(
    *,
    to: str = "portail@portail.invalid",
    action: str = "failed",
    status: str = "5.1.1",
    returned: str = "text/rfc822-headers",
    message_id: str = f"Message-ID: {MESSAGE_ID}",
) -> bytes:
    text = DSN.format(to=to, action=action, status=status, returned=returned, message_id=message_id)
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_returned_mail_is_found_by_its_message_id(returned: str) -> None:
    found = read_bounce(dsn(returned=returned), KEY)
    assert found is not None
    assert (found.message_id, found.notification_id) == (MESSAGE_ID, None)
    assert found.error == "L'adresse a renvoyé le message : cette boîte n'existe pas (code 5.1.1)."


def test_a_returned_mail_is_found_by_its_signed_address() -> None:
    to = return_address(MAIL, "Retours <retours@portail.invalid>", KEY)
    found = read_bounce(dsn(to=to, message_id="X-Rien: 1"), KEY)
    assert found is not None
    assert (found.message_id, found.notification_id) == (None, MAIL)


@pytest.mark.parametrize(
    "forged",
    [
        return_address(MAIL, "retours@portail.invalid", "un autre secret"),
        f"retours+{MAIL.hex}.{'0' * 20}@portail.invalid",
        f"retours+{MAIL.hex}@portail.invalid",
    ],
)
def test_a_forged_address_names_no_mail(forged: str) -> None:
    found = read_bounce(dsn(to=forged, message_id="X-Rien: 1"), KEY)
    assert found is not None
    assert (found.message_id, found.notification_id) == (None, None)


def test_what_the_server_wrote_is_never_kept() -> None:
    found = read_bounce(dsn(status="5.7.1 <b>Madame Secret</b>"), KEY)
    assert found is not None
    assert "Secret" not in found.error


def plain(text: str) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "Re: offre"
    mail["In-Reply-To"] = MESSAGE_ID
    mail.set_content(text)
    return mail.as_bytes()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        plain("Je suis absent. Action: failed\nStatus: 5.1.1"),
        dsn(action="delayed", status="4.4.1"),
        dsn(action="delivered", status="2.0.0"),
        dsn(action="failed", status="2.0.0"),
        dsn(action="failed", status="n'importe quoi"),
        b"Content-Type: multipart/report; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 200_000,
        b"".join(
            b'Content-Type: multipart/report; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
            for n in range(5_000)
        ),
        b"Content-Type: multipart/report; charset=" + b"x" * LONGEST,
        b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
    ],
    ids=range(11),
)
def test_what_announces_no_failure_changes_nothing(raw: bytes) -> None:
    """Answers of people, delays, receipts, and what is made to hurt."""
    assert read_bounce(raw, KEY) is None
