"""What is said to an organisme of an account that nobody uses; never whose it is."""

from __future__ import annotations

from datetime import datetime

from server.db.people import Member
from server.documents.mails import Message
from server.documents.messages.wording import Reader, footer
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.people import closes_at


def membership_message(member: Member, reader: Reader) -> Message:
    used_at = member.last_sign_in_at or member.created_at
    closing = closes_at(used_at, member.dormant_warned_at or used_at)
    return Message(
        subject=f"[Compte inutilisé] Fermeture prévue le {_day(closing)}",
        preheader="Un compte de votre organisme n'a pas servi depuis six mois.",
        paragraphs=(
            (
                "Une personne qui agit pour votre organisme ne s'est pas connectée depuis six "
                "mois. Son nom se lit sur le portail, où seuls vos responsables le voient."
            ),
        ),
        details=(("Dernière utilisation", _day(used_at)), ("Fermeture prévue", _day(closing))),
        consequence="Sans nouvelle connexion d'ici là, le compte est clos ; celui de la dernière "
        "personne responsable reste ouvert. Une nouvelle invitation rend l'accès.",
        action_label="Voir ce compte",
        action_url=f"{reader.public_url}/organisme/personnes/{member.id}",
        footer=footer(reader),
    )


def _day(instant: datetime) -> str:
    return labels.french_day(local_day(instant))
