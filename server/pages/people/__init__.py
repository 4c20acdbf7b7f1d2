"""The people of an organisme, the links that let them in, the sessions of each one."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.people import inviting, joining, listing, member, sessions, trail
from server.pages.people.words import PATH
from server.pages.visits import page, public_page

ROUTES = [
    Route(PATH, page(listing.list_people)),
    *export_routes(PATH, listing.export),
    Route(f"{PATH}/revue/confirmer", page(listing.confirm_review), methods=["POST"]),
    Route(trail.ADDRESS, page(trail.show)),
    *export_routes(trail.ADDRESS, trail.export),
    Route(f"{PATH}/inviter", page(inviting.new_invitation), methods=["GET"]),
    Route(f"{PATH}/inviter", page(inviting.invite), methods=["POST"]),
    Route(f"{PATH}/invitations/{{id}}/annuler", page(inviting.cancel), methods=["POST"]),
    Route(f"{PATH}/{{id}}", page(member.show)),
    Route(f"{PATH}/{{id}}/role", page(member.change_role), methods=["POST"]),
    Route(f"{PATH}/{{id}}/retirer", page(member.ask_removal), methods=["GET"]),
    Route(f"{PATH}/{{id}}/retirer", page(member.remove), methods=["POST"]),
    Route(joining.PATH, public_page(joining.welcome), methods=["GET"]),
    Route(joining.PATH, public_page(joining.leave_to_sign_in), methods=["POST"]),
    Route(sessions.PATH, public_page(sessions.list_own), methods=["GET"]),
    Route(f"{sessions.PATH}/fermer", public_page(sessions.end_one), methods=["POST"]),
    Route(f"{sessions.PATH}/partout", public_page(sessions.end_everywhere), methods=["POST"]),
]
