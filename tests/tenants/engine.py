"""The engine of ProConnect on this machine: a child process of node, for sign-ins and machines."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from joserfc.jwk import ECKey

from tests.conftest import MISSING
from tests.house.sources import ROOT
from tests.tenants.portals import PUBLIC, SECRET

SCRIPT = Path(__file__).parent / "proconnect" / "provider.mjs"
# `make proconnect` puts it there
MODULE = ROOT / ".venv" / "proconnect" / "node_modules" / "oidc-provider" / "lib" / "index.js"
AUDIENCE = "https://portail.test/graphql"
KEY = ECKey.generate_key("P-256")
MOST_HOPS = 10


def _client(name: str, **more: Any) -> dict[str, Any]:
    return {
        "client_id": name,
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": [f"{PUBLIC}/connexion/retour"],
        "post_logout_redirect_uris": [f"{PUBLIC}/deconnexion/retour"],
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "ES256",
        **more,
    }


CLIENTS = [
    _client("portail"),
    _client(
        "portail-cle",
        client_secret=None,
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [{**KEY.as_dict(private=False), "kid": KEY.thumbprint(), "use": "sig"}]},
    ),
    {
        "client_id": "outil",
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "id_token_signed_response_alg": "ES256",  # its default is RS256, which is not offered
    },
]


class AskedAgain(Exception):
    """The provider is not content with what the person proved: it asks her once more."""


@dataclass(kw_only=True)
class Person:
    """Somebody's browser before the provider, with its cookies there."""

    subject: str
    acr: str = "eidas1"
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=10))
    asked: list[dict[str, Any]] = field(default_factory=list)

    def go(self, address: str, *, error: str = "") -> str:
        """From the portal to the portal; what the provider asked on the way is in `asked`."""
        self.asked.clear()
        for _ in range(MOST_HOPS):
            if address.startswith(PUBLIC):
                return address
            if "/interaction/" in address:
                address = self._answer(address, error)
            answer = self.client.get(address)
            assert answer.is_redirect, (answer.status_code, answer.text)
            address = str(answer.url.join(answer.headers["location"]))
        raise AssertionError("the provider sends the browser round and round")

    def _answer(self, address: str, error: str) -> str:
        if self.asked:
            raise AskedAgain
        self.asked.append(self.client.get(address).raise_for_status().json())
        said = {"error": error} if error else {"sub": self.subject, "acr": self.acr}
        return f"{address}?{urlencode(said)}"

    def leave(self, address: str) -> httpx2.Response:
        """The end of the session there, confirmed as ProConnect does by itself."""
        page = self.client.get(address)
        if page.status_code != httpx2.codes.OK:
            return page
        xsrf = page.text.partition('name="xsrf" value="')[2].partition('"')[0]
        form = {"xsrf": xsrf, "logout": "yes"}
        return self.client.post(str(page.url.join("/session/end/confirm")), data=form)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running provider; its address is its issuer."""

    address: str

    def machine_token(self, client_id: str = "outil") -> str:
        """An access token of client_credentials for the API (RFC 9068)."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": SECRET,
            "scope": "portail",
        }
        answer = httpx2.post(f"{self.address}/token", data=form, timeout=10)
        return str(answer.raise_for_status().json()["access_token"])


@contextmanager
def running() -> Iterator[Engine]:
    """The engine, or a loud skip where this machine has none."""
    node = shutil.which("node")
    if node is None or not MODULE.exists():
        pytest.skip(f"{MISSING} node ou oidc-provider (make proconnect), ProConnect non rejoué")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    clients = [{name: one for name, one in each.items() if one is not None} for each in CLIENTS]
    told = {"issuer": address, "port": port, "clients": clients}
    told |= {"audience": AUDIENCE, "module": str(MODULE)}
    with subprocess.Popen(  # noqa: S603 - a script of ours
        [node, str(SCRIPT), json.dumps(told)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n", "the engine did not start"
            yield Engine(address=address)
        finally:
            child.terminate()
