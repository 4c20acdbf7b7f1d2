"""The accesses of an organisme's machines: list, making, revocation, calls and errors."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.machines import calls, listing
from server.pages.machines.making import make, new
from server.pages.machines.showing import check_revocation, revoke, show
from server.pages.machines.words import PATH
from server.pages.visits import page

ROUTES = [
    Route(PATH, page(listing.list_machines)),
    *export_routes(PATH, listing.export),
    Route(f"{PATH}/nouveau", page(new)),
    Route(f"{PATH}/nouveau", page(make), methods=["POST"]),
    *export_routes(calls.PATH, calls.export),
    Route(calls.PATH, page(calls.list_calls)),
    Route(f"{PATH}/{{id}}", page(show)),
    Route(f"{PATH}/{{id}}/revoquer", page(check_revocation)),
    Route(f"{PATH}/{{id}}/revoquer", page(revoke), methods=["POST"]),
]
