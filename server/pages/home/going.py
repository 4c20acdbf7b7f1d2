"""The go-to box: a reference, an address, a commune, an organisme; straight there if only one."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from server.db.dwellings import DwellingFilter
from server.operations import orientations, vacancies
from server.pages import views
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction


async def go(visit: Visit) -> Response:
    text = visit.query("q")
    async with visit.reading() as tx:
        found = await _find(tx, text) if text else []
    if len(found) == 1:
        return RedirectResponse(found[0]["href"], status_code=303)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Aller à"}]
    return visit.render("aller.html", title="Aller à", q=text, found=found)


async def _find(tx: TenantTransaction, text: str) -> list[View]:
    """A bailleur goes to its dwellings first; the others to the offers that they may read."""
    if tx.actor.capacity is Capacity.BAILLEUR:
        homes = [
            {
                "href": f"/logements/{one.id}",
                "title": views.dwelling_title(one),
                "detail": one.reference,
                "badge": None,
            }
            for one in await vacancies.search_dwellings(tx, DwellingFilter(text=text))
        ]
        if homes:
            return homes
    if not may(tx.actor, Permission.ORIENTATION_READ):
        return []
    offers = await orientations.search(tx, text)
    return [_offer(views.offer_view(one, tx.now, tx.actor.capacity)) for one in offers]


def _offer(offer: View) -> View:
    return {
        "href": offer["href"],
        "title": offer["title"],
        "detail": f"{offer['bailleur']}, {offer['reservataire']}, offre du {offer['sent']}",
        "badge": offer["badge"],
    }
