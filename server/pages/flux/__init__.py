"""The flux: what the annexe 1 gives each réservataire, what it received, and why."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.flux import entries, exporting, fairness, register, showing, strata
from server.pages.visits import page

ROUTES = [
    Route("/flux", page(showing.show)),
    *export_routes("/flux", exporting.export),
    Route("/flux/registre", page(register.show)),
    *export_routes("/flux/registre", register.export),
    Route(fairness.PATH, page(fairness.show)),
    *export_routes(fairness.PATH, fairness.export),
    Route(fairness.ENTRIES, page(entries.show)),
    *export_routes(fairness.ENTRIES, entries.export),
    Route(strata.PATH, page(strata.show)),
    *export_routes(strata.PATH, strata.export),
    Route("/flux/{annexe_id}/annexe.xlsx", page(showing.download)),
]
