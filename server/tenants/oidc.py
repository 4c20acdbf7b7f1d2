"""Sign-in through the configured OpenID provider: code, PKCE S256, state and nonce of our own.

Authlib drives the exchange; what the provider answers is checked here (security.md §5): an
id_token is required, its algorithm is the registered one, issuer, audience, nonce and age hold.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.db import tenants
from server.db.tenants import LoginAttempt
from server.errors import ConfigurationError, Forbidden
from server.settings import Settings
from server.tenants.sessions import digest
from server.tenants.transactions import Database

ATTEMPT_LIFE = timedelta(minutes=10)
KEYS_LIFE_SECONDS = 600
LEEWAY_SECONDS = 10
CALLBACK_PATH = "/connexion/retour"
UNREACHABLE = "Le fournisseur d'identité ne répond pas : réessayez dans quelques minutes."


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Where to send the browser, and the secret that binds the return to this browser."""

    url: str
    browser_secret: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the provider says it is."""

    issuer: str
    subject: str
    id_token: str
    return_to: str


@dataclass(kw_only=True)
class Provider:
    """The configured provider; its discovery is kept, its keys for ten minutes."""

    settings: Settings
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: KeySet | None = None
    keys_read_at: float = 0.0

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.settings.oidc_client_id,
            client_secret=self.settings.oidc_client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method, no secret
            scope=self.settings.oidc_scopes,
            redirect_uri=self.settings.public_url + CALLBACK_PATH,
            code_challenge_method="S256",
            timeout=10,
        )

    async def _discover(self) -> dict[str, Any]:
        if not self.metadata:
            address = f"{self.settings.oidc_issuer}/.well-known/openid-configuration"
            async with httpx2.AsyncClient(timeout=10) as client:
                found: dict[str, Any] = (await client.get(address)).raise_for_status().json()
            if found.get("issuer") != self.settings.oidc_issuer:
                raise ConfigurationError(
                    "Le fournisseur d'identité se présente sous un autre nom que OIDC_ISSUER."
                )
            self.metadata = found
        return self.metadata

    async def _keys(self) -> KeySet:
        if self.keys is None or time.monotonic() - self.keys_read_at > KEYS_LIFE_SECONDS:
            metadata = await self._discover()
            async with httpx2.AsyncClient(timeout=10) as client:
                answer = (await client.get(metadata["jwks_uri"])).raise_for_status()
            self.keys = KeySet.import_key_set(answer.json())
            self.keys_read_at = time.monotonic()
        return self.keys

    async def depart(self, database: Database, return_to: str) -> Departure:
        """Begin a sign-in; state, nonce and verifier stay on our side."""
        try:
            metadata = await self._discover()
        except httpx2.HTTPError as error:
            raise Forbidden(UNREACHABLE) from error
        state, browser_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        attempt = LoginAttempt(
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(48),
            return_to=return_to,
        )
        async with database.identity_transaction() as tx:
            await tenants.insert_login_attempt(
                tx,
                state_hash=digest(state),
                browser_hash=digest(browser_secret),
                attempt=attempt,
                expires_at=datetime.now(UTC) + ATTEMPT_LIFE,
            )
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=state,
                nonce=attempt.nonce,
                code_verifier=attempt.code_verifier,
            )
        return Departure(url=url, browser_secret=browser_secret)

    async def arrive(
        self, database: Database, *, state: str, code: str, browser_secret: str
    ) -> Identity:
        """Finish a sign-in; Forbidden for anything that is not this browser's own attempt."""
        async with database.identity_transaction() as tx:
            attempt = await tenants.take_login_attempt(
                tx,
                state_hash=digest(state),
                browser_hash=digest(browser_secret),
                at=datetime.now(UTC),
            )
        if attempt is None:
            raise Forbidden(
                "Cette connexion a expiré ou a été commencée dans un autre onglet : "
                "recommencez depuis la page d'accueil."
            )
        try:
            metadata = await self._discover()
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=attempt.code_verifier
                )
            claims = await self._claims(str(token.get("id_token") or ""), attempt.nonce)
        except (OAuthError, JoseError, httpx2.HTTPError, ValueError) as error:
            raise Forbidden(
                "Le fournisseur d'identité n'a pas confirmé cette connexion."
            ) from error
        return Identity(
            issuer=claims["iss"],
            subject=claims["sub"],
            id_token=token["id_token"],
            return_to=attempt.return_to,
        )

    async def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of a verified id_token; JoseError or ValueError otherwise."""
        algorithm = self.settings.oidc_algorithm
        decoded = jwt.decode(id_token, await self._keys(), algorithms=[algorithm])
        if decoded.header.get("typ", "JWT") != "JWT":
            raise ValueError("not an id_token")
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": self.settings.oidc_client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
        ).validate(decoded.claims)
        if not isinstance(decoded.claims["sub"], str) or not decoded.claims["sub"]:
            raise ValueError("empty subject")
        return dict(decoded.claims)
