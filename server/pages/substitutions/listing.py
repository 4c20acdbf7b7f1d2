"""Which communes are, were or will be substituted, since when, by which arrêté."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from server.db.paging import Page, PageRequest, Sort
from server.db.substitutions import Substitution
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.operations import substitutions
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.sorting import asked_page, column, sort_of
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/substitutions"
LIST = {"label": "Substitutions", "href": PATH}
ORDERS = ("debut", "commune", "arrete")
NEWEST = Sort(code="debut", is_descending=True)
VIEWS = {"en_cours": (False, "En cours ou à venir"), "terminees": (True, "Terminées")}
COLUMNS = (
    Column(code="insee", label="Code INSEE", description="Code de la commune."),
    Column(code="commune", label="Commune", description="Commune carencée, titulaire des droits."),
    Column(code="exercant", label="Exercés par", description="Préfecture substituée."),
    Column(code="arrete", label="Arrêté", description="Numéro et date de l'arrêté du préfet."),
    Column(code="debut", label="Premier jour", kind=Kind.DATE, description="Compris."),
    Column(
        code="fin",
        label="Dernier jour",
        kind=Kind.DATE,
        description="Compris ; vide tant qu'il n'est pas fixé.",
    ),
    Column(code="etat", label="État", description="À venir, en cours ou terminée, ce jour."),
)


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await _list(visit, tx, asked_page(visit, ORDERS))
        today = local_day(tx.now)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Substitutions"}]
    return visit.render(
        "substitutions.html",
        title="Substitutions du préfet",
        exports=export_links(visit, PATH),
        tabs=_tabs(visit),
        columns=_columns(visit),
        rows=[row_view(one, today) for one in found.items],
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        is_first=not visit.query("apres"),
        can_declare=may(visit.actor, Permission.SUBSTITUTION_DECLARE),
    )


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await every(lambda request: _list(visit, tx, request), sort_of(visit, ORDERS))
        today = local_day(tx.now)
    _, label = VIEWS.get(visit.query("vue"), (None, "Toutes"))
    rows = [_export_row(one, today) for one in found]
    return export_response(visit, "Substitutions", COLUMNS, rows, [("Vue", label)])


async def _list(visit: Visit, tx: TenantTransaction, request: PageRequest) -> Page[Substitution]:
    is_over, _ = VIEWS.get(visit.query("vue"), (None, ""))
    return await substitutions.list_page(tx, request, is_over=is_over)


def state_of(row: Substitution, today: date) -> dict[str, str]:
    if today < row.starts_on:
        return {"text": "À venir", "tone": "info"}
    if row.is_in_force(today):
        return {"text": "En cours", "tone": "warning"}
    return {"text": "Terminée", "tone": "neutral"}


def row_view(row: Substitution, today: date) -> dict[str, Any]:
    return {
        "href": f"{PATH}/{row.id}",
        "commune": row.tenant_name,
        "prefecture": row.prefecture_name,
        "decree": row.decree,
        "start": labels.french_day(row.starts_on),
        "end": labels.french_day(row.ends_on) if row.ends_on else "non fixé",
        "state": state_of(row, today),
    }


def _export_row(row: Substitution, today: date) -> dict[str, Any]:
    return {
        "insee": row.insee,
        "commune": row.tenant_name,
        "exercant": row.prefecture_name,
        "arrete": row.decree,
        "debut": row.starts_on,
        "fin": row.ends_on,
        "etat": state_of(row, today)["text"],
    }


def _columns(visit: Visit) -> list[dict[str, Any]]:
    current = sort_of(visit, ORDERS) or NEWEST
    return [
        column(visit, "Commune", "commune", current),
        column(visit, "Arrêté", "arrete", current),
        column(visit, "Premier jour", "debut", current, falls=True),
        {"label": "Dernier jour"},
        {"label": "État"},
    ]


def _tabs(visit: Visit) -> list[dict[str, Any]]:
    chosen = visit.query("vue") if visit.query("vue") in VIEWS else ""
    every_one = {"label": "Toutes", "href": _address(visit, vue=""), "current": not chosen}
    return [
        every_one,
        *(
            {"label": label, "href": _address(visit, vue=code), "current": chosen == code}
            for code, (_, label) in VIEWS.items()
        ),
    ]


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("vue", "tri")}
    return views.address(PATH, **{**kept, **changed})
