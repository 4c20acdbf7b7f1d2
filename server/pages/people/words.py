"""What the pages say of a person, of her role and of what was done about her."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from server.db.people import Member
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.people import closes_at

PATH = "/organisme/personnes"
LIST = {"label": "Personnes", "href": PATH}
ROLES = {"responsable": "Responsable", "agent": "Agent", "lecteur": "Lecture seule"}
ROLE_HINTS = {
    "responsable": "Fait tout ce que fait un agent, et gère les personnes de l'organisme.",
    "agent": "Lit et agit au nom de l'organisme.",
    "lecteur": "Lit seulement : aucun acte.",
}
CONTINGENTS = {"fonctionnaires": "Fonctionnaires", "rs": "RS (mal-logés)"}
ROLE_OPTIONS = [
    {"value": code, "label": label, "hint": ROLE_HINTS[code]} for code, label in ROLES.items()
]
FIELDS = {"name": "nom", "role": "role", "contingents": "contingents"}


def contingent_options(codes: Iterable[str]) -> list[dict[str, str]]:
    return [{"value": code, "label": CONTINGENTS[code]} for code in sorted(codes)]


def contingents_text(codes: Iterable[str]) -> str:
    return ", ".join(CONTINGENTS[code] for code in sorted(codes) if code != "none")


def day(instant: datetime | None) -> str:
    return labels.french_day(local_day(instant)) if instant else ""


def used_at(one: Member) -> datetime:
    """Her last sign-in for this organisme, or the opening of her account."""
    return one.last_sign_in_at or one.created_at


def state_of(one: Member) -> dict[str, str]:
    if one.revoked_at is not None:
        text = "Close, sans connexion" if one.ended_as == "dormant" else "Retirée"
        return {"text": text, "tone": "neutral"}
    if one.dormant_warned_at is not None:
        return {"text": "Sans connexion", "tone": "warning"}
    return {"text": "Active", "tone": "success"}


def ends_on(one: Member) -> str:
    """When an account that was warned closes, unless it is used before; nothing otherwise."""
    if one.revoked_at is not None or one.dormant_warned_at is None:
        return ""
    return day(closes_at(used_at(one), one.dormant_warned_at))


def view(one: Member) -> dict[str, Any]:
    return {
        "href": f"{PATH}/{one.id}",
        "name": one.name,
        "role": ROLES[one.role],
        "contingents": contingents_text(one.contingents),
        "since": day(one.created_at),
        "seen": day(one.last_sign_in_at) or "Jamais",
        "state": state_of(one),
        "ended": day(one.revoked_at),
        "ends_on": ends_on(one),
    }
