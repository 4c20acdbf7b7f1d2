"""The days when a réservataire says that it is closed, and what its conventions make of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from starlette.responses import Response
from starlette.routing import Route

from server.db.closures import DeclaredClosure
from server.db.conventions import ConventionFilter, SignedConvention
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.closures import ClosureRule, days_words, withdrawing_motifs
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, PortalError
from server.operations import closures, conventions
from server.operations.closures import DeclareClosure
from server.pages import views
from server.pages.views import View
from server.pages.visits import Form, Visit, page
from server.tenants.permissions import Permission, may

MOST = PageRequest(first=100)
PATH = "/organisme/fermetures"
TITLE = "Fermetures"
FIELDS = {"first_day": "debut", "last_day": "fin", "reason": "motif"}


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(
    visit: Visit, error: PortalError | None = None, typed: dict[str, str] | None = None
) -> Response:
    async with visit.reading() as tx:
        found = await closures.list_own(tx)
        agreed = await conventions.list_page(
            tx,
            MOST,
            wanted=ConventionFilter(reservataire_id=tx.actor.tenant_id, is_in_force=True),
        )
        today = local_day(tx.now)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": TITLE}]
    return visit.render(
        "fermetures.html",
        title=TITLE,
        status=error.status if error else 200,
        motifs=views.renamed(error.motifs, FIELDS) if error else (),
        typed=typed or dict.fromkeys(FIELDS.values(), ""),
        rows=[_row(one, today) for one in found],
        may_declare=may(visit.actor, Permission.CLOSURE_DECLARE),
        stopping=_bailleurs(agreed.items, ClosureRule.SUSPENDED),
        counting=_bailleurs(agreed.items, ClosureRule.COUNTED),
        path=PATH,
    )


def _bailleurs(agreed: Iterable[SignedConvention], rule: ClosureRule) -> list[str]:
    return sorted({one.bailleur_name for one in agreed if one.closure_rule == rule})


def _row(one: DeclaredClosure, today: date) -> View:
    return {
        "id": str(one.id),
        "days": views.capital(days_words(one.days)),
        "reason": one.reason,
        "declared": views.capital(labels.french_instant(one.declared_at)),
        "by": one.declared_by,
        "may_withdraw": not withdrawing_motifs(one.days, today),
    }


async def declare(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    typed = {name: form.text(name) for name in FIELDS.values()}
    try:
        first, last = form.day("debut"), form.day("fin")
        form.check()
        async with visit.writing() as tx:
            command = DeclareClosure(
                first_day=first or date.max, last_day=last or date.max, reason=typed["motif"]
            )
            made = await closures.declare(tx, command)
    except Invalid as error:
        return await _page(visit, error, typed)
    message = f"Fermeture déclarée {days_words(made.days)} : les bailleurs la voient."
    return visit.redirect(PATH, message=message)


async def withdraw(visit: Visit) -> Response:
    try:
        async with visit.writing() as tx:
            gone = await closures.withdraw(tx, visit.path_id())
    except Conflict as error:
        return await _page(visit, error)
    return visit.redirect(PATH, message=f"Fermeture retirée : {days_words(gone.days)}.")


ROUTES = [
    Route(PATH, page(show), methods=["GET"]),
    Route(PATH, page(declare), methods=["POST"]),
    Route(f"{PATH}/{{id}}/retirer", page(withdraw), methods=["POST"]),
]
