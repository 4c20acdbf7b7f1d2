"""Choosing the EPCI and the year of the annexe to prepare."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif
from server.operations import annexes
from server.operations.annexes import StartDraft
from server.operations.annexes.reading import FIRST_YEAR
from server.pages import views
from server.pages.annexes.words import LIST
from server.pages.visits import Form, Visit, whole

NAMES = ("epci", "annee", "motif")
FIELDS = {"epci_siren": "epci", "year": "annee", "reason": "motif"}


async def new(visit: Visit) -> Response:
    return await _form_page(visit, Form(data=FormData(dict(visit.request.query_params))))


async def _form_page(
    visit: Visit, form: Form, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        epcis = await annexes.choices(tx)
        board = await annexes.overview(tx)
        this_year = local_day(tx.now).year
    typed = {name: form.text(name) for name in NAMES}
    published = [
        one
        for one in board.versions
        if one.published_at and (one.epci_siren, str(one.year)) == (typed["epci"], typed["annee"])
    ]
    visit.breadcrumb = [LIST, {"label": "Préparer une annexe 1"}]
    return visit.render(
        "annexe_preparer.html",
        title="Préparer une annexe 1",
        status=status,
        motifs=motifs,
        typed=typed,
        epcis=[{"value": siren, "label": name} for siren, name in epcis.items()],
        years=[
            {"value": str(year), "label": str(year)}
            for year in range(this_year + 1, FIRST_YEAR - 1, -1)
        ],
        published=published[0].version if published else 0,
    )


async def start(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    command = StartDraft(
        epci_siren=form.text("epci"),
        year=whole(form.text("annee")) or 0,
        reason=form.text("motif"),
    )
    try:
        async with visit.writing() as tx:
            annexe_id = await annexes.start(tx, command)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _form_page(visit, form, motifs=motifs, status=error.status)
    message = "Brouillon ouvert : logements comptés, droits de l'annexe précédente repris."
    return visit.redirect(f"/annexes/{annexe_id}", message=message)
