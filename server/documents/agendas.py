"""Deadlines as calendar entries (RFC 5545): what is due, which day, where to act; never who.

Same facts, same text: an entry keeps its identifier for life, its number grows with the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from icalendar import Calendar, Event

from server.db.caleol import CaleolSession
from server.db.orientations import Orientation
from server.documents.calendars import SESSION_LENGTH
from server.domain import labels
from server.domain.deadlines import PARIS

PRODUCT = "-//Portail du flux//Echeances//FR"
REFRESH = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A day on which something ends, or with `starts_at` a meeting; no personal datum."""

    uid: str
    sequence: int
    on: date
    summary: str
    description: str
    url: str
    stamped_at: datetime
    starts_at: datetime | None = None
    place: str = ""


def answer_entry(row: Orientation, home: str, *, public_url: str, domain: str) -> Entry:
    """The last day to answer an offer (art. 5.3): the same entry in the mail and in the feed."""
    url = f"{public_url}/orientations/{row.id}"
    return Entry(
        uid=f"reponse-{row.id}@{domain}",
        sequence=row.version,
        on=row.answer_last_day,
        summary=f"À répondre avant minuit : {home}",
        description=f"Offre de {row.bailleur_name} (convention, art. 5.3). {url}",
        url=url,
        stamped_at=row.clock_at or row.sent_at,
    )


def candidates_entry(
    row: Orientation, home: str, on: date, *, public_url: str, domain: str
) -> Entry:
    """The last day to present candidates (art. 5.3)."""
    url = f"{public_url}/orientations/{row.id}"
    return Entry(
        uid=f"candidats-{row.id}@{domain}",
        sequence=row.version,
        on=on,
        summary=f"Candidats à présenter avant minuit : {home}",
        description=f"Logement de {row.bailleur_name} (convention, art. 5.3). {url}",
        url=url,
        stamped_at=row.clock_at or row.sent_at,
    )


def session_entry(session: CaleolSession, *, public_url: str, domain: str) -> Entry:
    """A session of the commission, under the identifier of its invitation."""
    url = f"{public_url}/caleol/{session.id}"
    return Entry(
        uid=f"caleol-{session.id}@{domain}",
        sequence=session.sequence,
        on=session.starts_at.astimezone(PARIS).date(),
        starts_at=session.starts_at,
        place=session.place,
        summary=f"CALEOL – {session.bailleur_name}",
        description=f"{labels.french_instant(session.starts_at)}. {url}",
        url=url,
        stamped_at=session.starts_at,
    )


def agenda(entries: Iterable[Entry], name: str = "") -> str:
    """The text of a calendar; with `name`, one to follow."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    if name:
        calendar.add("x-wr-calname", name)
        calendar.add("x-wr-timezone", "Europe/Paris")
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT1H")
    timed = []
    for one in sorted(entries, key=lambda entry: (entry.on, entry.uid)):
        calendar.add_component(_event(one))
        if one.starts_at is not None:
            timed.append(one.on)
    if timed:
        calendar.add_missing_timezones(
            first_date=min(timed), last_date=max(timed) + timedelta(days=1)
        )
    return cast("bytes", calendar.to_ical()).decode()


def _event(one: Entry) -> Event:
    event = Event()
    properties: dict[str, Any] = {
        "uid": one.uid,
        "sequence": one.sequence,
        "dtstamp": one.stamped_at,
        "summary": one.summary,
        "description": one.description,
        "url": one.url,
        "class": "PRIVATE",
        "status": "CONFIRMED",
    }
    if one.starts_at is None:
        properties |= {
            "dtstart": one.on,
            "dtend": one.on + timedelta(days=1),
            "transp": "TRANSPARENT",
        }
    else:
        starts_at = one.starts_at.astimezone(PARIS)
        properties |= {
            "dtstart": starts_at,
            "dtend": starts_at + SESSION_LENGTH,
            "location": one.place,
            "transp": "OPAQUE",
        }
    for name, value in properties.items():
        event.add(name, value)
    return event
