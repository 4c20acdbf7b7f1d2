"""The digest of a working morning: what waits, the nearest deadline first; one link."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from server.db.orientations import Orientation
from server.documents.mails import Message
from server.documents.messages.orientations import home_of
from server.documents.messages.wording import Reader, footer
from server.domain import labels
from server.domain.orientations import State

TO_DO = {
    State.SENT: "Répondre",
    State.SEARCHING: "Présenter des candidats",
    State.CANDIDATES_COMPLETE: "Inscrire à une CALEOL",
    State.CANDIDATES_PARTIAL: "Compléter, ou inscrire à une CALEOL",
    State.NO_CANDIDATE: "Choisir la suite",
    State.ATTRIBUTED: "Enregistrer le bail",
}
MOST = 20


def digest_message(
    day: date, waiting: Iterable[tuple[Orientation, State, datetime | None]], reader: Reader
) -> Message:
    """`waiting`: each offer, its state in law and the end of the period that runs, if any."""
    lines = [_line(row, state, due_at) for row, state, due_at in waiting]
    count = labels.plural(len(lines), "dossier")
    rest = len(lines) - MOST
    more = (f"Et {labels.plural(rest, 'autre')}, à lire sur le portail.",) if rest > 0 else ()
    return Message(
        subject=f"[Résumé du {labels.french_day(day)}] {count} à suivre",
        preheader=f"{lines[0][0]} : {lines[0][1]}" if lines else "Rien n'attend.",
        paragraphs=(f"Ce matin, {count} de votre organisme à suivre.", *more),
        details=tuple(lines[:MOST]),
        action_label="Ouvrir la liste",
        action_url=f"{reader.public_url}/",
        footer=footer(reader),
    )


def _line(row: Orientation, state: State, due_at: datetime | None) -> tuple[str, str]:
    until = f", avant le {labels.short_deadline(due_at)}" if due_at else ""
    return f"{TO_DO[state]}{until}", home_of(row)
