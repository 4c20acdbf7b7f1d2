"""Invitations to a CALEOL as iCalendar (RFC 5545, RFC 5546)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from icalendar import Calendar, Event, vCalAddress, vText

from server.db.caleol import CaleolSession
from server.domain.deadlines import PARIS

PRODUCT = "-//Portail du flux//CALEOL//FR"
SESSION_LENGTH = timedelta(hours=2)
"""What agendas show: a convocation gives no end."""


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """A session as its guests see it in their agenda: nothing about any household."""

    uid: str
    sequence: int
    starts_at: datetime
    summary: str
    description: str
    place: str
    url: str
    organizer_name: str
    organizer_address: str
    stamped_at: datetime
    attendee_address: str | None = None


def session_invitation(
    session: CaleolSession,
    *,
    sender: str,
    url: str,
    stamped_at: datetime,
    attendee_address: str | None = None,
) -> str:
    """The event of a session, the same in the mail and in the download: a diary keeps one.

    `sender` is the portal's own address, whose domain makes the identifier unique.
    """
    return invitation(
        Invitation(
            uid=f"caleol-{session.id}@{sender.rpartition('@')[2]}",
            sequence=session.sequence,
            starts_at=session.starts_at,
            summary=f"CALEOL – {session.bailleur_name}",
            description=f"Ouvrir la séance : {url}",
            place=session.place,
            url=url,
            organizer_name=session.bailleur_name,
            organizer_address=sender,
            stamped_at=stamped_at,
            attendee_address=attendee_address,
        )
    )


def invitation(facts: Invitation) -> str:
    """The text of the ICS; same facts, same text."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(_event(facts))
    starts_on = facts.starts_at.astimezone(PARIS).date()
    calendar.add_missing_timezones(first_date=starts_on, last_date=starts_on + timedelta(days=1))
    return cast("bytes", calendar.to_ical()).decode()


def _event(facts: Invitation) -> Event:
    event = Event()
    starts_at = facts.starts_at.astimezone(PARIS)
    properties: dict[str, Any] = {
        "uid": facts.uid,
        "sequence": facts.sequence,
        "dtstamp": facts.stamped_at,
        "dtstart": starts_at,
        "dtend": starts_at + SESSION_LENGTH,
        "summary": facts.summary,
        "description": facts.description,
        "location": facts.place,
        "url": facts.url,
        "class": "PRIVATE",
        "status": "CONFIRMED",
        "transp": "OPAQUE",
    }
    for name, value in properties.items():
        event.add(name, value)
    organizer = _address(facts.organizer_address)
    organizer.params["CN"] = vText(facts.organizer_name)
    event.add("organizer", organizer)
    if facts.attendee_address:
        attendee = _address(facts.attendee_address)
        attendee.params["RSVP"] = vText("FALSE")  # nobody reads the replies
        event.add("attendee", attendee)
    return event


def _address(address: str) -> vCalAddress:
    return vCalAddress(f"mailto:{address}")
