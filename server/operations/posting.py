"""Handing a mail to the server of mails, and what its refusals say."""

from __future__ import annotations

from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

SMTP_SECONDS = 30
FOR_EVER = 500
"""From this code on, a mail server refuses for good (RFC 5321)."""

UNCERTAIN = "Connexion coupée pendant l'envoi : nouvel essai sous le même identifiant de message."


async def post(mail: EmailMessage, smtp_url: str, return_to: str) -> None:
    """Hand one mail to the server; what refuses it comes back to `return_to`."""
    server = urlsplit(smtp_url)
    await aiosmtplib.send(
        mail,
        sender=return_to,
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        timeout=SMTP_SECONDS,
    )


def explain(error: Exception) -> tuple[str, str]:
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


def is_final(error: Exception) -> bool:
    """Whether the server refuses this mail for ever (5xx): trying again would change nothing."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= FOR_EVER for one in error.recipients)
    refused = aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError
    return isinstance(error, refused) and error.code >= FOR_EVER
