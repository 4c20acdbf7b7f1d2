"""What the pages say of an access: its scopes in words, where it stands, until when."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from server.db.machines import Machine
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.machines import NOTICE_DAYS
from server.pages import views
from server.pages.views import View

PATH = "/organisme/acces-machine"
TITLE = "Accès des machines"
CRUMB = {"label": TITLE, "href": PATH}
KINDS = {"token": "Jeton", "client": "Client d'un serveur d'identité"}

SCOPES = {
    "flux:lire": "Lire le flux : annexes 1, avancement, conventions, substitutions, département",
    "flux:agir": "Préparer et publier les annexes 1",
    "patrimoine:lire": "Lire les logements",
    "liberations:lire": "Lire les libérations et le conseil",
    "liberations:agir": "Enregistrer une libération, garder un logement",
    "orientations:lire": "Lire les offres et leur historique",
    "orientations:agir": "Envoyer, retirer, accepter ou refuser une offre, enregistrer un bail",
    "candidats:lire": "Lire les candidats : numéros uniques et critères",
    "candidats:agir": "Présenter ou compléter des candidats",
    "caleol:lire": "Lire les séances de la CALEOL",
    "caleol:agir": "Convoquer une séance, enregistrer ses décisions",
    "urgences:lire": "Lire les affectations d'urgence",
    "urgences:agir": "Demander ou décider une affectation d'urgence",
    "bilans:lire": "Lire les bilans",
    "bilans:agir": "Publier le bilan d'une année",
    "notifications:lire": "Lire les messages adressés à l'organisme",
}


def last_on(machine: Machine) -> date:
    """The last day of use: the stored end is exclusive."""
    return local_day(machine.expires_at - timedelta(microseconds=1))


def last_day(machine: Machine) -> str:
    return labels.french_day(last_on(machine))


def state_of(machine: Machine, at: datetime) -> View:
    """Where an access stands, in real time."""
    if machine.revoked_at is not None:
        return {"text": "Révoqué", "tone": "neutral"}
    if machine.expires_at <= at:
        return {"text": "Expiré", "tone": "danger"}
    if machine.kind == "client" and machine.attached_at is None:
        return {"text": "À rattacher", "tone": "info"}
    if machine.expires_at - at <= timedelta(days=max(NOTICE_DAYS)):
        return {"text": "Expire bientôt", "tone": "warning"}
    return {"text": "En service", "tone": "success"}


def instant(value: datetime | None, absent: str) -> str:
    return views.capital(labels.french_instant(value)) if value else absent


def row(machine: Machine, at: datetime) -> View:
    return {
        "href": f"{PATH}/{machine.id}",
        "name": machine.name,
        "kind": KINDS[machine.kind],
        "client_id": machine.client_id,
        "state": state_of(machine, at),
        "scopes": ", ".join(_ordered(machine)) if len(machine.scopes) < len(SCOPES) else "Toutes",
        "networks": ", ".join(machine.networks) or "Tous",
        "last_day": last_day(machine),
        "last_call": instant(machine.last_used_at, "Aucun"),
        "calls_href": views.address(f"{PATH}/appels", acces=machine.id),
    }


def facts(machine: Machine) -> list[View]:
    """The rows of the summary of one access."""
    contingents = [labels.CONTINGENTS[one] for one in machine.contingents if one != "none"]
    rows = [
        ("Nature", KINDS[machine.kind]),
        ("Identifiant du client", machine.client_id),
        ("Contingents de l'État", ", ".join(contingents)),
        ("Portées", " ; ".join(f"{SCOPES[one]} ({one})" for one in _ordered(machine))),
        ("Réseaux acceptés", ", ".join(machine.networks) or "Tous"),
        ("Dernier jour d'utilisation", last_day(machine)),
        ("Dernier appel", instant(machine.last_used_at, "Aucun")),
        ("Créé", _by(machine.created_at, machine.made_by)),
        ("Rattaché", instant(machine.attached_at, "") or _waiting(machine)),
        ("Révoqué", _by(machine.revoked_at, machine.revoked_by or "")),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


def _ordered(machine: Machine) -> list[str]:
    """Its scopes in the order of the vocabulary."""
    return [scope for scope in SCOPES if scope in machine.scopes]


def _waiting(machine: Machine) -> str:
    if machine.kind != "client":
        return ""
    return "Pas encore : l'outil doit présenter son code de rattachement à son premier appel"


def _by(at: datetime | None, who: str) -> str:
    if at is None:
        return ""
    return f"{labels.french_instant(at)}, par {who}" if who else labels.french_instant(at)
