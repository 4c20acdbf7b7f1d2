"""The door of the portal: what it is, what is expected today, going straight to a file."""

from starlette.routing import Route

from server.pages.home import front, going
from server.pages.visits import page, public_page

ROUTES = [
    Route("/", public_page(front.home)),
    Route("/aller", page(going.go)),
    Route("/aide", public_page(front.guide)),
    Route("/donnees-personnelles", public_page(front.privacy)),
]
