"""Urgency allocations: the bailleur asks, the préfecture decides last (art. 2.4)."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.urgences import asking, board, deciding
from server.pages.visits import page

ROUTES = [
    Route("/urgences", page(board.board)),
    *export_routes("/urgences", board.export),
    Route("/urgences/nouvelle", page(asking.new_request), methods=["GET"]),
    Route("/urgences/nouvelle", page(asking.send_request), methods=["POST"]),
    Route("/urgences/{id}", page(deciding.show)),
    Route("/urgences/{id}/decider", page(deciding.decide), methods=["POST"]),
]
