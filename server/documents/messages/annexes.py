"""What is said of an annexe 1 that was just published."""

from __future__ import annotations

from datetime import datetime

from server.db.flux import AnnexeFacts
from server.documents.mails import Message
from server.documents.messages.wording import Reader, footer
from server.domain import labels
from server.domain.annexe_drafts import notice_last_day
from server.domain.bilans import is_late


def annexe_message(row: AnnexeFacts, reader: Reader) -> Message:
    first = (
        f"{row.bailleur_name} publie l'annexe 1 de {row.year} pour {row.epci_name} : l'assiette "
        "du flux et le taux de chaque réservataire (convention, art. 4)."
    )
    mark = "Annexe 1 rectifiée" if row.version > 1 else "Annexe 1"
    return Message(
        subject=f"[{mark}] {row.bailleur_name}, {row.epci_name}, {row.year}",
        preheader=first,
        paragraphs=(first, *_more(row)),
        details=(
            ("Bailleur", row.bailleur_name),
            ("EPCI", row.epci_name),
            ("Année", str(row.year)),
            ("Version", str(row.version)),
            ("Publiée le", labels.french_instant(row.published_at) if row.published_at else ""),
        ),
        action_label="Lire l'annexe 1",
        action_url=f"{reader.public_url}/annexes/{row.id}",
        footer=footer(reader),
    )


def _more(row: AnnexeFacts) -> tuple[str, ...]:
    if row.version > 1:
        return (
            "Elle remplace la version précédente ; les deux se lisent côte à côte sur le portail.",
        )
    if _was_late(row.year, row.published_at):
        return ("Elle était due avant le 28 février.",)
    return ()


def _was_late(year: int, published_at: datetime | None) -> bool:
    return published_at is not None and is_late(published_at, notice_last_day(year))
