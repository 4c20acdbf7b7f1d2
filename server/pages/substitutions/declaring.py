"""Declaring a substitution: what is typed, what it will do, the act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from starlette.datastructures import FormData, QueryParams
from starlette.responses import Response

from server.domain.substitutions import period_words
from server.errors import Conflict, Invalid, Motif
from server.operations import substitutions
from server.operations.substitutions import DeclareSubstitution
from server.pages import views
from server.pages.replacing import of
from server.pages.substitutions.listing import LIST, PATH
from server.pages.visits import Form, Visit

NAMES = ("commune", "arrete", "debut", "fin")
FIELDS = {"commune": "commune", "decree": "arrete", "starts_on": "debut", "ends_on": "fin"}
STEPS = ["Déclarer", "Vérifier"]


async def new(visit: Visit) -> Response:
    """Empty, or as typed when one comes back from the check."""
    return await _form_page(visit, _form(visit.request.query_params))


async def _form_page(
    visit: Visit, form: Form, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        communes = await substitutions.communes(tx)
    visit.breadcrumb = [LIST, {"label": "Déclarer une substitution"}]
    return visit.render(
        "substitution_nouvelle.html",
        title="Déclarer une substitution",
        status=status,
        motifs=motifs,
        steps=STEPS,
        communes=[{"value": str(one.id), "label": one.name} for one in communes],
        typed={name: form.text(name) for name in NAMES},
    )


async def check(visit: Visit) -> Response:
    """The effects, who will be told; nothing is written."""
    form = _form(visit.request.query_params)
    try:
        async with visit.reading() as tx:
            declared = await substitutions.preview(tx, _declared(form))
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    visit.breadcrumb = [LIST, {"label": "Vérifier"}]
    return visit.render(
        "substitution_verifier.html",
        title="Vérifier et déclarer",
        steps=STEPS,
        commune=declared.commune.name,
        of_commune=of(declared.commune.name),
        decree=declared.decree,
        period=period_words(declared.starts_on, declared.ends_on),
        bailleurs=[one.name for one in declared.bailleurs],
        typed={name: form.text(name) for name in NAMES},
        back=views.address(f"{PATH}/nouvelle", **{name: form.text(name) for name in NAMES}),
    )


async def declare(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    try:
        async with visit.writing() as tx:
            substitution_id = await substitutions.declare(tx, _declared(form))
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    message = "Substitution enregistrée : la commune et les bailleurs concernés sont prévenus."
    return visit.redirect(f"{PATH}/{substitution_id}", message=message)


async def _refused(visit: Visit, form: Form, error: Invalid | Conflict) -> Response:
    motifs = views.renamed(error.motifs, FIELDS)
    return await _form_page(visit, form, motifs=motifs, status=error.status)


def _form(query: QueryParams) -> Form:
    return Form(data=FormData(dict(query)))


def _declared(form: Form) -> DeclareSubstitution:
    commune = form.identifier("commune", message="Choisissez la commune.")
    starts_on = form.day("debut")
    ends_on = form.day("fin", required=False)
    form.check()
    return DeclareSubstitution(
        tenant_id=commune or UUID(int=0),
        decree=form.text("arrete"),
        starts_on=starts_on or date.min,
        ends_on=ends_on,
    )
