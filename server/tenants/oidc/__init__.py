"""The OpenID provider in front of the portal: departure, return, end; nothing taken on trust."""

from server.tenants.oidc.client import CALLBACK_PATH
from server.tenants.oidc.provider import (
    FAREWELL_PATH,
    UNREACHABLE,
    Departure,
    Farewell,
    Identity,
    Provider,
    StaleAttempt,
)

__all__ = [
    "CALLBACK_PATH",
    "FAREWELL_PATH",
    "UNREACHABLE",
    "Departure",
    "Farewell",
    "Identity",
    "Provider",
    "StaleAttempt",
]
