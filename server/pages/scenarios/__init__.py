"""Simulations: « what if », expected at once, drawn, compared, shown, taken up in a draft."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.scenarios import acting, changing, comparing, listing, making, reporting, showing
from server.pages.visits import page

HERE = "/simulations/{id}"
ROUTES = [
    Route("/simulations", page(listing.show)),
    *export_routes("/simulations", listing.export),
    Route("/simulations/nouvelle", page(making.new), methods=["GET"]),
    Route("/simulations/nouvelle", page(making.create), methods=["POST"]),
    Route("/simulations/comparer", page(comparing.show)),
    *export_routes("/simulations/comparer", comparing.export),
    Route(HERE, page(showing.show)),
    *export_routes(f"{HERE}/chiffres", showing.export),
    Route(f"{HERE}/hypotheses", page(making.edit), methods=["GET"]),
    Route(f"{HERE}/hypotheses", page(making.suppose), methods=["POST"]),
    Route(f"{HERE}/changements", page(changing.show), methods=["GET"]),
    Route(f"{HERE}/changements", page(changing.add), methods=["POST"]),
    Route(f"{HERE}/changements/{{numero}}/retirer", page(changing.remove), methods=["POST"]),
    Route(f"{HERE}/tirer", page(acting.draw), methods=["POST"]),
    Route(f"{HERE}/arreter", page(acting.stop), methods=["POST"]),
    Route(f"{HERE}/recompter", page(acting.recount), methods=["POST"]),
    Route(f"{HERE}/dupliquer", page(acting.duplicate), methods=["POST"]),
    Route(f"{HERE}/supprimer", page(acting.confirm_discard), methods=["GET"]),
    Route(f"{HERE}/supprimer", page(acting.discard), methods=["POST"]),
    Route(f"{HERE}/partager", page(acting.choose_reader), methods=["GET"]),
    Route(f"{HERE}/partager", page(acting.share), methods=["POST"]),
    Route(f"{HERE}/partages/{{partage}}/retirer", page(acting.revoke), methods=["POST"]),
    Route(f"{HERE}/annexe", page(reporting.check), methods=["GET"]),
    Route(f"{HERE}/annexe", page(reporting.take_up), methods=["POST"]),
]
