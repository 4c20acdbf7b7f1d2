"""What the organisme was told: the same as its mails, on the portal."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.db.notifications import Notification
from server.domain import labels
from server.operations import notifications
from server.pages import views
from server.pages.visits import Visit, page

FOLDERS = {
    "orientation": "/orientations",
    "caleol": "/caleol",
    "urgence": "/urgences",
    "bilan": "/bilans",
}
UNWRITTEN = {
    "orientation": "Du nouveau sur une orientation",
    "caleol": "Une séance de CALEOL est programmée",
    "urgence": "Du nouveau sur une affectation d'urgence",
    "bilan": "Un bilan est publié",
}


async def inbox(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await notifications.inbox(tx, visit.page_request())
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Notifications"}]
    return visit.render(
        "notifications.html",
        title="Notifications",
        notices=[_view(one) for one in found.items],
        unread=visit.bell_count,
        next_href=views.address("/notifications", apres=found.end_cursor) if found.has_next else "",
        is_first=not visit.query("apres"),
    )


def _view(one: Notification) -> dict[str, Any]:
    contingent = labels.CONTINGENTS[one.contingent]
    return {
        "href": f"{FOLDERS[one.subject_kind]}/{one.subject_id}",
        "title": one.subject or UNWRITTEN[one.subject_kind],
        "when": views.capital(labels.french_instant(one.created_at)),
        "contingent": f"Contingent {contingent}" if contingent else "",
        "is_unread": one.read_at is None,
    }


async def mark_all_read(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await notifications.mark_all_read(tx)
    return visit.redirect("/notifications", message="Toutes les notifications sont lues.")


ROUTES = [
    Route("/notifications", page(inbox), methods=["GET"]),
    Route("/notifications", page(mark_all_read), methods=["POST"]),
]
