"""The charte départementale: its versions side by side, and a revision by the préfecture."""

from starlette.routing import Route

from server.pages.charte import revising, showing
from server.pages.charte.showing import PATH
from server.pages.visits import page

ROUTES = [
    Route(PATH, page(showing.show), methods=["GET"]),
    Route(PATH, page(revising.revise), methods=["POST"]),
    Route(PATH + "/reviser", page(revising.new)),
    Route(PATH + "/verifier", page(revising.check)),
]
