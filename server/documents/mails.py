"""Mails: a message of a few facts in, subject, text, HTML and MIME out.

No personal datum ever enters a message: no NUD, no name, no free text typed by anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from server.documents.typography import typeset

TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "templates" / "courriels"
_BREAKS = re.compile(r"[\r\n]+")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a mail says; `subject` says all of it, `consequence` what happens without an answer;
    `second_url` is another door to the same act.
    """

    subject: str
    preheader: str
    paragraphs: tuple[str, ...]
    action_label: str
    action_url: str
    footer: tuple[str, ...]
    details: tuple[tuple[str, str], ...] = ()
    deadline: str | None = None
    consequence: str | None = None
    second_label: str = ""
    second_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    subject: str
    text: str
    html: str


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _inliner() -> CSSInliner:
    # keep_style_tags: the narrow screen's rules cannot be inlined
    return CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def render(message: Message) -> Rendered:
    environment = _environment()
    html = typeset(environment.get_template("message.html").render(message=message))
    return Rendered(
        subject=_one_line(message.subject),
        text=environment.get_template("message.txt").render(message=message),
        html=_inliner().inline(html),
    )


def _one_line(subject: str) -> str:
    """A line break in a header would let a name add headers."""
    return _BREAKS.sub(" ", subject).strip()


def to_mime(
    rendered: Rendered,
    calendar: str | None,
    message_id: str,
    sender: str,
    recipient: str,
    *,
    sent_at: datetime,
) -> EmailMessage:
    """The mail on the wire; the same `message_id` for every attempt. ValueError for an address
    that cannot stand in a header.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Content-Language"] = "fr"
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    if calendar is not None:
        method = "PUBLISH" if "METHOD:PUBLISH" in calendar else "REQUEST"
        mail.add_alternative(calendar, subtype="calendar", params={"method": method})
    return mail
