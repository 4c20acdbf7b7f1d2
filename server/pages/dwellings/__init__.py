"""The dwellings of a bailleur: finding one, all that happened to it, excluding it."""

from starlette.routing import Route

from server.pages.dwellings import excluding, listing, showing
from server.pages.dwellings.listing import PATH
from server.pages.exports import export_routes
from server.pages.visits import page

ROUTES = [
    Route(PATH, page(listing.show)),
    *export_routes(PATH, listing.export),
    Route(PATH + "/{id}", page(showing.show)),
    Route(PATH + "/{id}/exclusion", page(excluding.new), methods=["GET"]),
    Route(PATH + "/{id}/exclusion", page(excluding.save), methods=["POST"]),
    Route(PATH + "/{id}/exclusion/verifier", page(excluding.check)),
]
