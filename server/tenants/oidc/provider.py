"""Sign-in through the configured OpenID provider: code, PKCE S256, state and nonce of our own.

Authlib drives the exchange; what the provider answers is checked by `tokens` (security.md §5).
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from joserfc.errors import JoseError

from server.db import tenants
from server.db.tenants import LoginAttempt
from server.errors import Forbidden
from server.settings import Settings
from server.tenants.jwks import read_json
from server.tenants.oidc.client import TIMEOUT_SECONDS, demand_of, oauth_client
from server.tenants.oidc.keys import KeyRing
from server.tenants.oidc.tokens import (
    Demand,
    Expected,
    Untrusted,
    WeakSignIn,
    read_id_token,
    read_userinfo,
)
from server.tenants.sessions import digest
from server.tenants.transactions import Database, Transaction

ATTEMPT_LIFE = timedelta(minutes=10)
METADATA_LIFE_SECONDS = 3600
FAREWELL_PATH = "/deconnexion/retour"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
ADDRESS = re.compile(r"https?://[!-~]+")  # goes into headers: no blank, no line, no accent
OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")

UNREACHABLE = "Le fournisseur d'identité ne répond pas : réessayez dans quelques minutes."
MISCONFIGURED = (
    "Le fournisseur d'identité n'est pas celui qui est attendu : prévenez l'exploitant du portail."
)
NOT_CONFIRMED = "Le fournisseur d'identité n'a pas confirmé cette connexion."
TOO_WEAK = (
    "La double authentification demandée n'a pas eu lieu. Activez-la auprès de votre fournisseur "
    "d'identité, ou demandez à votre organisme comment faire."
)
STALE = (
    "Cette connexion a expiré, a déjà servi, ou une autre a été commencée dans un autre onglet : "
    "recommencez."
)

logger = structlog.get_logger()


class StaleAttempt(Forbidden):
    """A return that is not this browser's pending sign-in: to be begun again."""

    def __init__(self) -> None:
        super().__init__(STALE)


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Where to send the browser, and the secret that binds the return to this browser."""

    url: str
    browser_secret: str


@dataclass(frozen=True, kw_only=True)
class Farewell:
    """Where the provider ends its own session, and the state it brings back."""

    url: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the provider says it is, and how strongly: nothing else of its claims is kept."""

    issuer: str
    subject: str
    id_token: str
    acr: str
    return_to: str


