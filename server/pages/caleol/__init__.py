"""The commission: its sessions, who is invited, what it decides of each candidate."""

from starlette.routing import Route

from server.pages.caleol import deciding, listing, planning, sessions
from server.pages.exports import export_routes
from server.pages.visits import page

ROUTES = [
    Route("/caleol", page(listing.list_sessions)),
    *export_routes("/caleol", listing.export),
    Route("/caleol/nouvelle", page(planning.new_session), methods=["GET"]),
    Route("/caleol/nouvelle", page(planning.plan), methods=["POST"]),
    Route("/caleol/{id}", page(sessions.show)),
    Route("/caleol/{id}/decisions", page(deciding.decide), methods=["POST"]),
    Route("/caleol/{id}/invitation.ics", page(sessions.download)),
]
