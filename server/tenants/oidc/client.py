"""How the portal says who it is to the provider: a shared secret, or a signature of its own key."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from authlib.common.urls import add_params_to_qs
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from server.errors import ConfigurationError
from server.settings import Settings

CALLBACK_PATH = "/connexion/retour"
TIMEOUT_SECONDS = 10
ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

AuthMethod = Callable[[Any, str, str, Any, str], tuple[str, Any, str]]


def oauth_client(settings: Settings) -> AsyncOAuth2Client:
    """A client of the provider, to be closed by its user (async with)."""
    return AsyncOAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        token_endpoint_auth_method=_auth_method(settings),
        scope=settings.oidc_scopes,
        redirect_uri=settings.public_url + CALLBACK_PATH,
        code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
    )


def demand_of(
    settings: Settings, metadata: Mapping[str, Any], acr_values: tuple[str, ...]
) -> dict[str, str]:
    """What is asked about the strength of a sign-in.

    With `acr_values`, one of them, proven again even within a session of the provider. Without,
    where strength matters here, to be told it: who has proven more is not asked twice.
    """
    knows_claims = metadata.get("claims_parameter_supported") is True
    if acr_values and knows_claims:
        wanted = {"essential": True, "values": list(acr_values)}
        return {"prompt": "login", "claims": _claims_about(wanted)}
    if acr_values:
        return {"prompt": "login", "acr_values": " ".join(acr_values)}
    return {"claims": _claims_about(None)} if settings.oidc_acr_mfa and knows_claims else {}


def _claims_about(acr: dict[str, Any] | None) -> str:
    return json.dumps({"id_token": {"acr": acr}}, separators=(",", ":"))


def _auth_method(settings: Settings) -> str | AuthMethod:
    """ProConnect registers client_secret_post unless it was given a public key."""
    if not settings.oidc_client_key:
        return "client_secret_post"
    key = private_key(settings.oidc_client_key)
    algorithm = "ES256" if isinstance(key, ECKey) else "RS256"

    def sign(_client: Any, _method: str, uri: str, headers: Any, body: str) -> tuple[str, Any, str]:
        now = int(time.time())
        claims = {
            "iss": settings.oidc_client_id,
            "sub": settings.oidc_client_id,
            "aud": settings.oidc_issuer,
            "jti": secrets.token_urlsafe(16),  # a replayed one is refused
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        header = {"alg": algorithm, "kid": key.thumbprint()}
        assertion = jwt.encode(header, claims, key, algorithms=[algorithm])
        sent = [
            ("client_id", settings.oidc_client_id),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ]
        return uri, headers, add_params_to_qs(body, sent)

    return sign


def private_key(pem: str) -> ECKey | RSAKey:
    """The key of a PEM file, elliptic (P-256) or RSA; ConfigurationError for anything else."""
    for kind in (ECKey, RSAKey):
        try:
            key = kind.import_key(pem)
        except (ValueError, TypeError):
            continue
        if key.is_private:
            return key
    raise ConfigurationError("OIDC_CLIENT_KEY_FILE n'est pas une clé privée EC (P-256) ou RSA.")
