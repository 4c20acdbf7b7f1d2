"""The bilans: those that the bailleur owes, those that its partners received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from server.db.bilans import Bilan, Delivery
from server.domain import labels
from server.domain.bilans import bilan_last_day, is_late, is_provisional
from server.domain.deadlines import end_of_day, local_day
from server.errors import Conflict, Motif
from server.operations import bilans, flux
from server.operations.bilans import Reception
from server.pages import views
from server.pages.bilans import receiving
from server.pages.bilans.columns import COLUMNS
from server.pages.exports import MOST_ROWS, TOO_MANY, export_links, export_response
from server.pages.sorting import column, sort_of
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/bilans"
LIST = {"label": "Bilans", "href": PATH}
ORDERS = ("bailleur", "annee", "recu")
TITLES = {Capacity.BAILLEUR: "Bilans annuels", Capacity.EPCI: "Bilans reçus"}
LEADS = {
    Capacity.BAILLEUR: "Chaque année avant le 28 février, le bilan de l'année écoulée à tous vos "
    "réservataires (R441-5-1).",
    Capacity.PREFECTURE: "Les bilans transmis par les bailleurs, les non lus d'abord.",
    Capacity.RESERVATAIRE: "Ce que vos bailleurs ont proposé et attribué, les non lus d'abord.",
    Capacity.EPCI: "Les bilans des bailleurs de votre territoire, les non lus d'abord, pour la "
    "conférence intercommunale du logement.",
}


async def list_bilans(visit: Visit) -> Response:
    return await list_page(visit)


async def list_page(visit: Visit, *, motifs: tuple[Motif, ...] = (), status: int = 200) -> Response:
    async with visit.reading() as tx:
        found = await bilans.list_all(tx, limit=MOST_ROWS, sort=sort_of(visit, ORDERS))
        given = await bilans.deliveries(tx, [one.id for one in found])
        reception = await _reception(tx, found, given)
        missing = await _missing(tx, found, reception)
        now = tx.now
    is_bailleur = visit.actor.capacity is Capacity.BAILLEUR
    title = TITLES.get(visit.actor.capacity, "Bilans")
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": title}]
    return visit.render(
        "bilans.html",
        title=title,
        status=status,
        lead=LEADS[visit.actor.capacity],
        motifs=motifs,
        years=_years(found, given, now) if is_bailleur else [],
        exports=export_links(visit, PATH),
        received=[] if is_bailleur else _received(visit, found, given),
        columns=_columns(visit),
        filters=[] if is_bailleur else _filters(visit, found),
        chips=_chips(visit, found),
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        missing=missing,
        grid=receiving.grid(reception) if reception else None,
        dossiers=receiving.dossiers(visit, reception, now) if reception else [],
        is_bailleur=is_bailleur,
        can_publish=may(visit.actor, Permission.BILAN_PUBLISH),
    )


# --- The bailleur's duties --------------------------------------------------------------------


def _years(
    found: Sequence[Bilan], given: dict[UUID, list[Delivery]], now: datetime
) -> list[dict[str, Any]]:
    """The running year, provisional, the last closed one, and those of which a version exists."""
    this_year = local_day(now).year
    years = {this_year, this_year - 1, *(one.year for one in found)}
    return [
        _year(year, [one for one in found if one.year == year], given, now)
        for year in sorted(years, reverse=True)
    ]


def _year(
    year: int, versions: Sequence[Bilan], given: dict[UUID, list[Delivery]], now: datetime
) -> dict[str, Any]:
    newest = versions[0] if versions else None
    return {
        "year": year,
        "check_href": f"/bilans/publier?annee={year}",
        "badge": _badge(year, newest, now),
        "deadline": _deadline(year, versions, now),
        "newest": _newest(newest, given.get(newest.id, [])) if newest else None,
    }


def _badge(year: int, newest: Bilan | None, now: datetime) -> dict[str, str]:
    if newest is not None and newest.state == "preparing":
        return {"text": "En préparation", "tone": "info"}
    if newest is not None:
        provisional = is_provisional(year, local_day(newest.published_at))
        text = "Provisoire transmis" if provisional else "Transmis"
        return {"text": text, "tone": "info" if provisional else "success"}
    if is_provisional(year, local_day(now)):
        return {"text": "Année en cours", "tone": "neutral"}
    if is_late(now, bilan_last_day(year)):
        return {"text": "En retard", "tone": "danger"}
    return {"text": "À transmettre", "tone": "warning"}


def _deadline(year: int, versions: Iterable[Bilan], now: datetime) -> dict[str, str] | None:
    """Nothing to remind once the whole year was told."""
    if any(not is_provisional(year, local_day(one.published_at)) for one in versions):
        return None
    due_at = end_of_day(bilan_last_day(year))
    late = is_late(now, bilan_last_day(year))
    return {
        "text": f"Avant le 28 février {year + 1} : jusqu'au {labels.french_deadline(due_at)}",
        "left": "Délai passé." if late else f"{views.capital(views.left_words(now, due_at))}.",
        "consequence": "Le bilan reste dû : transmettez-le dès que possible."
        if late
        else "Passé ce délai, vos partenaires voient que le bilan manque.",
        "tone": "danger" if late else "neutral",
        "iso": bilan_last_day(year).isoformat(),
    }


def _newest(one: Bilan, given: Sequence[Delivery]) -> dict[str, str]:
    opened = sum(delivery.opened_at is not None for delivery in given)
    reading = f"Ouvert par {labels.plural(opened, 'destinataire')} sur {len(given)}"
    return {
        "href": f"/bilans/{one.id}",
        "text": f"Version {one.version} du {labels.french_day(local_day(one.published_at))}",
        "opened": "Le classeur se prépare" if one.state == "preparing" else reading,
    }


# --- What the partners received ---------------------------------------------------------------


def _received(
    visit: Visit, found: Sequence[Bilan], given: dict[UUID, list[Delivery]]
) -> list[dict[str, Any]]:
    """Those chosen, the unread first unless another order is asked."""
    rows = [_received_view(one, given.get(one.id, [])) for one in _chosen(visit, found)]
    if sort_of(visit, ORDERS):
        return rows
    return sorted(rows, key=lambda row: bool(row["opened"]))


def _chosen(visit: Visit, found: Sequence[Bilan]) -> list[Bilan]:
    """The newest version of each bilan, in the order read, that the filters keep."""
    newest: dict[tuple[UUID, int], int] = {}
    for one in found:
        key = (one.bailleur_id, one.year)
        newest[key] = max(one.version, newest.get(key, 0))
    year, bailleur = visit.query("annee"), visit.query("bailleur")
    return [
        one
        for one in found
        if one.version == newest[one.bailleur_id, one.year]
        and year in ("", str(one.year))
        and bailleur in ("", str(one.bailleur_id))
    ]


def _choices(found: Sequence[Bilan]) -> dict[str, tuple[str, dict[str, str]]]:
    by_name = sorted({(one.bailleur_name, str(one.bailleur_id)) for one in found})
    years = sorted({str(one.year) for one in found}, reverse=True)
    return {
        "annee": ("Année", {year: year for year in years}),
        "bailleur": ("Bailleur", {key: name for name, key in by_name}),
    }


def _filters(visit: Visit, found: Sequence[Bilan]) -> list[dict[str, Any]]:
    """Only the filters that can separate something."""
    return [
        {
            "name": code,
            "label": label,
            "value": visit.query(code),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
        }
        for code, (label, choices) in _choices(found).items()
        if len(choices) > 1 or visit.query(code)
    ]


def _chips(visit: Visit, found: Sequence[Bilan]) -> list[dict[str, str]]:
    kept = {name: visit.query(name) for name in ("annee", "bailleur", "tri")}
    return [
        {
            "name": label,
            "value": (value := choices.get(kept[code], "sans bilan")),
            "label": f"{label} : {value}",
            "href": views.address(PATH, **{**kept, code: ""}),
        }
        for code, (label, choices) in _choices(found).items()
        if kept[code]
    ]


def _columns(visit: Visit) -> list[dict[str, Any]]:
    current = sort_of(visit, ORDERS)
    return [
        column(visit, "Bailleur", "bailleur", current),
        column(visit, "Année", "annee", current, falls=True),
        {"label": "Version", "num": True},
        column(visit, "Reçu le", "recu", current, falls=True),
        {"label": "Lecture"},
    ]


async def export(visit: Visit) -> Response:
    """The newest version of each bilan; its bailleur reads how many have opened it."""
    async with visit.reading() as tx:
        found = await bilans.list_all(tx, limit=MOST_ROWS + 1, sort=sort_of(visit, ORDERS))
        given = await bilans.deliveries(tx, [one.id for one in found])
    if len(found) > MOST_ROWS:
        raise Conflict(TOO_MANY)
    rows = [_export_row(one, given.get(one.id, [])) for one in _chosen(visit, found)]
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, found)]
    return export_response(visit, "Bilans", COLUMNS, rows, filters)


def _export_row(one: Bilan, given: Sequence[Delivery]) -> dict[str, Any]:
    opened = [delivery.opened_at for delivery in given if delivery.opened_at]
    return {
        "bailleur": one.bailleur_name,
        "annee": str(one.year),
        "version": one.version,
        "provisoire": is_provisional(one.year, local_day(one.published_at)),
        "publie_le": one.published_at,
        "transmis_le": one.distributed_at,
        "destinataires": len(given),
        "lecteurs": len(opened),
        "lu_le": min(opened, default=None),
    }


def _received_view(one: Bilan, given: Sequence[Delivery]) -> dict[str, Any]:
    opened = next((delivery.opened_at for delivery in given if delivery.opened_at), None)
    provisional = is_provisional(one.year, local_day(one.published_at))
    return {
        "href": f"/bilans/{one.id}",
        "bailleur": one.bailleur_name,
        "year": f"{one.year}, provisoire" if provisional else str(one.year),
        "version": one.version,
        "received": labels.french_day(local_day(one.distributed_at or one.published_at)),
        "opened": labels.french_day(local_day(opened)) if opened else "",
    }


async def _reception(
    tx: TenantTransaction, found: Sequence[Bilan], given: dict[UUID, list[Delivery]]
) -> Reception | None:
    """The préfecture and the EPCI follow every bailleur of their territory."""
    if not may(tx.actor, Permission.DOSSIER_READ):
        return None
    return await bilans.reception(tx, found, given)


async def _missing(
    tx: TenantTransaction, found: Sequence[Bilan], reception: Reception | None
) -> dict[str, Any] | None:
    """The bailleurs whose bilan of the last closed year is late, as far as the annexes show."""
    if reception is not None:
        return receiving.missing(reception, tx.now)
    year = local_day(tx.now).year - 1
    if tx.actor.capacity is Capacity.BAILLEUR or not is_late(tx.now, bilan_last_day(year)):
        return None
    annexes = await flux.list_annexes(tx, year)
    expected = {one.facts.bailleur_id: one.facts.bailleur_name for one in annexes}
    told = {one.bailleur_id for one in found if one.year == year}
    names = sorted(name for owner, name in expected.items() if owner not in told)
    since = labels.french_day(_first_late_day(year))
    return {"year": year, "since": since, "names": names, "cil": ""} if names else None


def _first_late_day(year: int) -> date:
    return bilan_last_day(year) + timedelta(days=1)
