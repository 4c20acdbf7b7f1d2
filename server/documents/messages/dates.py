"""The date that a mail announces, for the diary: the entry of a calendar that is followed."""

from __future__ import annotations

from server.db.orientations import Orientation
from server.documents.agendas import Entry, answer_entry, candidates_entry
from server.documents.messages.orientations import ANSWER_TEMPLATES, SEARCH_TEMPLATES, home_of
from server.documents.messages.wording import Reader


def entries_of(template: str, row: Orientation, reader: Reader) -> tuple[Entry, ...]:
    """Of an offer: its answer, then its candidates; none for a mail without a date."""
    place = {"public_url": reader.public_url, "domain": reader.mail_domain}
    if template in ANSWER_TEMPLATES:
        return (answer_entry(row, home_of(row), **place),)
    if template in SEARCH_TEMPLATES and row.candidates_last_day is not None:
        return (candidates_entry(row, home_of(row), row.candidates_last_day, **place),)
    return ()
