"""French words of the acts on an offer beside its steps, and through what they came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from server.domain import labels

CHANNELS: Mapping[str, str] = {
    "page": "sur le portail",
    "api": "par l'API",
    "worker": "",
    "mail": "par le lien du courriel",
}

REPLIES: Mapping[str, str] = {"accepted": "accepte le logement", "refused": "refuse le logement"}

STANDINGS: Mapping[str, str] = {
    "untold": "pas encore informé",
    "pending": "réponse attendue",
    "accepted": "a accepté",
    "refused": "a refusé",
    "silent": "sans réponse, réputé avoir refusé",
}

RECEIVED: Mapping[str, str] = {
    "paper": "sur papier",
    "phone": "par téléphone",
    "mail": "par courriel",
}

MISTAKES: Mapping[str, str] = {
    "addressee": "offre envoyée au mauvais organisme",
    "answer": "date de l'acceptation",
    "attribution": "date de l'attribution",
    "lease": "date du bail",
}

ACTS: Mapping[str, str] = {
    "orientation.remind": "Réservataire relancé",
    "orientation.rectified": "Rectification",
    "orientation.candidate_told": "Proposition notifiée au candidat",
    "orientation.candidate_accepted": "Le candidat a accepté",
    "orientation.candidate_refused": "Le candidat a refusé",
}


def details(act: str, facts: Mapping[str, Any]) -> str:
    """What a line of the journal adds in words to its act: a rank, a length; empty if nothing."""
    words = []
    if act.startswith("orientation.candidate_"):
        words.append(f"rang {facts['rank']}")
    if "last_day" in facts:
        day = labels.french_weekday(date.fromisoformat(facts["last_day"]))
        words.append(f"réponse attendue jusqu'au {day} à 24 h")
    if act == "orientation.extend" and "days" in facts:
        words.append("1 jour ouvré" if facts["days"] == 1 else f"{facts['days']} jours ouvrés")
    if "mistake" in facts:
        words.append(_rectified(facts))
    if "received" in facts:
        words.append(f"réponse reçue {RECEIVED[facts['received']]} de {facts['by']}")
    return ", ".join(words)


def _rectified(facts: Mapping[str, Any]) -> str:
    words = MISTAKES[facts["mistake"]]
    old, new = (facts[side]["day"] for side in ("from", "to"))
    if old is None or new is None:
        return words
    days = [labels.french_day(date.fromisoformat(one)) for one in (old, new)]
    return f"{words}, du {days[0]} au {days[1]}"
