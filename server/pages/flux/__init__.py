"""The flux: what the annexe 1 gives each réservataire, what it received, and why."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.flux import exporting, showing
from server.pages.visits import page

ROUTES = [
    Route("/flux", page(showing.show)),
    *export_routes("/flux", exporting.export),
    Route("/flux/{annexe_id}/annexe.xlsx", page(showing.download)),
]
