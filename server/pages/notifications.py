"""What the organisme was told: the same as its mails, on the portal."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.db.notifications import Notification
from server.db.paging import Sort
from server.domain import labels
from server.operations import notifications
from server.pages import views
from server.pages.sorting import asked_page, column, sort_of
from server.pages.visits import Visit, page

FOLDERS = {
    "orientation": "/orientations",
    "caleol": "/caleol",
    "urgence": "/urgences",
    "bilan": "/bilans",
}
ORDERS = ("recue",)
READINGS = {"non_lues": (False, "Non lues"), "lues": (True, "Lues")}
UNWRITTEN = {
    "orientation": "Du nouveau sur une orientation",
    "caleol": "Une séance de CALEOL est programmée",
    "urgence": "Du nouveau sur une affectation d'urgence",
    "bilan": "Un bilan est publié",
}


async def inbox(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await notifications.inbox(
            tx, asked_page(visit, ORDERS), is_read=READINGS.get(visit.query("lecture"), (None,))[0]
        )
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Notifications"}]
    return visit.render(
        "notifications.html",
        title="Notifications",
        notices=[_view(one) for one in found.items],
        unread=visit.bell_count,
        tabs=_tabs(visit),
        columns=[{"label": "Objet"}, _received(visit), {"label": "Lecture"}],
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        is_first=not visit.query("apres"),
    )


def _received(visit: Visit) -> dict[str, Any]:
    current = sort_of(visit, ORDERS) or Sort(code="recue", is_descending=True)
    return column(visit, "Reçue le", "recue", current, falls=True)


def _tabs(visit: Visit) -> list[dict[str, Any]]:
    chosen = visit.query("lecture") if visit.query("lecture") in READINGS else ""
    tabs = [{"label": "Toutes", "href": _address(visit, lecture=""), "current": not chosen}]
    for code, (is_read, label) in READINGS.items():
        tab = {"label": label, "href": _address(visit, lecture=code), "current": chosen == code}
        tabs.append(tab if is_read else {**tab, "count": visit.bell_count})
    return tabs


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("lecture", "tri")}
    return views.address("/notifications", **{**kept, **changed})


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
