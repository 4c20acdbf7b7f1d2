"""The base world of the demonstration and of the tests: who, what, under which conventions.

No history: not one vacancy. The seed of the demonstration adds the months that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.db import tables
from server.db.ids import new_id
from server.demo.world_cast import MEMBERS, ORGANISMES, STATE_CONTINGENTS, Organisme
from server.demo.world_patrimoine import ANNEXES
from server.demo.world_rows import (
    insert_annexes,
    insert_bilan_agreement,
    insert_conventions,
    insert_dwellings,
    insert_rows,
)
from server.reference import load_communes
from server.tenants.actors import NO_CONTINGENT, Actor, Capacity, Channel, Role
from server.tenants.scopes import EVERY_SCOPE
from server.tenants.sessions import digest, new_token
from server.tenants.transactions import Database, Transaction

TOKEN_LIFE = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Membership:
    id: UUID
    tenant_slug: str
    capacity: Capacity
    role: Role
    contingents: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Person:
    """An invented person; `subject` is what the identity provider calls her."""

    id: UUID
    slug: str
    name: str
    subject: str
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class Token:
    """An API token in plain, which the database never holds."""

    id: UUID
    name: str
    tenant_slug: str
    capacity: Capacity
    contingents: frozenset[str]
    plain: str


@dataclass(frozen=True, kw_only=True)
class World:
    """Identifiers by slug; `dwellings` are those in the flux, by bailleur's slug and INSEE code."""

    tenants: dict[str, UUID]
    tenant_names: dict[str, str]
    people: dict[str, Person]
    tokens: tuple[Token, ...]
    dwellings: dict[tuple[str, str], tuple[UUID, ...]]
    excluded: dict[tuple[str, str], tuple[UUID, ...]]
    conventions: dict[tuple[str, str], UUID]

    def actor(
        self, person_slug: str, capacity: str | None = None, *, tenant: str | None = None
    ) -> Actor:
        """A person in her first seat, or in the one of this capacity or organisme."""
        person = self.people[person_slug]
        seat = next(
            one
            for one in person.memberships
            if capacity in (None, one.capacity) and tenant in (None, one.tenant_slug)
        )
        return Actor(
            tenant_id=self.tenants[seat.tenant_slug],
            tenant_name=self.tenant_names[seat.tenant_slug],
            capacity=seat.capacity,
            role=seat.role,
            channel=Channel.PAGE,
            person_id=person.id,
            person_name=person.name,
            contingents=seat.contingents,
        )

    def machine(self, tenant_slug: str, capacity: str | None = None) -> Actor:
        """The holder of an organisme's token."""
        token = self.token(tenant_slug, capacity)
        return Actor(
            tenant_id=self.tenants[tenant_slug],
            tenant_name=self.tenant_names[tenant_slug],
            capacity=token.capacity,
            role=Role.MACHINE,
            channel=Channel.API,
            person_name=token.name,
            contingents=token.contingents,
            scopes=EVERY_SCOPE,
            machine_id=token.id,
        )

    def token(self, tenant_slug: str, capacity: str | None = None) -> Token:
        return next(
            one
            for one in self.tokens
            if one.tenant_slug == tenant_slug and capacity in (None, one.capacity)
        )


async def build(operator: Database, app: Database, *, now: datetime, issuer: str) -> World:
    """Fill an empty migrated database.

    `now` is real time: tokens expire a year later. `operator` signs in as portail_migrate, `app`
    as portail_app: even here each bailleur writes its own rows under row-level security.
    """
    tenants = {one.slug: new_id() for one in ORGANISMES}
    names = {one.slug: one.name for one in ORGANISMES}
    people = {person.slug: person for person in _people()}
    tokens = tuple(_tokens())
    async with operator.operator_transaction() as tx:
        await _insert_organismes(tx, tenants)
        await _insert_people(tx, tenants, list(people.values()), now, issuer)
        await _insert_tokens(tx, tenants, tokens, now)
    dwellings: dict[tuple[str, str], tuple[UUID, ...]] = {}
    excluded: dict[tuple[str, str], tuple[UUID, ...]] = {}
    conventions: dict[tuple[str, str], UUID] = {}
    for slug in (one.slug for one in ORGANISMES if one.category == "bailleur"):
        owner = _owner(tenants[slug], names[slug])
        async with app.write_transaction(owner) as tx:
            conventions |= await insert_conventions(tx, tenants, slug)
            for annexe in ANNEXES:
                if annexe.bailleur == slug:
                    await insert_annexes(tx, tenants, annexe)
                    await insert_dwellings(tx, tenants[slug], annexe, dwellings, excluded)
            if slug == "haute-savoie-habitat":
                await insert_bilan_agreement(tx, tenants)
    return World(
        tenants=tenants,
        tenant_names=names,
        people=people,
        tokens=tokens,
        dwellings=dwellings,
        excluded=excluded,
        conventions=conventions,
    )


