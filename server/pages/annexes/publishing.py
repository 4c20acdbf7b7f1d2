"""Before an annexe 1 goes: what it says, what was checked, who will receive it."""

from __future__ import annotations

from starlette.responses import Response

from server.domain import labels
from server.errors import Conflict, Motif
from server.operations import annexes
from server.pages import views
from server.pages.annexes.acting import revision_of
from server.pages.annexes.words import LIST, comparison_view, tables_view, title_of
from server.pages.navigation import CAPACITY_LABELS
from server.pages.visits import Form, Visit
from server.tenants.actors import Capacity


async def check(visit: Visit) -> Response:
    return await _check_page(visit)


async def _check_page(
    visit: Visit, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        found = await annexes.check(tx, visit.path_id())
    facts = found.version.computed.facts
    here = {"label": title_of(facts), "href": f"/annexes/{facts.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Vérifier et publier"}]
    blocking = [one for one in found.motifs if one not in motifs]
    return visit.render(
        "annexe_publier.html",
        title=f"Publier l'annexe 1 de {facts.year}, {facts.epci_name}",
        status=status,
        motifs=motifs,
        blocking=blocking,
        can_publish=not found.motifs,
        warnings=found.warnings,
        href=f"/annexes/{facts.id}",
        revision=facts.revision,
        version=facts.version,
        year=facts.year,
        is_late=found.is_late,
        last_day=labels.french_day(found.last_day),
        recipients=[
            {"name": name, "capacity": CAPACITY_LABELS[Capacity(capacity)]}
            for name, capacity in found.recipients
        ],
        comparison=comparison_view(found.version.comparison),
        **tables_view(found.version.computed, is_draft=False),
        can_read_rights=True,
    )


async def publish(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    annexe_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            await annexes.publish(tx, annexe_id, revision_of(form))
    except Conflict as error:
        if error.code == "annexe_published":
            raise
        return await _check_page(visit, motifs=views.renamed(error.motifs, {}), status=409)
    message = "Annexe 1 publiée : elle ne change plus, et chaque partie est prévenue."
    return visit.redirect(f"/annexes/{annexe_id}", message=message)
