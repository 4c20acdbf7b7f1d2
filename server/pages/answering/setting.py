"""Whether the link of the mails may answer: the responsable decides, each decision is dated."""

from __future__ import annotations

from starlette.responses import Response

from server.db.answer_links import LinkDecision
from server.domain import labels
from server.operations import answer_links
from server.pages.visits import Form, Visit

PATH = "/organisme/boite-partagee"


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        decisions = await answer_links.history(tx)
        is_open = await answer_links.is_open(tx)
    visit.breadcrumb = [{"label": "Réponse par le lien des courriels"}]
    return visit.render(
        "boite_partagee.html",
        title="Réponse par le lien des courriels",
        action=PATH,
        is_open=is_open,
        decisions=[_decision(one) for one in decisions],
    )


def _decision(one: LinkDecision) -> dict[str, str]:
    return {
        "when": labels.french_instant(one.decided_at),
        "what": "Réponse par le lien ouverte" if one.is_open else "Réponse par le lien fermée",
        "who": one.person_name,
    }


async def decide(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    is_open = form.flag("ouverte")
    async with visit.writing() as tx:
        await answer_links.decide(tx, is_open_now=is_open)
    message = "Le lien permet de répondre." if is_open else "Le lien ne permet plus de répondre."
    return visit.redirect(PATH, message=message)
