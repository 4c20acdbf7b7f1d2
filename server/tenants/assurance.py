"""Several factors at the sign-in, for those whose capacity demands it (acr of OpenID Connect)."""

from __future__ import annotations

from dataclasses import dataclass

from server.settings import Settings
from server.tenants.actors import Capacity


@dataclass(frozen=True, kw_only=True)
class Assurance:
    """Which values of acr tell of several factors, and the capacities in which one is needed."""

    acr_values: tuple[str, ...] = ()
    capacities: frozenset[Capacity] = frozenset()

    def is_enough(self, acr: str, capacity: Capacity) -> bool:
        return capacity not in self.capacities or acr in self.acr_values


def assurance_of(settings: Settings) -> Assurance:
    return Assurance(
        acr_values=settings.oidc_acr_mfa,
        capacities=frozenset(Capacity(code) for code in settings.mfa_capacities),
    )
