"""What each one chooses to receive by mail: the organisme's choices, and one's own digest."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from server.db.choices import Preferences
from server.errors import Conflict, Invalid, PortalError
from server.operations import choices
from server.pages import views
from server.pages.visits import Form, Visit, page
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may

PATH = "/notifications/preferences"
WITH_DIGEST = frozenset({Capacity.BAILLEUR, Capacity.RESERVATAIRE})
FIELDS = {"address": "adresse"}


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, error: PortalError | None = None, typed: str = "") -> Response:
    async with visit.reading() as tx:
        chosen = await choices.preferences(tx)
        own = await choices.own_address(tx)
        may_choose = may(tx.actor, Permission.PEOPLE_MANAGE)
    visit.breadcrumb = [
        {"label": "Notifications", "href": "/notifications"},
        {"label": "Préférences"},
    ]
    return visit.render(
        "preferences.html",
        title="Préférences de courriel",
        status=error.status if error else 200,
        motifs=views.renamed(error.motifs, FIELDS) if error else (),
        chosen=chosen,
        own=typed or own or "",
        has_own=own is not None,
        may_choose=may_choose,
        has_digest=visit.actor.capacity in WITH_DIGEST,
    )


async def choose(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    chosen = Preferences(
        information=bool(form.text("informations")),
        reminders=bool(form.text("rappels")),
        digest=bool(form.text("resume")) and visit.actor.capacity in WITH_DIGEST,
    )
    async with visit.writing() as tx:
        await choices.choose(tx, chosen)
    return visit.redirect(PATH, message="Préférences de l'organisme enregistrées.")


async def choose_own(visit: Visit) -> Response:
    """An empty address ends her digest, and is forgotten."""
    address = Form(data=await visit.form()).text("adresse")
    try:
        async with visit.writing() as tx:
            await choices.choose_own(tx, address or None)
    except (Invalid, Conflict) as error:
        return await _page(visit, error, address)
    message = "Résumé du matin activé." if address else "Résumé du matin arrêté, adresse effacée."
    return visit.redirect(PATH, message=message)


ROUTES = [
    Route(PATH, page(show), methods=["GET"]),
    Route(PATH, page(choose), methods=["POST"]),
    Route(f"{PATH}/resume", page(choose_own), methods=["POST"]),
]
