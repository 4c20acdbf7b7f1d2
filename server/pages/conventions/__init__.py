"""The conventions: their list, each one, how it is prepared, signed and ended, its papers."""

from starlette.routing import Route

from server.pages.conventions import acting, listing, papers, preparing, showing
from server.pages.exports import export_routes
from server.pages.visits import page

ROUTES = [
    Route("/conventions", page(listing.list_conventions), methods=["GET"]),
    Route("/conventions", page(preparing.create), methods=["POST"]),
    *export_routes("/conventions", listing.export),
    Route("/conventions/nouvelle", page(preparing.new)),
    Route("/conventions/deliberation.pdf", page(papers.council)),
    Route("/conventions/deliberation.docx", page(papers.council)),
    Route("/conventions/{id}", page(showing.show)),
    Route("/conventions/{id}/convention.pdf", page(papers.convention)),
    Route("/conventions/{id}/convention.docx", page(papers.convention)),
    Route("/conventions/{id}/modifier", page(preparing.rewrite), methods=["GET"]),
    Route("/conventions/{id}/modifier", page(preparing.save), methods=["POST"]),
    Route("/conventions/{id}/adresse", page(acting.set_mailbox), methods=["POST"]),
    Route("/conventions/{id}/avenant", page(preparing.amend), methods=["GET"]),
    Route("/conventions/{id}/avenant", page(preparing.propose), methods=["POST"]),
    Route("/conventions/{id}/avenants/{avenant}", page(acting.sign_amendment), methods=["POST"]),
    Route("/conventions/{id}/documents", page(papers.keep), methods=["POST"]),
    Route("/conventions/{id}/documents/{document}", page(papers.fetch)),
    Route("/conventions/{id}/etapes/{etape}", page(acting.step_form), methods=["GET"]),
    Route("/conventions/{id}/etapes/{etape}", page(acting.make_step), methods=["POST"]),
    Route("/conventions/{id}/etapes/{etape}/verifier", page(acting.check_step)),
]
