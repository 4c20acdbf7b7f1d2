"""Freed dwellings: registering one, reading who should receive it and why, offering it."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.vacancies import deciding, listing, morning, proposal, registering
from server.pages.visits import page

ROUTES = [
    Route("/liberations", page(listing.list_vacancies)),
    *export_routes("/liberations", listing.export),
    Route(morning.PATH, page(morning.show)),
    Route("/liberations/nouvelle", page(registering.new_vacancy), methods=["GET"]),
    Route("/liberations/nouvelle", page(registering.register), methods=["POST"]),
    Route("/liberations/{id}", page(proposal.show)),
    Route("/liberations/{id}/verifier", page(deciding.check)),
    Route("/liberations/{id}/orienter", page(deciding.send), methods=["POST"]),
    Route("/liberations/{id}/garder", page(deciding.keep), methods=["POST"]),
]
