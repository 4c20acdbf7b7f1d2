"""The portal as it runs in production, before an identity provider of a test; browsers visit it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from starlette.applications import Starlette

from server.app import SIGN_IN_SECONDS, SIGN_INS, create_app
from server.pages.visits import session_cookie
from server.tenants.metering import Attempts
from server.tenants.oidc import Provider
from tests.pages.browsers import settings_of
from tests.worlds import Stage

PUBLIC = "https://portail.test"
SECRET = "s" * 40


class Portal:
    """The application behind `issuer`; `changes` are those of its settings."""

    def __init__(self, stage: Stage, issuer: str, **changes: Any) -> None:
        served = {"mode": "production", "public_url": PUBLIC, "oidc_client_secret": SECRET}
        self.settings = replace(
            settings_of(stage.database), **{**served, "oidc_issuer": issuer, **changes}
        )
        self.app: Starlette = create_app(self.settings)

    @property
    def provider(self) -> Provider:
        provider: Provider = self.app.state.provider
        return provider

    def forget(self) -> None:
        """As after a start: nothing is known of the provider, nor of who tries."""
        self.app.state.attempts = Attempts(most=SIGN_INS, seconds=SIGN_IN_SECONDS)
        self.app.state.provider = Provider(settings=self.settings)

    def later(self, seconds: int) -> None:
        """As if its keys and its discovery had been read that much earlier."""
        self.provider.metadata_read_at -= seconds
        ring = self.provider.keys
        ring.read_at = None if ring.read_at is None else ring.read_at - seconds
        ring.searched_at = None if ring.searched_at is None else ring.searched_at - seconds

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx2.AsyncClient]:
        transport = httpx2.ASGITransport(app=self.app)
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
        async with httpx2.AsyncClient(
            transport=transport, base_url=self.settings.public_url, headers=headers
        ) as client:
            yield client

    def path(self, address: str) -> str:
        """What of an address the browser asks the portal for."""
        assert address.startswith(self.settings.public_url), address
        return address.removeprefix(self.settings.public_url)

    def has_session(self, answer: httpx2.Response) -> bool:
        name = session_cookie(self.settings)
        return any(one.startswith(f"{name}=") for one in answer.headers.get_list("set-cookie"))

    async def close(self) -> None:
        await self.app.state.database.close()


async def leave(client: httpx2.AsyncClient, wanted: str = "/flux", **more: str) -> str:
    """The address at the provider to which the portal sends the browser."""
    answer = await client.get("/connexion", params={"retour": wanted, **more})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
