"""What each announcement is for its reader: something to do, or something to know."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.domain.orientations import State


class Kind(StrEnum):
    """What an organisme may choose not to receive by mail; acts that bind it always go."""

    ACT = "act"
    INFORMATION = "information"
    REMINDER = "reminder"


REMINDER = "orientation.reminder"

AWAITED: Mapping[tuple[str, str], frozenset[State]] = {
    ("orientation.sent", "reservataire"): frozenset({State.SENT}),
    ("orientation.resend", "reservataire"): frozenset({State.SENT}),
    ("orientation.restart", "reservataire"): frozenset({State.SENT}),
    (REMINDER, "reservataire"): frozenset({State.SENT, State.SEARCHING}),
    ("orientation.remind", "reservataire"): frozenset({State.SENT, State.SEARCHING}),
    ("orientation.tacit", "reservataire"): frozenset({State.SEARCHING}),
    ("orientation.extend", "reservataire"): frozenset({State.SEARCHING}),
    ("orientation.undelivered", "bailleur"): frozenset({State.SENT}),
    ("orientation.complete", "bailleur"): frozenset({State.CANDIDATES_COMPLETE}),
    ("orientation.close_partial", "bailleur"): frozenset({State.CANDIDATES_PARTIAL}),
    ("orientation.close_empty", "bailleur"): frozenset({State.NO_CANDIDATE}),
}
"""By template and reader, in which states of its offer there still is something to do."""

INFORMATION = frozenset(
    {
        ("orientation.accept", "bailleur"),
        ("orientation.tacit", "bailleur"),
        ("orientation.restart", "bailleur"),
        ("orientation.complete", "reservataire"),
        ("orientation.close_partial", "reservataire"),
        ("orientation.close_empty", "reservataire"),
        ("orientation.search_on_behalf", "reservataire"),
        ("orientation.lease", "reservataire"),
    }
)
"""What binds nobody: read on the portal as well as in a mail."""


def kind_of(template: str, capacity: str) -> Kind:
    if template == REMINDER:
        return Kind.REMINDER
    return Kind.INFORMATION if (template, capacity) in INFORMATION else Kind.ACT
