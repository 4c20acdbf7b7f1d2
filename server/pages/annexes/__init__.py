"""Annexe 1: the list, its preparation line by line, its publication, its versions (art. 4)."""

from starlette.routing import Route

from server.pages.annexes import acting, lines, listing, preparing, publishing, showing
from server.pages.exports import export_routes
from server.pages.visits import page

ROUTES = [
    Route("/annexes", page(listing.show)),
    *export_routes("/annexes", listing.export),
    Route("/annexes/preparer", page(preparing.new), methods=["GET"]),
    Route("/annexes/preparer", page(preparing.start), methods=["POST"]),
    Route("/annexes/{id}", page(showing.show)),
    Route("/annexes/{id}/annexe.pdf", page(showing.download_pdf)),
    Route("/annexes/{id}/annexe.xlsx", page(showing.download_workbook)),
    Route("/annexes/{id}/recompter", page(acting.recount), methods=["POST"]),
    Route("/annexes/{id}/abandonner", page(acting.confirm_discard), methods=["GET"]),
    Route("/annexes/{id}/abandonner", page(acting.discard), methods=["POST"]),
    Route("/annexes/{id}/derogation", page(acting.derogation), methods=["GET"]),
    Route("/annexes/{id}/derogation", page(acting.record_derogation), methods=["POST"]),
    Route("/annexes/{id}/lignes/nouvelle", page(lines.new), methods=["GET"]),
    Route("/annexes/{id}/lignes/nouvelle", page(lines.add), methods=["POST"]),
    Route("/annexes/{id}/lignes/{ligne}", page(lines.edit), methods=["GET"]),
    Route("/annexes/{id}/lignes/{ligne}", page(lines.change), methods=["POST"]),
    Route("/annexes/{id}/lignes/{ligne}/retirer", page(lines.remove), methods=["POST"]),
    Route("/annexes/{id}/publier", page(publishing.check), methods=["GET"]),
    Route("/annexes/{id}/publier", page(publishing.publish), methods=["POST"]),
]
