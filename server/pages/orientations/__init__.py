"""Offers: the bailleur's queue, the réservataire's box, one page per offer for all its parties."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.orientations import acting, exporting, listing, showing
from server.pages.visits import page

ROUTES = [
    Route("/orientations", page(listing.list_orientations)),
    *export_routes("/orientations", exporting.export),
    Route("/orientations/{id}", page(showing.show)),
    Route("/orientations/{id}/accepter", page(acting.accept), methods=["POST"]),
    Route("/orientations/{id}/refuser", page(acting.refuse_check), methods=["GET"]),
    Route("/orientations/{id}/refuser", page(acting.refuse), methods=["POST"]),
    Route("/orientations/{id}/retirer", page(acting.withdraw), methods=["POST"]),
    Route("/orientations/{id}/suite", page(acting.follow), methods=["POST"]),
    Route("/orientations/{id}/bail", page(acting.lease), methods=["POST"]),
]
