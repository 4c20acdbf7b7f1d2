"""The files of a convention: to sign, to vote on, signed."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from server.documents import papers
from server.documents.papers import Paper
from server.domain.convention_terms import SCANS
from server.errors import Conflict, Invalid
from server.operations import conventions
from server.operations.conventions import KeepScan
from server.pages import downloads, views
from server.pages.conventions.listing import PATH
from server.pages.conventions.showing import show_page
from server.pages.visits import Visit

FIELDS = {"file": "fichier", "kind": "nature"}


async def convention(visit: Visit) -> Response:
    async with visit.reading() as tx:
        paper = await conventions.convention_paper(tx, visit.path_id())
    return _sent(visit, paper, "convention", paper.subtitle)


async def council(visit: Visit) -> Response:
    async with visit.reading() as tx:
        paper = await conventions.council_paper(tx)
    return _sent(visit, paper, "fiche-deliberation", paper.subtitle)


def _sent(visit: Visit, paper: Paper, *words: object) -> Response:
    name, at = downloads.file_name(*words), visit.now
    if at is None:
        raise RuntimeError("read before the paper was")
    if visit.request.url.path.endswith(".pdf"):
        return downloads.pdf(papers.pdf(paper, at=at), name)
    return downloads.docx(papers.docx(paper, at=at), name)


async def keep(visit: Visit) -> Response:
    """The name of the file is never looked at: it is kept by its content."""
    made = visit.path_id()
    try:
        async with visit.request.form(max_files=1, max_fields=5) as form:
            content = await _content(form.get("fichier"))
            kind = form.get("nature", "")
        async with visit.writing() as tx:
            command = KeepScan(convention_id=made, kind=str(kind), content=content)
            await conventions.keep(tx, command)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await show_page(visit, motifs=motifs, status=error.status)
    message = "Document conservé : l'autre partie est prévenue."
    return visit.redirect(f"{PATH}/{made}", message=message)


async def _content(given: Any) -> bytes:
    return await given.read() if isinstance(given, UploadFile) else b""


async def fetch(visit: Visit) -> Response:
    async with visit.reading() as tx:
        row, scan, content = await conventions.fetch(tx, visit.path_id(), visit.path_id("document"))
    words = (SCANS[scan.kind], row.bailleur_name, row.reservataire_name, scan.sha256[:8])
    return downloads.pdf(content, downloads.file_name(*words))
