"""Offers: the bailleur's queue, the réservataire's box, one page per offer for all its parties."""

from starlette.routing import Route

from server.pages.exports import export_routes
from server.pages.orientations import (
    acting,
    delivery,
    exporting,
    leasing,
    listing,
    receiving,
    rectifying,
    sending,
    sheets,
    showing,
)
from server.pages.visits import page

ROUTES = [
    Route("/orientations", page(listing.list_orientations)),
    *export_routes("/orientations", exporting.export),
    Route("/orientations/envoyer", page(sending.prepare), methods=["GET"]),
    Route("/orientations/envoyer", page(sending.send), methods=["POST"]),
    Route("/relances", page(receiving.remind_several), methods=["POST"]),
    Route("/orientations/{id}", page(showing.show)),
    Route("/orientations/{id}/fiche", page(sheets.show)),
    Route("/orientations/{id}/fiche.pdf", page(sheets.download)),
    Route("/orientations/{id}/recu.pdf", page(sheets.receipt)),
    Route("/orientations/{id}/reponse-recue", page(receiving.record), methods=["POST"]),
    Route("/orientations/{id}/rectifier", page(rectifying.show), methods=["GET"]),
    Route("/orientations/{id}/rectifier", page(rectifying.rectify), methods=["POST"]),
    Route("/orientations/{id}/rectifier/verifier", page(rectifying.check)),
    Route("/orientations/{id}/relancer", page(receiving.remind), methods=["POST"]),
    Route("/orientations/{id}/accepter", page(acting.accept), methods=["POST"]),
    Route("/orientations/{id}/refuser", page(acting.refuse_check), methods=["GET"]),
    Route("/orientations/{id}/refuser", page(acting.refuse), methods=["POST"]),
    Route("/orientations/{id}/retirer", page(acting.withdraw), methods=["POST"]),
    Route("/orientations/{id}/renvoyer", page(delivery.resend), methods=["POST"]),
    Route("/orientations/{id}/non-remise", page(delivery.mark_failed), methods=["POST"]),
    Route("/orientations/{id}/suite", page(acting.follow), methods=["POST"]),
    Route("/orientations/{id}/renoncer", page(acting.renounce_check), methods=["GET"]),
    Route("/orientations/{id}/renoncer", page(acting.renounce), methods=["POST"]),
    Route("/orientations/{id}/notification", page(leasing.tell), methods=["POST"]),
    Route("/orientations/{id}/reponse-candidat", page(leasing.hear), methods=["POST"]),
    Route("/orientations/{id}/rang-suivant", page(leasing.next_rank), methods=["POST"]),
    Route("/orientations/{id}/sans-bail", page(leasing.fail), methods=["POST"]),
    Route("/orientations/{id}/bail", page(leasing.lease), methods=["POST"]),
]