@dataclass(kw_only=True)
class Provider:
    """The configured provider; its discovery is kept an hour, its keys ten minutes."""

    settings: Settings
    metadata: dict[str, Any] = field(default_factory=dict)
    metadata_read_at: float = field(default_factory=time.monotonic)
    keys: KeyRing = field(init=False)

    def __post_init__(self) -> None:
        self.keys = KeyRing(read=self._read_keys)

    @property
    def expected(self) -> Expected:
        return Expected(
            issuer=self.settings.oidc_issuer,
            client_id=self.settings.oidc_client_id,
            algorithm=self.settings.oidc_algorithm,
        )

    # --- What the provider publishes ------------------------------------------------------------

    async def discover(self) -> dict[str, Any]:
        """Its metadata; Forbidden when it does not answer or is another one."""
        age = time.monotonic() - self.metadata_read_at
        if self.metadata and age < METADATA_LIFE_SECONDS:
            return self.metadata
        address = f"{self.settings.oidc_issuer}/.well-known/openid-configuration"
        try:
            found = await read_json(address)
            _check_metadata(found, self.settings.oidc_issuer)
        except Untrusted as error:
            logger.warning("security.provider_misconfigured", reason=str(error))
            raise Forbidden(MISCONFIGURED) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise Forbidden(UNREACHABLE) from error
        self.metadata, self.metadata_read_at = found, time.monotonic()
        return found

    async def _read_keys(self) -> dict[str, Any]:
        return await read_json((await self.discover())["jwks_uri"])

    # --- Departure ------------------------------------------------------------------------------

    async def depart(
        self, database: Database, return_to: str, *, acr_values: tuple[str, ...] = ()
    ) -> Departure:
        """Begin a sign-in; state, nonce and verifier stay on our side.

        With `acr_values` the person proves again who she is, with one of them.
        """
        metadata = await self.discover()
        state, browser_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        attempt = LoginAttempt(
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(48),
            return_to=return_to,
            acr_values=" ".join(acr_values),
        )
        async with database.identity_transaction() as tx:
            await tenants.insert_login_attempt(
                tx,
                state_hash=digest(state),
                browser_hash=digest(browser_secret),
                attempt=attempt,
                expires_at=datetime.now(UTC) + ATTEMPT_LIFE,
            )
        async with oauth_client(self.settings) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=state,
                nonce=attempt.nonce,
                code_verifier=attempt.code_verifier,
                **demand_of(self.settings, metadata, acr_values),
            )
        return Departure(url=url, browser_secret=browser_secret)

    # --- Return ---------------------------------------------------------------------------------

    async def arrive(
        self, database: Database, *, state: str, code: str, browser_secret: str, issuer: str = ""
    ) -> Identity:
        """Finish a sign-in; Forbidden for anything that is not this browser's own attempt.

        `issuer` is the parameter `iss` of the return (RFC 9207): from whom it says it comes.
        """
        async with database.identity_transaction() as tx:
            attempt = await _take(tx, state, browser_secret)
        if attempt is None:
            raise StaleAttempt
        metadata = await self.discover()
        try:
            _check_origin(metadata, issuer, self.settings.oidc_issuer)
            return await self._identify(metadata, attempt, code)
        except WeakSignIn as error:
            logger.warning("security.sign_in_refused", reason="acr")
            raise Forbidden(TOO_WEAK) from error
        except (OAuthError, JoseError, httpx2.HTTPError, ValueError, TypeError) as error:
            reason = str(error) if isinstance(error, Untrusted) else type(error).__name__
            logger.warning("security.sign_in_refused", reason=reason)
            raise Forbidden(
                TOO_WEAK if attempt.acr_values and not code else NOT_CONFIRMED
            ) from error

    async def _identify(
        self, metadata: dict[str, Any], attempt: LoginAttempt, code: str
    ) -> Identity:
        """Exchange the code; the id_token and then the userinfo must say the same person."""
        if not code:
            raise Untrusted("no code")
        async with oauth_client(self.settings) as client:
            tokens = await client.fetch_token(
                metadata["token_endpoint"], code=code, code_verifier=attempt.code_verifier
            )
        if not isinstance(tokens, dict):
            raise Untrusted("no tokens")
        demand = Demand(
            nonce=attempt.nonce,
            access_token=str(tokens.get("access_token") or ""),
            acr_values=tuple(attempt.acr_values.split()),
        )
        id_token = tokens.get("id_token")
        claims = await read_id_token(id_token, self.keys, self.expected, demand)
        if "userinfo_endpoint" in metadata:
            await self._confirm(metadata["userinfo_endpoint"], demand.access_token, claims["sub"])
        acr = claims.get("acr")
        return Identity(
            issuer=claims["iss"],
            subject=claims["sub"],
            id_token=str(id_token),
            acr=acr if isinstance(acr, str) else "",
            return_to=attempt.return_to,
        )

    async def _confirm(self, address: str, access_token: str, subject: str) -> None:
        """The userinfo of this sign-in is about the same person; its claims are not kept."""
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = await client.get(address, headers={"Authorization": f"Bearer {access_token}"})
        answer.raise_for_status()
        kind = answer.headers.get("content-type", "")
        await read_userinfo(kind, answer.content, self.keys, self.expected, subject=subject)

    # --- End ------------------------------------------------------------------------------------

    async def farewell(self, id_token: str) -> Farewell | None:
        """Where the browser ends the provider's session; None if it offers no such way.

        The demonstration's provider keeps no session: there is nothing to end.
        """
        if self.settings.is_demo:
            return None
        try:
            endpoint = (await self.discover()).get("end_session_endpoint")
        except Forbidden:
            return None
        if endpoint is None:
            return None
        state = secrets.token_urlsafe(32)
        who = {"id_token_hint": id_token} if id_token else {"client_id": self.expected.client_id}
        back = self.settings.public_url + FAREWELL_PATH
        sent = urlencode({**who, "post_logout_redirect_uri": back, "state": state})
        return Farewell(url=f"{endpoint}{'&' if '?' in endpoint else '?'}{sent}", state=state)


async def _take(tx: Transaction, state: str, browser_secret: str) -> LoginAttempt | None:
    return await tenants.take_login_attempt(
        tx,
        state_hash=digest(state),
        browser_hash=digest(browser_secret),
        at=datetime.now(UTC),
    )


def _check_metadata(found: dict[str, Any], issuer: str) -> None:
    """It is the configured issuer, and its addresses are as protected as its own."""
    if found.get("issuer") != issuer:
        raise Untrusted("discovery of another issuer")
    for name in ENDPOINTS + tuple(name for name in OPTIONAL_ENDPOINTS if name in found):
        address = found.get(name)
        if not isinstance(address, str) or not ADDRESS.fullmatch(address):
            raise Untrusted(f"discovery: {name}")
        if urlsplit(address).scheme != urlsplit(issuer).scheme:
            raise Untrusted(f"discovery: {name}")


def _check_origin(metadata: dict[str, Any], said: str, issuer: str) -> None:
    """RFC 9207: the answer comes from the provider to which the browser was sent."""
    is_advertised = metadata.get("authorization_response_iss_parameter_supported") is True
    if said != issuer and (said or is_advertised):
        raise Untrusted("return of another issuer")
