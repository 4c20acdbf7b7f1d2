"""The yearly bilan: due by the bailleur, received by its partners (art. 7; R441-5-1)."""

from starlette.routing import Route

from server.pages.bilans import listing, publishing, reading, receiving
from server.pages.exports import export_routes
from server.pages.visits import page

ROUTES = [
    Route("/bilans", page(listing.list_bilans)),
    *export_routes("/bilans", listing.export),
    Route("/bilans/publier", page(publishing.check), methods=["GET"]),
    Route("/bilans/publier", page(publishing.publish), methods=["POST"]),
    Route(receiving.PATH, page(receiving.download)),
    Route("/bilans/{id}", page(reading.show)),
    Route("/bilans/{id}/classeur.xlsx", page(reading.download)),
]
