"""« Reprendre dans le brouillon d'annexe »: what changes is read again before it is done."""

from __future__ import annotations

from decimal import Decimal

from starlette.responses import Response

from server.domain import labels
from server.errors import Conflict, Motif
from server.operations import scenarios
from server.operations.scenarios import Move
from server.pages import views
from server.pages.annexes.acting import revision_of
from server.pages.scenarios.words import LIST, PATH
from server.pages.views import View
from server.pages.visits import Form, Visit


async def check(visit: Visit) -> Response:
    return await _page(visit, visit.query("epci"))


async def _page(
    visit: Visit, siren: str, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    scenario_id = visit.path_id()
    async with visit.reading() as tx:
        found = await scenarios.check(tx, scenario_id, siren)
    here = {"label": found.name, "href": f"{PATH}/{scenario_id}"}
    visit.breadcrumb = [LIST, here, {"label": "Reprendre dans le brouillon"}]
    return visit.render(
        "simulation_annexe.html",
        title="Reprendre dans le brouillon d'annexe 1",
        status=status,
        motifs=motifs,
        href=f"{PATH}/{scenario_id}",
        name=found.name,
        epci={"siren": found.epci_siren, "name": found.epci_name},
        year=found.year,
        draft={
            "href": f"/annexes/{found.draft.id}",
            "revision": found.draft.revision,
            "version": found.draft.version,
        }
        if found.draft
        else None,
        prepare_href=views.address("/annexes/preparer", epci=siren, annee=found.year),
        moves=[_move(one) for one in found.moves],
        left=found.left,
    )


def _move(one: Move) -> View:
    if one.rate_bp is not None:
        was = one.line.imposed_rate_bp
        return {
            "name": one.name,
            "before": "–" if was is None else f"taux de {labels.percent(was)}",
            "after": f"taux de {labels.percent(one.rate_bp)}",
        }
    return {
        "name": one.name,
        "before": f"{labels.number(one.line.droits or Decimal(0))} droits",
        "after": f"{labels.number(one.droits or Decimal(0))} droits",
    }


async def take_up(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    siren = form.text("epci")
    try:
        async with visit.writing() as tx:
            draft_id = await scenarios.take_up(tx, visit.path_id(), siren, revision_of(form))
    except Conflict as error:
        return await _page(visit, siren, motifs=error.motifs, status=error.status)
    message = "Droits de la simulation repris dans le brouillon : relisez-le avant de publier."
    return visit.redirect(f"/annexes/{draft_id}", message=message)
