"""The préfet in the place of a commune carencée: the list, a declaration, its end (L302-9-1)."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.substitutions import declaring, listing, showing
from server.pages.visits import page

ROUTES = [
    Route("/substitutions", page(listing.show), methods=["GET"]),
    Route("/substitutions", page(declaring.declare), methods=["POST"]),
    *export_routes("/substitutions", listing.export),
    Route("/substitutions/nouvelle", page(declaring.new)),
    Route("/substitutions/verifier", page(declaring.check)),
    Route("/substitutions/{id}", page(showing.show)),
    Route("/substitutions/{id}/terminer", page(showing.check_end), methods=["GET"]),
    Route("/substitutions/{id}/terminer", page(showing.end), methods=["POST"]),
]
