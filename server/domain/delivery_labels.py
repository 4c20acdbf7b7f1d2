"""French words of what becomes of a mail, and of the deadlines that it restarts."""

from __future__ import annotations

from collections.abc import Mapping

DELIVERY_ACTS: Mapping[str, str] = {
    "orientation.undelivered": "L'offre n'est pas arrivée : son délai ne court pas",
    "orientation.reminder": "Rappel envoyé au réservataire",
}

DELIVERIES: Mapping[str, str] = {
    "pending": "en cours d'envoi",
    "delivered": "remise",
    "failed": "non remise",
}

MAIL_STATES: Mapping[str, str] = {"failed": "Non parti", "uncertain": "Incertain"}

RESTARTS: Mapping[str, str] = {
    "resent": "Le premier courriel n'est pas arrivé ; l'offre a été renvoyée.",
    "late_delivery": "Le courriel n'est arrivé qu'une fois le premier jour ouvré commencé.",
    "outage": "Le portail est resté indisponible plus de trente minutes pendant le délai.",
}
"""Why an answer period was counted anew: a sentence."""
