"""Mails that did not go, for the responsables of the organisme that sent them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from server.db.letters import DeadLetter
from server.domain import labels
from server.domain.delivery_labels import DELIVERY_ACTS, MAIL_STATES
from server.errors import Conflict, PortalError
from server.operations import letters
from server.pages import views
from server.pages.notifications import FOLDERS, UNWRITTEN
from server.pages.views import View
from server.pages.visits import Visit, page

PATH = "/organisme/courriels"


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, error: PortalError | None = None) -> Response:
    async with visit.reading() as tx:
        found = await letters.list_failed(tx)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Courriels en échec"}]
    return visit.render(
        "courriels.html",
        title="Courriels en échec",
        status=error.status if error else 200,
        motifs=error.motifs if error else (),
        letters=[_view(one) for one in found],
    )


def _view(one: DeadLetter) -> View:
    words = {**labels.ACTS, **DELIVERY_ACTS}.get(one.template, UNWRITTEN[one.subject_kind])
    return {
        "id": str(one.notification_id),
        "what": words,
        "href": f"{FOLDERS[one.subject_kind]}/{one.subject_id}",
        "to": one.recipient_name,
        "state": MAIL_STATES[one.state],
        "error": one.error,
        "when": views.capital(labels.french_instant(one.failed_at)),
        "is_waiting": one.is_waiting,
    }


async def replay(visit: Visit) -> Response:
    try:
        async with visit.writing() as tx:
            await letters.replay(tx, visit.path_id())
    except Conflict as error:
        return await _page(visit, error)
    return visit.redirect(PATH, message="Le courriel repart.")


ROUTES = [
    Route(PATH, page(show), methods=["GET"]),
    Route(f"{PATH}/{{id}}/renvoyer", page(replay), methods=["POST"]),
]
