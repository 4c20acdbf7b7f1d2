"""Who did what about the people of the organisme, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from server.db.people import Event
from server.documents.exports import Column, Kind
from server.domain import labels
from server.operations import people
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.people.words import LIST, PATH, ROLES
from server.pages.visits import Visit


def _role(code: str | None) -> str:
    return ROLES[code].lower() if code else ""


def _change(one: Event) -> str:
    before, after = _role(one.from_role), _role(one.to_role)
    return f"{before}, puis {after}" if before != after else "contingents"


TITLES: Mapping[str, Callable[[Event], str]] = {
    "invited": lambda one: f"Invitation de {one.subject_name} : {_role(one.to_role)}",
    "invitation_cancelled": lambda one: f"Invitation de {one.subject_name} annulée",
    "joined": lambda one: f"Arrivée de {one.subject_name} : {_role(one.to_role)}",
    "role_changed": lambda one: f"Droits de {one.subject_name} changés : {_change(one)}",
    "removed": lambda one: f"Accès de {one.subject_name} retiré",
    "dormant_warned": lambda one: f"Compte de {one.subject_name} sans connexion depuis six mois",
    "dormant_closed": lambda one: f"Compte de {one.subject_name} clos, faute de connexion",
    "reviewed": lambda _one: "Liste des personnes confirmée",
}
TONES = {
    "joined": "success",
    "removed": "danger",
    "dormant_warned": "warning",
    "dormant_closed": "danger",
    "reviewed": "success",
}


ADDRESS = f"{PATH}/historique"
TITLE = "Historique des personnes"
COLUMNS = (
    Column(code="le", label="Le", kind=Kind.INSTANT, description="Instant de l'acte."),
    Column(code="acte", label="Acte", description="Ce qui a été fait, et pour qui."),
    Column(code="personne", label="Personne", description="La personne que l'acte concerne."),
    Column(code="par", label="Par", description="Qui a fait l'acte, ou le portail lui-même."),
)


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await people.trail(tx, visit.page_request(50))
    visit.breadcrumb = [LIST, {"label": "Historique"}]
    return visit.render(
        "personnes_historique.html",
        title=TITLE,
        exports=export_links(visit, ADDRESS),
        events=[_view(one) for one in found.items],
        next_href=views.address(ADDRESS, apres=found.end_cursor) if found.has_next else "",
        is_first=not visit.query("apres"),
    )


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await every(lambda request: people.trail(tx, request))
    return export_response(visit, TITLE, COLUMNS, [_row(one) for one in found])


def _row(one: Event) -> dict[str, Any]:
    return {
        "le": one.at,
        "acte": TITLES[one.act](one),
        "personne": one.subject_name,
        "par": one.person_name,
    }


def _view(one: Event) -> dict[str, Any]:
    return {
        "when": views.capital(labels.french_instant(one.at)),
        "iso": one.at.isoformat(),
        "title": TITLES[one.act](one),
        "who": f"Par {one.person_name}",
        "tone": TONES.get(one.act, "info"),
    }
