"""What is said to an organisme of an access of a machine that is about to end; never its name."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.db.machines import Machine
from server.documents.mails import Message
from server.documents.messages.wording import Reader, footer
from server.domain import labels
from server.domain.deadlines import local_day

KINDS = {"token": "Jeton du portail", "client": "Client d'un serveur d'identité"}


def machine_message(machine: Machine, reader: Reader) -> Message:
    last_day = _day(machine.expires_at - timedelta(microseconds=1))  # the end is exclusive
    used = machine.last_used_at
    return Message(
        subject=f"[Accès machine] Fin le {last_day}",
        preheader="Un outil relié à votre organisme cessera d'être accepté.",
        paragraphs=(
            (
                "Un accès donné à l'un de vos outils arrive à son terme. Le nom de l'outil se lit "
                "sur le portail, où seuls vos responsables le voient."
            ),
        ),
        details=(
            ("Nature", KINDS[machine.kind]),
            ("Dernier jour d'utilisation", last_day),
            ("Dernier appel", _day(used) if used else "Aucun"),
        ),
        consequence="Passé ce jour, chaque appel de l'outil est refusé. Un responsable peut créer "
        "un nouvel accès dès maintenant, puis révoquer celui-ci.",
        action_label="Voir cet accès",
        action_url=f"{reader.public_url}/organisme/acces-machine/{machine.id}",
        footer=footer(reader),
    )


def _day(instant: datetime) -> str:
    return labels.french_day(local_day(instant))
