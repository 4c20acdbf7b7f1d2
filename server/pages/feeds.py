"""Calendars to follow: their addresses are created, shown once, revoked; a diary reads them."""

from __future__ import annotations

import hashlib
from email.utils import parseaddr

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.db.feeds import Feed
from server.domain import labels
from server.errors import Conflict, PortalError
from server.operations import feeds
from server.pages import views
from server.pages.views import View
from server.pages.visits import Form, Visit, page
from server.tenants.permissions import Permission, may

PATH = "/calendriers"
CRUMBS = [{"label": "Accueil", "href": "/"}, {"label": "Calendriers", "href": PATH}]
CALENDAR = "text/calendar; charset=utf-8"
FRESH = "private, max-age=900"
"""Diaries ask again every quarter of an hour at most."""


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, error: PortalError | None = None) -> Response:
    async with visit.reading() as tx:
        found = await feeds.list_feeds(tx)
        may_share = may(tx.actor, Permission.PEOPLE_MANAGE)
    visit.breadcrumb = [CRUMBS[0], {"label": "Calendriers"}]
    return visit.render(
        "calendriers.html",
        title="Calendriers",
        status=error.status if error else 200,
        motifs=error.motifs if error else (),
        own=[_view(one) for one in found if one.person_id is not None],
        shared=[_view(one) for one in found if one.person_id is None],
        may_share=may_share,
    )


def _view(one: Feed) -> View:
    return {
        "id": str(one.id),
        "made": views.capital(labels.french_instant(one.created_at)),
        "by": one.made_by,
        "read": views.capital(labels.french_instant(one.last_read_at))
        if one.last_read_at
        else "Jamais",
    }


async def create(visit: Visit) -> Response:
    """The only page that ever holds the address."""
    is_shared = Form(data=await visit.form()).text("pour") == "organisme"
    try:
        async with visit.writing() as tx:
            secret = await feeds.create(tx, is_shared=is_shared)
    except Conflict as error:
        return await _page(visit, error)
    visit.breadcrumb = [*CRUMBS, {"label": "Nouveau"}]
    return visit.render(
        "calendrier_cree.html",
        title="Copiez cette adresse maintenant",
        address=f"{visit.settings.public_url}/calendrier/{secret}.ics",
        is_shared=is_shared,
    )


async def revoke(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await feeds.revoke(tx, visit.path_id())
    return visit.redirect(PATH, message="Calendrier révoqué : son adresse ne répond plus.")


async def read(request: Request) -> Response:
    """What a diary reads, without a session: the address is the key; unknown, it is absent."""
    settings = request.app.state.settings
    content = await feeds.read(
        request.app.state.database,
        request.path_params["secret"],
        public_url=settings.public_url,
        domain=parseaddr(settings.mail_from)[1].rpartition("@")[2],
    )
    mark = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    headers = {"etag": mark, "cache-control": FRESH}
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=CALENDAR, headers=headers)


ROUTES = [
    Route(PATH, page(show), methods=["GET"]),
    Route(PATH, page(create), methods=["POST"]),
    Route(f"{PATH}/{{id}}/revoquer", page(revoke), methods=["POST"]),
    Route("/calendrier/{secret}.ics", read),
]
