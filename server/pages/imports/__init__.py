"""A bailleur's stock from its file: sent, read, looked at, confirmed."""

from starlette.routing import Route

from server.pages.imports import deciding, listing, showing
from server.pages.imports.words import PATH
from server.pages.visits import page

ROUTES = [
    Route(PATH, page(listing.list_imports)),
    Route(PATH, page(listing.receive), methods=["POST"]),
    Route(f"{PATH}/modele.xlsx", page(listing.give_template)),
    Route(PATH + "/{id}", page(showing.show)),
    Route(PATH + "/{id}/annote.xlsx", page(showing.give_annotated)),
    Route(PATH + "/{id}/colonnes", page(deciding.choose_columns), methods=["POST"]),
    Route(PATH + "/{id}/relire", page(deciding.read_again), methods=["POST"]),
    Route(PATH + "/{id}/confirmer", page(deciding.confirm), methods=["POST"]),
]
