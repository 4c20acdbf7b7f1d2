"""One version of a bilan: its three volets, its controls, who opened it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from server.db.bilans import Bilan, Delivery
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import MAX_PAGE, PageRequest
from server.domain import labels
from server.domain.deadlines import local_day
from server.operations import bilans, orientations
from server.pages import downloads, views
from server.pages.bilans import volets
from server.pages.bilans.listing import LIST
from server.pages.navigation import CAPACITY_LABELS
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        bilan = await bilans.get(tx, visit.path_id())
        content = await bilans.content(tx, bilan.id)
        versions = await bilans.list_all(tx, year=bilan.year, bailleur_id=bilan.bailleur_id)
        departures = await _departures(visit, tx, bilan)
        given = (await bilans.deliveries(tx, [bilan.id])).get(bilan.id, [])
    title = f"Bilan {bilan.year}, {bilan.bailleur_name}"
    visit.breadcrumb = [LIST, {"label": f"Bilan {bilan.year}, version {bilan.version}"}]
    return visit.render(
        "bilan.html",
        title=title,
        block="bilan",
        href=f"/bilans/{bilan.id}",
        is_preparing=bilan.state == "preparing",
        is_provisional=content["is_provisional"],
        workbook=f"/bilans/{bilan.id}/classeur.xlsx",
        facts=_facts(bilan),
        versions=[_version(one, bilan) for one in versions],
        parties=volets.party_rows(content),
        totals=volets.totals(content),
        basis=labels.INDICATORS[content["basis"]],
        tables=volets.dimension_tables(content),
        mutations=volets.mutations(content),
        out_of_flux=volets.out_of_flux(content),
        forecast=volets.forecast(content),
        detailed=volets.detailed(content),
        line_count=len(content["detailed"]),
        checks=volets.check_rows(content),
        is_owner=visit.actor.capacity is Capacity.BAILLEUR,
        deliveries=_deliveries(given),
        departures=[_departure(one) for one in departures],
    )


async def _departures(visit: Visit, tx: TenantTransaction, bilan: Bilan) -> tuple[Orientation, ...]:
    """The offers of the year that depart from the advice: the bailleur's own reading."""
    if visit.actor.capacity is not Capacity.BAILLEUR:
        return ()
    wanted = OrientationFilter(year=bilan.year, departs_from_advice=True)
    return (await orientations.list_page(tx, PageRequest(first=MAX_PAGE), wanted)).items


def _departure(one: Orientation) -> View:
    advised = (one.advice or {}).get("proposals") or [{}]
    return {
        "href": f"/orientations/{one.id}",
        "party": views.reservataire_of(one),
        "sent": labels.french_day(one.sent_on),
        "motif": one.departure_motif,
        "advised": advised[0].get("sentence", ""),
    }


def _facts(bilan: Bilan) -> list[dict[str, str]]:
    distributed = bilan.distributed_at
    rows = [
        ("Bailleur", bilan.bailleur_name),
        ("Année", str(bilan.year)),
        ("Version", str(bilan.version)),
        ("Figé le", labels.french_instant(bilan.published_at)),
        ("Transmis le", labels.french_instant(distributed) if distributed else ""),
        ("Empreinte du contenu (SHA-256)", bilan.content_hash),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


def _version(one: Bilan, shown: Bilan) -> dict[str, Any]:
    day = labels.french_day(local_day(one.published_at))
    return {
        "label": f"Version {one.version} du {day}",
        "href": f"/bilans/{one.id}",
        "current": one.id == shown.id,
    }


def _deliveries(given: Sequence[Delivery]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.tenant_name,
            "capacity": CAPACITY_LABELS[Capacity(one.capacity)],
            "given": labels.french_instant(one.created_at),
            "opened": views.capital(labels.french_instant(one.opened_at)) if one.opened_at else "",
        }
        for one in given
    ]


async def download(visit: Visit) -> Response:
    """The first download by a recipient is its acknowledgement."""
    async with visit.writing() as tx:
        bilan = await bilans.get(tx, visit.path_id())
        content = await bilans.workbook(tx, bilan.id)
    name = downloads.file_name("bilan", bilan.year, bilan.bailleur_name, f"v{bilan.version}")
    return downloads.workbook(content, name)
