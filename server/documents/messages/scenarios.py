"""What is said of a simulation that a bailleur shows."""

from __future__ import annotations

from server.db.scenarios import ScenarioRow
from server.documents.mails import Message
from server.documents.messages.wording import Reader, footer

UNSIGNED = (
    "Rien n'est signé : une simulation ne change ni l'annexe 1, ni les offres. Le bailleur peut "
    "retirer ce partage à tout moment."
)


def scenario_message(row: ScenarioRow, reader: Reader) -> Message:
    place = row.epci_name or "tout son patrimoine"
    first = (
        f"{row.bailleur_name} vous montre une simulation du flux de {row.year} pour {place} : les "
        "droits et les taux supposés, et ce que vous pourriez recevoir."
    )
    return Message(
        subject=f"[Simulation] {row.bailleur_name}, {place}, {row.year}",
        preheader=first,
        paragraphs=(
            first,
            UNSIGNED,
        ),
        details=(("Bailleur", row.bailleur_name), ("Année", str(row.year)), ("Périmètre", place)),
        action_label="Lire la simulation",
        action_url=f"{reader.public_url}/simulations/{row.id}",
        footer=footer(reader),
    )
