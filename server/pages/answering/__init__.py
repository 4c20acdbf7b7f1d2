"""Answering an offer by the link of its mail, and whether the organisme lets it."""

from starlette.routing import Route

from server.pages.answering import link, setting
from server.pages.visits import page, public_page

ROUTES = [
    Route("/offre/{jeton}", public_page(link.show), methods=["GET"]),
    Route("/offre/{jeton}", public_page(link.answer), methods=["POST"]),
    Route("/organisme/boite-partagee", page(setting.show), methods=["GET"]),
    Route("/organisme/boite-partagee", page(setting.decide), methods=["POST"]),
]
