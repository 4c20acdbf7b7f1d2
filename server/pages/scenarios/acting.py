"""What is done to a whole simulation: drawn, stopped, counted again, copied, shown, thrown away."""

from __future__ import annotations

from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.errors import Conflict, Invalid, Motif
from server.operations import scenarios
from server.operations.scenarios import ShareScenario
from server.pages import views
from server.pages.annexes.acting import revision_of
from server.pages.scenarios.words import FIELDS, LIST, PATH
from server.pages.visits import Form, Visit, parse_uuid

READERS = {"reservataire": "réservataire", "prefecture": "préfecture"}


def _back(visit: Visit, message: str) -> Response:
    return visit.redirect(f"{PATH}/{visit.path_id()}", message=message)


async def draw(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await scenarios.ask(tx, visit.path_id())
    return _back(visit, "Tirage demandé : la page suit son avancement, vous pouvez la quitter.")


async def stop(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await scenarios.stop(tx, visit.path_id())
    return _back(visit, "Tirage arrêté : les années déjà tirées sont gardées.")


async def recount(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    async with visit.writing() as tx:
        await scenarios.recount(tx, visit.path_id(), revision_of(form))
    return _back(visit, "Logements recomptés, droits repris de l'annexe d'aujourd'hui.")


async def duplicate(visit: Visit) -> Response:
    async with visit.writing() as tx:
        copy_id = await scenarios.duplicate(tx, visit.path_id())
    message = "Copie ouverte, sur les mêmes logements et les mêmes droits."
    return visit.redirect(f"{PATH}/{copy_id}", message=message)


# --- Thrown away ----------------------------------------------------------------------------------


async def confirm_discard(visit: Visit) -> Response:
    async with visit.reading() as tx:
        row = (await scenarios.open_own(tx, visit.path_id())).row
        shares = (await scenarios.get(tx, row.id)).shares
    here = {"label": row.name, "href": f"{PATH}/{row.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Supprimer"}]
    return visit.render(
        "simulation_supprimer.html",
        title="Supprimer cette simulation",
        href=f"{PATH}/{row.id}",
        revision=row.revision,
        name=row.name,
        readers=[one.tenant_name for one in shares if one.revoked_at is None],
    )


async def discard(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    async with visit.writing() as tx:
        await scenarios.discard(tx, visit.path_id(), revision_of(form))
    return visit.redirect(PATH, message="Simulation supprimée.")


# --- Shown to a party -----------------------------------------------------------------------------


async def choose_reader(visit: Visit) -> Response:
    return await _share_page(visit, Form(data=FormData()))


async def _share_page(
    visit: Visit, form: Form, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        row = (await scenarios.open_own(tx, visit.path_id())).row
        known = await scenarios.readers(tx)
    here = {"label": row.name, "href": f"{PATH}/{row.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Partager"}]
    return visit.render(
        "simulation_partager.html",
        title="Partager la simulation",
        status=status,
        motifs=motifs,
        href=f"{PATH}/{row.id}",
        typed={"lecteur": form.text("lecteur")},
        readers=[
            {"value": f"{kind}:{one.id}", "label": f"{one.name} ({READERS[kind]})"}
            for kind, one in known
        ],
    )


async def share(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    capacity, _, tenant = form.text("lecteur").partition(":")
    command = ShareScenario(
        scenario_id=visit.path_id(),
        tenant_id=parse_uuid(tenant) or UUID(int=0),
        capacity=capacity,
    )
    try:
        async with visit.writing() as tx:
            await scenarios.share(tx, command)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _share_page(visit, form, motifs=motifs, status=error.status)
    return _back(visit, "Simulation partagée : l'organisme en est averti.")


async def revoke(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await scenarios.revoke(tx, visit.path_id(), visit.path_id("partage"))
    return _back(visit, "Partage retiré : l'organisme ne lit plus cette simulation.")
