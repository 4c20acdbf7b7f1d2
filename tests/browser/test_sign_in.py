"""A real browser between the portal and its identity provider, which is another origin."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from server.app import create_app
from tests.databases import Databases
from tests.pages.browsers import settings_of
from tests.sites import serving as serving_portal
from tests.tenants.hostile_provider import HostileProvider, Scene
from tests.tenants.hostile_provider import serving as serving_identity
from tests.worlds import Worlds


@dataclass(kw_only=True)
class Place:
    """The portal in production's mode, and the provider, honest here."""

    url: str
    identity: HostileProvider
    noises: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, browser: Browser, width: int = 1280) -> Iterator[Page]:
        context = browser.new_context(viewport={"width": width, "height": 900})
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        opened.on("console", lambda message: self.noises.append(message.text))
        yield opened
        context.close()


@pytest.fixture
def place(databases: Databases, worlds: Worlds) -> Iterator[Place]:
    database = worlds.clone()
    with (
        serving_identity() as identity,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door,
    ):
        with psycopg.connect(database.super_dsn, autocommit=True) as connection:
            connection.execute("update persons set issuer = %s", [identity.address])
        door.bind(("127.0.0.1", 0))
        door.listen()
        settings = replace(
            settings_of(database),
            mode="production",
            public_url=f"http://127.0.0.1:{door.getsockname()[1]}",
            oidc_issuer=identity.address,
            oidc_algorithm="ES256",
            oidc_acr_mfa=("eidas1-mfa",),
            mfa_capacities=frozenset({"prefecture"}),
        )
        with serving_portal(create_app(settings), door):
            yield Place(url=settings.public_url, identity=identity)
    databases.discard(database)


def test_signing_in_and_out_crosses_to_the_provider_and_back(
    browser: Browser, place: Place
) -> None:
    """The content policy holds redirects after a form to our own pages: none is needed."""
    with place.page(browser) as page:
        page.goto(f"{place.url}/flux")
        assert page.url == f"{place.url}/flux"
        assert page.title().startswith("Flux") or "flux" in page.title().lower()
        page.locator("details.account > summary").click()
        page.get_by_role("button", name="Se déconnecter").click()
        page.get_by_text("Vous êtes déconnecté du portail et de votre fournisseur").wait_for()
        assert page.url == f"{place.url}/"
        assert len(place.identity.calls("/end")) == 1
        assert "id_token_hint" in place.identity.calls("/end")[0]
    assert place.noises == []


@pytest.mark.parametrize("width", [1280, 320])
def test_the_step_up_is_one_link_away(browser: Browser, place: Place, width: int) -> None:
    place.identity.play(Scene(subject="estelle", claims={"acr": "eidas1"}))
    with place.page(browser, width) as page:
        page.goto(f"{place.url}/departement")
        assert page.get_by_role("heading", level=1).text_content() == (
            "Double authentification demandée"
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        place.identity.play(Scene(subject="estelle", claims={"acr": "eidas1-mfa"}))
        page.get_by_role("link", name="Continuer avec la double authentification").click()
        page.wait_for_url(f"{place.url}/departement")
    assert place.noises == []
