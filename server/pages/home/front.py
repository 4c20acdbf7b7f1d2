"""The front page, for anybody and for somebody signed in; the pages that everybody may read."""

from __future__ import annotations

from starlette.responses import Response

from server.domain import labels
from server.domain.deadlines import local_day
from server.operations import flux
from server.pages.access import demo_people
from server.pages.flux.glance import glance
from server.pages.home import tasks
from server.pages.visits import Visit
from server.tenants.permissions import ACTING_ROLES


async def home(visit: Visit) -> Response:
    """What is expected of me today?"""
    if visit.signed_in is None:
        return visit.render("bienvenue.html", title="Bienvenue", people=demo_people(visit))
    if (elsewhere := visit.turned_away()) is not None:
        return elsewhere
    async with visit.reading() as tx:
        board = await tasks.board(tx)
        now = tx.now
        today = local_day(now)
        boards = await flux.boards(tx, today.year)
    return visit.render(
        "accueil.html",
        title="Accueil",
        board=board,
        flux=glance(visit.actor.capacity, boards, now),
        today=labels.french_weekday(today),
        organisme=visit.actor.tenant_name,
        is_reader=visit.actor.role not in ACTING_ROLES,
    )


async def guide(visit: Visit) -> Response:
    await visit.look_around()
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Aide"}]
    return visit.render("aide.html", title="Aide", contact=visit.settings.mail_from)


async def privacy(visit: Visit) -> Response:
    await visit.look_around()
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Données personnelles"}]
    return visit.render(
        "donnees_personnelles.html",
        title="Données personnelles",
        contact=visit.settings.mail_from,
        is_demo=visit.settings.is_demo,
    )
