"""The accesses of the organisme's machines, as a page and as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from server.db.machines import Machine
from server.db.paging import Sort
from server.documents.exports import Column, Kind
from server.operations import machines
from server.pages.exports import export_links, export_response
from server.pages.machines import words
from server.pages.machines.words import PATH, TITLE
from server.pages.sorting import column, in_order, sort_of
from server.pages.views import View
from server.pages.visits import Visit

STATES = {"termines": "Terminés", "tous": "Tous"}
CURRENT = "En cours"
ORDERS: dict[str, Callable[[Machine], Any]] = {
    "nom": lambda one: one.name.casefold(),
    "fin": lambda one: one.expires_at,
    "appel": lambda one: one.last_used_at or one.created_at,
}
BY_NAME = Sort(code="nom")
COLUMNS = (
    Column(code="nom", label="Nom", description="Nom donné à l'accès par un responsable."),
    Column(
        code="nature",
        label="Nature",
        description="Jeton du portail, ou client du serveur d'identité configuré.",
    ),
    Column(
        code="etat",
        label="État",
        description="En service, à rattacher, expire bientôt, expiré ou révoqué.",
    ),
    Column(code="portees", label="Portées", description="Ce que l'outil peut lire et faire."),
    Column(code="reseaux", label="Réseaux", description="Adresses depuis lesquelles il appelle."),
    Column(
        code="cree_le", label="Créé le", kind=Kind.INSTANT, description="Instant de la création."
    ),
    Column(code="cree_par", label="Créé par", description="Personne qui a créé l'accès."),
    Column(
        code="fin",
        label="Dernier jour",
        kind=Kind.DATE,
        description="Dernier jour d'utilisation, compris.",
    ),
    Column(
        code="appel",
        label="Dernier appel",
        kind=Kind.INSTANT,
        description="Instant du dernier appel ; vide s'il n'y en a pas eu.",
    ),
    Column(
        code="revoque_le",
        label="Révoqué le",
        kind=Kind.INSTANT,
        description="Instant de la révocation ; vide s'il n'y en a pas eu.",
    ),
)


async def list_machines(visit: Visit) -> Response:
    at = datetime.now(UTC)
    async with visit.reading() as tx:
        found = await machines.list_all(tx)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": TITLE}]
    return visit.render(
        "machines.html",
        title=TITLE,
        block="liste",
        columns=_columns(visit),
        rows=[words.row(one, at) for one in _chosen(visit, found, at)],
        filters=[
            {
                "name": "etat",
                "label": "État",
                "value": _state(visit),
                "options": [{"value": key, "label": label} for key, label in STATES.items()],
                "placeholder": CURRENT,
            }
        ],
        chips=[{"label": f"{name} : {value}", "href": PATH} for name, value in _told(visit)],
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        exports=export_links(visit, PATH),
        path=PATH,
        calls_href=f"{PATH}/appels",
        has_issuer=visit.settings.machine_issuer is not None,
    )


async def export(visit: Visit) -> Response:
    at = datetime.now(UTC)
    async with visit.reading() as tx:
        found = await machines.list_all(tx)
    rows = [_row(one, at) for one in _chosen(visit, found, at)]
    filters = _told(visit) or [("État", CURRENT)]
    return export_response(visit, TITLE, COLUMNS, rows, filters)


def _state(visit: Visit) -> str:
    asked = visit.query("etat")
    return asked if asked in STATES else ""


def _told(visit: Visit) -> list[tuple[str, str]]:
    return [("État", STATES[_state(visit)])] if _state(visit) else []


def _chosen(visit: Visit, found: list[Machine], at: datetime) -> list[Machine]:
    """Those of the asked state, in the asked order: an organisme has few, all read at once."""
    state = _state(visit)
    chosen = [
        one for one in found if state == "tous" or machines.is_in_force(one, at) == (not state)
    ]
    return in_order(visit, chosen, ORDERS, BY_NAME)


def _columns(visit: Visit) -> list[dict[str, Any]]:
    current = sort_of(visit, ORDERS) or BY_NAME
    return [
        column(visit, "Nom", "nom", current),
        {"label": "État"},
        {"label": "Portées"},
        {"label": "Réseaux"},
        column(visit, "Dernier jour", "fin", current),
        column(visit, "Dernier appel", "appel", current, falls=True),
    ]


def _row(one: Machine, at: datetime) -> View:
    shown = words.row(one, at)
    return {
        "nom": one.name,
        "nature": shown["kind"],
        "etat": shown["state"]["text"],
        "portees": shown["scopes"],
        "reseaux": shown["networks"],
        "cree_le": one.created_at,
        "cree_par": one.made_by,
        "fin": words.last_on(one),
        "appel": one.last_used_at,
        "revoque_le": one.revoked_at,
    }
