"""What of an offer is printed: the sheet of a mairie that answers on paper, the receipt."""

from __future__ import annotations

from starlette.responses import Response

from server.documents import papers
from server.documents.answer_sheets import answer_sheet, reference_of
from server.documents.papers import Paper
from server.documents.receipts import receipt_paper
from server.errors import Conflict, Forbidden, Motif, NotFound
from server.operations import orientations
from server.operations.orientations.receipts import candidates_receipt
from server.pages import downloads, views
from server.pages.orientations.showing import LIST, LISTS
from server.pages.visits import Visit
from server.tenants.actors import Capacity

ANSWERED = Motif(
    code="wrong_state",
    message="Cette offre n'attend plus de réponse : sa fiche n'a plus lieu d'être.",
)


async def _sheet(visit: Visit) -> tuple[Paper, str, str]:
    """The paper, the reference and the title, for the two parties of an offer that is waiting."""
    async with visit.reading() as tx:
        if tx.actor.capacity not in (Capacity.BAILLEUR, Capacity.RESERVATAIRE):
            raise Forbidden
        row = await orientations.get(tx, visit.path_id())
        if orientations.effective_state(row, tx.now) != "sent":
            raise Conflict(ANSWERED)
    paper = answer_sheet(row, public_url=visit.settings.public_url)
    return paper, reference_of(row.id), views.offer_title(row)


async def show(visit: Visit) -> Response:
    paper, reference, title = await _sheet(visit)
    here = f"/orientations/{visit.path_id()}"
    visit.breadcrumb = [
        LISTS.get(visit.actor.capacity, LIST),
        {"label": title, "href": here},
        {"label": "Fiche à imprimer"},
    ]
    return visit.render(
        "orientation_fiche.html",
        title=f"Fiche de l'offre {reference}",
        paper=paper,
        pdf=f"{here}/fiche.pdf",
    )


async def download(visit: Visit) -> Response:
    paper, reference, _ = await _sheet(visit)
    if visit.now is None:
        raise NotFound
    name = downloads.file_name("offre", reference)
    return downloads.pdf(papers.pdf(paper, at=visit.now), name)


async def receipt(visit: Visit) -> Response:
    """Each day of its delays with its rank, counted again, for whoever reads the offer."""
    async with visit.reading() as tx:
        row = await orientations.get(tx, visit.path_id())
        at = tx.now
    searched = candidates_receipt(row, views.in_law(row, at))
    paper = receipt_paper(row, searched, at=at, public_url=visit.settings.public_url)
    name = downloads.file_name("recu", reference_of(row.id))
    return downloads.pdf(papers.pdf(paper, at=at), name)
