"""The annexes 1: those that the bailleur owes, and every version that one may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from server.db.annexes import Version
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.operations import annexes
from server.operations.annexes import Due
from server.operations.annexes.reading import told_late
from server.pages import views
from server.pages.exports import export_links, export_response
from server.pages.sorting import column, sort_of
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may

PATH = "/annexes"
ORDERS = ("annee", "bailleur", "epci", "publiee")
LEAD = {
    Capacity.BAILLEUR: "Chaque année avant le 28 février, chaque réservataire reçoit l'assiette et "
    "son taux (convention, art. 4). Une version publiée ne change plus.",
}
READER_LEAD = "L'assiette et les taux que les bailleurs ont publiés, version par version."
COLUMNS = (
    Column(code="annee", label="Année", description="Année des taux."),
    Column(code="bailleur", label="Bailleur", description="Bailleur dont c'est l'annexe 1."),
    Column(code="epci", label="EPCI", description="Territoire de l'annexe 1."),
    Column(code="version", label="Version", kind=Kind.INTEGER, description="Numéro dans l'année."),
    Column(code="etat", label="État", description="Brouillon, en vigueur ou remplacée."),
    Column(
        code="lignes", label="Lignes", kind=Kind.INTEGER, description="Nombre de lignes de droits."
    ),
    Column(
        code="publiee_le", label="Publiée le", kind=Kind.INSTANT, description="Vide : brouillon."
    ),
    Column(code="motif", label="Motif", description="Pourquoi la version précédente a changé."),
)
KEYS = {
    "annee": lambda one: one.year,
    "bailleur": lambda one: one.bailleur_name,
    "epci": lambda one: one.epci_name,
    "publiee": lambda one: one.published_at.isoformat() if one.published_at else "",
}


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        board = await annexes.overview(tx)
    current = sort_of(visit, ORDERS)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Annexes 1"}]
    chosen = _chosen(visit, board.versions)
    return visit.render(
        "annexes.html",
        title="Annexes 1",
        lead=LEAD.get(visit.actor.capacity, READER_LEAD),
        can_prepare=may(visit.actor, Permission.ANNEXE_PREPARE),
        can_read_rights=may(visit.actor, Permission.ORIENTATION_READ),
        dues=[_due(one, local_day(visit.now).year if visit.now else 0) for one in board.dues],
        filters=_filters(visit, board.versions),
        chips=_chips(visit, board.versions),
        keep={"tri": visit.query("tri")} if current else {},
        exports=export_links(visit, PATH),
        versions=[_version(one, board.versions) for one in chosen],
        columns=[
            column(visit, "EPCI", "epci", current),
            column(visit, "Bailleur", "bailleur", current),
            column(visit, "Année", "annee", current, falls=True),
            {"label": "Version", "num": True},
            {"label": "État"},
            column(visit, "Publiée le", "publiee", current, falls=True),
        ],
    )


def _due(one: Due, this_year: int) -> dict[str, Any]:
    query = views.address("/annexes/preparer", epci=one.epci_siren, annee=one.year)
    return {
        "epci": one.epci_name,
        "year": one.year,
        "badge": _due_badge(one, this_year),
        "last_day": labels.french_day(one.last_day),
        "draft_href": f"/annexes/{one.draft.id}" if one.draft else "",
        "newest": f"Version {one.newest.version}" if one.newest else "",
        "newest_href": f"/annexes/{one.newest.id}" if one.newest else "",
        "prepare_href": query,
    }


def _due_badge(one: Due, this_year: int) -> dict[str, str]:
    if one.newest is not None:
        late = " en retard" if one.is_late else ""
        return {"text": f"Transmise{late}", "tone": "warning" if one.is_late else "success"}
    if one.is_late:
        return {"text": "En retard", "tone": "danger"}
    if one.draft is not None:
        return {"text": "Brouillon", "tone": "info"}
    return {"text": "À préparer", "tone": "warning" if one.year <= this_year else "neutral"}


def _state(one: Version, every: Sequence[Version]) -> dict[str, str]:
    if one.published_at is None:
        return {"text": "Brouillon", "tone": "info"}
    same = [
        other.version
        for other in every
        if other.published_at
        and (other.bailleur_id, other.epci_siren, other.year)
        == (one.bailleur_id, one.epci_siren, one.year)
    ]
    if one.version < max(same):
        return {"text": "Remplacée", "tone": "neutral"}
    return {"text": "Publiée", "tone": "success"}


def _version(one: Version, every: Sequence[Version]) -> dict[str, Any]:
    first = one.published_at if one.version == 1 else None
    return {
        "href": f"/annexes/{one.id}",
        "epci": one.epci_name,
        "bailleur": one.bailleur_name,
        "year": one.year,
        "version": one.version,
        "state": _state(one, every),
        "published": labels.french_day(local_day(one.published_at)) if one.published_at else "",
        "is_late": first is not None and told_late(one.year, first, first),
        "reason": one.reason or "",
    }


# --- What is chosen -------------------------------------------------------------------------------


def _choices(every: Sequence[Version]) -> dict[str, tuple[str, dict[str, str]]]:
    return {
        "annee": ("Année", {str(one.year): str(one.year) for one in every}),
        "epci": ("EPCI", {one.epci_siren: one.epci_name for one in every}),
        "bailleur": ("Bailleur", {str(one.bailleur_id): one.bailleur_name for one in every}),
        "etat": ("État", {one["text"]: one["text"] for one in (_state(v, every) for v in every)}),
    }


def _chosen(visit: Visit, every: Sequence[Version]) -> list[Version]:
    kept = [
        one
        for one in every
        if visit.query("annee") in ("", str(one.year))
        and visit.query("epci") in ("", one.epci_siren)
        and visit.query("bailleur") in ("", str(one.bailleur_id))
        and visit.query("etat") in ("", _state(one, every)["text"])
    ]
    order = sort_of(visit, ORDERS)
    return sorted(kept, key=KEYS[order.code], reverse=order.is_descending) if order else kept


def _filters(visit: Visit, every: Sequence[Version]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": label,
            "value": visit.query(name),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
        }
        for name, (label, choices) in _choices(every).items()
        if len(choices) > 1 or visit.query(name)
    ]


def _chips(visit: Visit, every: Sequence[Version]) -> list[dict[str, str]]:
    asked = {name: visit.query(name) for name in ("annee", "epci", "bailleur", "etat", "tri")}
    return [
        {
            "label": choices.get(asked[name], asked[name]),
            "href": views.address(PATH, **{**asked, name: ""}),
        }
        for name, (_, choices) in _choices(every).items()
        if asked[name]
    ]


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        every = (await annexes.overview(tx)).versions
    rows = [
        {
            "annee": str(one.year),
            "bailleur": one.bailleur_name,
            "epci": one.epci_name,
            "version": one.version,
            "etat": _state(one, every)["text"],
            "lignes": one.line_count,
            "publiee_le": one.published_at,
            "motif": one.reason or "",
        }
        for one in _chosen(visit, every)
    ]
    filters = [(one["label"], one["value"]) for one in _filters(visit, every) if one["value"]]
    return export_response(visit, "Annexes 1", COLUMNS, rows, filters)