def _owner(tenant_id: UUID, name: str) -> Actor:
    return Actor(
        tenant_id=tenant_id,
        tenant_name=name,
        capacity=Capacity.BAILLEUR,
        role=Role.SYSTEM,
        channel=Channel.WORKER,
    )


# --- Organismes, people, tokens ---------------------------------------------------------------


async def _insert_organismes(tx: Transaction, tenants: dict[str, UUID]) -> None:
    sirens = {row["insee"]: row["siren"] for row in load_communes()}

    def siren(one: Organisme) -> str:
        return one.siren or sirens[one.insee or ""]

    await insert_rows(
        tx,
        tables.tenants,
        [
            {
                "id": tenants[one.slug],
                "name": one.name,
                "slug": one.slug,
                "category": one.category,
                "siren": siren(one),
                "insee": one.insee,
            }
            for one in ORGANISMES
        ],
    )
    seats = [
        {"tenant_id": tenants[one.slug], "capacity": capacity.value, "address": address}
        for one in ORGANISMES
        for capacity, address in one.mailboxes.items()
    ]
    capacities = [{key: row[key] for key in ("tenant_id", "capacity")} for row in seats]
    await insert_rows(tx, tables.tenant_capacities, capacities)
    await insert_rows(tx, tables.tenant_mailboxes, seats)


def _people() -> Iterator[Person]:
    for member in MEMBERS:
        yield Person(
            id=new_id(),
            slug=member.slug,
            name=member.name,
            subject=member.slug,
            memberships=tuple(
                Membership(
                    id=new_id(),
                    tenant_slug=seat.organisme,
                    capacity=seat.capacity,
                    role=seat.role,
                    contingents=seat.contingents,
                )
                for seat in member.seats
            ),
        )


async def _insert_people(
    tx: Transaction, tenants: dict[str, UUID], people: list[Person], now: datetime, issuer: str
) -> None:
    await insert_rows(
        tx,
        tables.persons,
        [
            {
                "id": one.id,
                "issuer": issuer,
                "subject": one.subject,
                "name": one.name,
                "created_at": now,
            }
            for one in people
        ],
    )
    await insert_rows(
        tx,
        tables.memberships,
        [
            {
                "id": seat.id,
                "person_id": one.id,
                "tenant_id": tenants[seat.tenant_slug],
                "capacity": seat.capacity.value,
                "role": seat.role.value,
                "contingents": sorted(seat.contingents),
                "created_at": now,
            }
            for one in people
            for seat in one.memberships
        ],
    )


def _tokens() -> Iterator[Token]:
    """One per organisme and capacity: the State, and an EPCI that is réservataire, have two."""
    for one in ORGANISMES:
        for index, capacity in enumerate(one.mailboxes):
            is_state = one.category == "etat" and capacity is Capacity.RESERVATAIRE
            yield Token(
                id=new_id(),
                name=f"{one.name} (réservataire)" if index else one.name,
                tenant_slug=one.slug,
                capacity=capacity,
                contingents=STATE_CONTINGENTS if is_state else NO_CONTINGENT,
                plain=new_token(),
            )


async def _insert_tokens(
    tx: Transaction, tenants: dict[str, UUID], tokens: tuple[Token, ...], now: datetime
) -> None:
    await insert_rows(
        tx,
        tables.api_tokens,
        [
            {
                "id": one.id,
                "tenant_id": tenants[one.tenant_slug],
                "capacity": one.capacity.value,
                "contingents": sorted(one.contingents),
                "name": one.name,
                "token_hash": digest(one.plain),
                "created_at": now,
                "expires_at": now + TOKEN_LIFE,
                "scopes": sorted(EVERY_SCOPE),
            }
            for one in tokens
        ],
    )
