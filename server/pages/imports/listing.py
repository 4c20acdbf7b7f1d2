"""The files that a bailleur sent, and the form that sends another one."""

from __future__ import annotations

from starlette.datastructures import UploadFile
from starlette.responses import Response

from server.db.paging import PageRequest
from server.documents.imports.template import template
from server.errors import Invalid, Motif
from server.operations import imports
from server.operations.imports import NewImport
from server.pages import downloads, views
from server.pages.imports import words
from server.pages.imports.words import CRUMBS, PATH
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may, require


async def list_imports(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, motifs: tuple[Motif, ...] = (), status: int = 200) -> Response:
    request = PageRequest(first=20, after=visit.query("apres") or None)
    async with visit.reading() as tx:
        found = await imports.list_page(tx, request)
    visit.breadcrumb = [CRUMBS[0], {"label": "Imports"}]
    return visit.render(
        "imports.html",
        title="Importer le patrimoine",
        status=status,
        motifs=motifs,
        rows=[words.row(one) for one in found.items],
        next_href=views.address(PATH, apres=found.end_cursor) if found.has_next else "",
        may_send=may(visit.actor, Permission.IMPORT_ACT),
    )


async def receive(visit: Visit) -> Response:
    require(visit.actor, Permission.IMPORT_ACT)  # before anything of the file is read
    try:
        async with visit.request.form(max_files=1, max_fields=5) as data:
            command = await _command(data.get("fichier"))
        async with visit.writing() as tx:
            import_id = await imports.receive(tx, command)
    except Invalid as refusal:
        return await _page(visit, motifs=refusal.motifs, status=refusal.status)
    return visit.redirect(f"{PATH}/{import_id}", message="Fichier reçu.")


async def _command(sent: object) -> NewImport:
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Invalid(Motif(code="required", message="Choisissez un fichier.", field="fichier"))
    return NewImport(name=sent.filename, content=await sent.read())


async def give_template(visit: Visit) -> Response:
    require(visit.actor, Permission.IMPORT_READ)
    return downloads.workbook(template(), downloads.file_name("Modèle de patrimoine"))
