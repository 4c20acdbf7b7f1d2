"""What is done to a whole draft: count again, give up, record a derogation."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from server.errors import Conflict, Invalid, Motif
from server.operations import annexes
from server.operations.annexes import RecordDerogation
from server.pages import views
from server.pages.annexes.words import LIST, title_of
from server.pages.visits import Form, Visit, whole
from server.tenants.permissions import Permission, require

FIELDS = {"reference": "arrete", "starts_on": "debut", "ends_on": "fin"}


def revision_of(form: Form) -> int:
    """What the page showed; 0, which no draft has, when it says nothing readable."""
    return whole(form.text("revision")) or 0


async def recount(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    annexe_id = visit.path_id()
    async with visit.writing() as tx:
        await annexes.recount(tx, annexe_id, revision_of(form))
    message = "Logements recomptés : A, B et C sont ceux de votre patrimoine."
    return visit.redirect(f"/annexes/{annexe_id}", message=message)


async def confirm_discard(visit: Visit) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.ANNEXE_PREPARE)
        facts = await annexes.get(tx, visit.path_id())
    here = {"label": title_of(facts), "href": f"/annexes/{facts.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Abandonner"}]
    return visit.render(
        "annexe_abandonner.html",
        title="Abandonner ce brouillon",
        href=f"/annexes/{facts.id}",
        revision=facts.revision,
        name=title_of(facts),
    )


async def discard(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    async with visit.writing() as tx:
        await annexes.discard(tx, visit.path_id(), revision_of(form))
    return visit.redirect("/annexes", message="Brouillon abandonné : rien n'en a été publié.")


async def derogation(visit: Visit) -> Response:
    return await _derogation_page(visit, Form(data=await visit.form()))


async def _derogation_page(
    visit: Visit, form: Form, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.ANNEXE_PREPARE)
        facts = await annexes.get(tx, visit.path_id())
    here = {"label": title_of(facts), "href": f"/annexes/{facts.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Enregistrer une dérogation"}]
    return visit.render(
        "annexe_derogation.html",
        title="Enregistrer une dérogation du préfet",
        status=status,
        motifs=motifs,
        href=f"/annexes/{facts.id}",
        typed={name: form.text(name) for name in ("arrete", "debut", "fin")},
    )


async def record_derogation(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    annexe_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            require(tx.actor, Permission.ANNEXE_PREPARE)
            await annexes.get(tx, annexe_id)
            await annexes.record_derogation(tx, _derogation(form))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _derogation_page(visit, form, motifs=motifs, status=error.status)
    message = "Dérogation enregistrée, avec sa référence et ses dates."
    return visit.redirect(f"/annexes/{annexe_id}", message=message)


def _derogation(form: Form) -> RecordDerogation:
    starts_on, ends_on = form.day("debut"), form.day("fin")
    form.check()
    return RecordDerogation(
        reference=form.text("arrete"),
        starts_on=starts_on or date.min,
        ends_on=ends_on or date.min,
    )
