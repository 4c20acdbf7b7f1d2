"""Where the stories of the demonstration are played, and what they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TypeAlias
from uuid import UUID

from server.demo.seed_stories import Result
from server.demo.world import World
from server.tenants.actors import Actor, Capacity, Role, portal_acting_for, seen_by
from server.tenants.transactions import Database

Acts: TypeAlias = AsyncGenerator[datetime, None]
"""Yields when its next act is due; resumed at that date, it acts."""


@dataclass(kw_only=True)
class File:
    """An orientation that waits for a commission."""

    orientation_id: UUID
    result: Result


@dataclass(kw_only=True)
class Stage:
    """Where the stories are played, and what they share."""

    db: Database
    world: World
    ready: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    numbers: count[int] = field(default_factory=lambda: count(1))

    def manager(self, bailleur: str) -> Actor:
        return self._someone(bailleur, Capacity.BAILLEUR, "none")

    def answering(self, reservataire_id: UUID, contingent: str) -> Actor:
        slug = next(slug for slug, id_ in self.world.tenants.items() if id_ == reservataire_id)
        return self._someone(slug, Capacity.RESERVATAIRE, contingent)

    def prefecture(self) -> Actor:
        return self._someone("prefecture", Capacity.PREFECTURE, "none")

    def portal(self, bailleur: str) -> Actor:
        name = self.world.tenant_names[bailleur]
        return portal_acting_for(self.world.tenants[bailleur], name, Capacity.BAILLEUR)

    def next_home(self, bailleur: str, insee: str) -> UUID:
        """Homes spread over the stock, so that buildings, sizes and years vary."""
        homes = self.world.dwellings[bailleur, insee]
        turn = self.taken[bailleur, insee]
        self.taken[bailleur, insee] += 1
        return homes[(5 + 37 * turn) % len(homes)]

    def _someone(self, slug: str, capacity: Capacity, contingent: str) -> Actor:
        person = next(
            person.slug
            for person in self.world.people.values()
            for seat in person.memberships
            if (seat.tenant_slug, seat.capacity) == (slug, capacity)
            and contingent in seat.contingents
            and seat.role is not Role.LECTEUR
        )
        return seen_by(self.world.actor(person, capacity, tenant=slug), contingent)
