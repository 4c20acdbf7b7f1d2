"""The vacancies of the morning advised at once: who is proposed for each, all seen together."""

from __future__ import annotations

from starlette.responses import Response

from server.domain.flux import BAILLEUR
from server.domain.ledger_sentences import signed
from server.operations import advice
from server.operations.advice import MOST_TOGETHER, Joint
from server.pages import views
from server.pages.vacancies.listing import LIST
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may

PATH = "/liberations/ensemble"


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await advice.advise_together(tx)
    visit.breadcrumb = [LIST, {"label": "Ensemble"}]
    return visit.render(
        "liberations_ensemble.html",
        title="Les libérations du jour, ensemble",
        rows=[_row(one, visit.actor.tenant_name) for one in found],
        exchanged=sum(one.is_exchanged for one in found),
        most=MOST_TOGETHER,
        can_send=may(visit.actor, Permission.ORIENTATION_SEND),
    )


def _row(one: Joint, bailleur: str) -> View:
    found = one.explained.advice
    chosen = next(each for each in found.standings if each.party_key == one.party_key)
    return {
        "href": f"/liberations/{one.vacancy.id}",
        "title": views.dwelling_title(one.vacancy.dwelling),
        "party": _name(one, one.party_key, bailleur),
        "total": signed(chosen.lags[0]),
        "score": signed(one.explained.score_of(chosen.lags)),
        "alone": _name(one, found.first, bailleur) if one.is_exchanged else "",
        "sentence": "" if one.is_exchanged else found.proposals[0].sentence,
    }


def _name(one: Joint, key: str, bailleur: str) -> str:
    return f"{bailleur}, part non réservée" if key == BAILLEUR else one.explained.names[key]
