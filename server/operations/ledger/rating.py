"""The rates of each day: those of the newest annexe 1 published by then, never rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.db.flux import AnnexeFacts
from server.domain import flux as domain
from server.domain.deadlines import local_day
from server.operations.annexe_rates import ComputedAnnexe, compute


@dataclass(frozen=True, kw_only=True)
class DayRates:
    """What a vacancy gives each party, and the annexe that says so (None: all to the bailleur)."""

    shares: Mapping[str, int]
    annexe_id: UUID | None = None
    rates: tuple[tuple[str, int], ...] | None = None


class Rates:
    """The published annexes of one bailleur, computed once each, when a commune asks for it."""

    def __init__(self, annexes: Sequence[AnnexeFacts]) -> None:
        self._newest = sorted(annexes, key=lambda one: (one.year, one.version), reverse=True)
        self._computed: dict[UUID, ComputedAnnexe] = {}

    def annexe_of(self, insee: str, at: datetime) -> ComputedAnnexe | None:
        """The newest version that names the commune, published at that instant."""
        year = local_day(at).year
        for one in self._newest:
            is_published = one.published_at is not None and one.published_at <= at
            if is_published and one.year <= year and any(c.insee == insee for c in one.communes):
                return self._compute(one)
        return None

    def at(self, insee: str, at: datetime) -> DayRates:
        """The shares of a vacancy of the commune at that instant; they add up to `UNIT`."""
        found = self.annexe_of(insee, at)
        if found is None:
            return DayRates(shares=domain.shares(()))
        share = next(one for one in found.annexe.communes if one.stock.insee == insee)
        rates = tuple((rate.line.key, signed) for rate, signed in share.rates)
        return DayRates(shares=domain.shares(rates), annexe_id=found.facts.id, rates=rates)

    def in_force(self, at: datetime) -> list[ComputedAnnexe]:
        """The newest version of each EPCI published at that instant, by name of EPCI."""
        year = local_day(at).year
        found: dict[str, AnnexeFacts] = {}
        for one in self._newest:
            if one.published_at is not None and one.published_at <= at and one.year <= year:
                found.setdefault(one.epci_siren, one)
        return [self._compute(one) for one in sorted(found.values(), key=lambda one: one.epci_name)]

    def _compute(self, facts: AnnexeFacts) -> ComputedAnnexe:
        if facts.id not in self._computed:
            self._computed[facts.id] = compute(facts)
        return self._computed[facts.id]
