"""Calendars to follow from a diary: a secret address, shown once, whose rights are read each time.

An entry says what is due and which day, in the words of the mails: no household, no person.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from server.db import feeds as rows
from server.db.conventions import ConventionFilter, SignedConvention
from server.db.feeds import Feed
from server.db.ids import new_id
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.documents.agendas import (
    Entry,
    agenda,
    answer_entry,
    candidates_entry,
    session_entry,
)
from server.documents.messages import home_of
from server.domain import labels
from server.domain import orientations as law
from server.domain.bilans import bilan_last_day, cil_last_day
from server.domain.deadlines import last_day, local_day
from server.domain.orientations import Searcher, State
from server.errors import Conflict, Motif, NotFound
from server.operations import caleol, conventions, orientations
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.permissions import Permission, may, require
from server.tenants.sessions import digest
from server.tenants.transactions import Database, TenantTransaction

MOST_FEEDS = 5
"""Of one person, or of one organisme: one a diary."""

MOST = PageRequest(first=100)
PAST, AHEAD = timedelta(days=31), timedelta(days=400)
TOO_MANY = Motif(
    code="too_many_feeds",
    message=f"Il y a déjà {MOST_FEEDS} calendriers : révoquez celui qui ne sert plus.",
)
NO_PERSON = Motif(
    code="person_required", message="Seule une personne connectée crée un calendrier."
)


# --- The addresses ------------------------------------------------------------------------------


async def list_feeds(tx: TenantTransaction) -> list[Feed]:
    """Those of the person, and those of her organisme."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    return await rows.list_feeds(tx, tx.actor.person_id)


async def create(tx: TenantTransaction, *, is_shared: bool) -> str:
    """A new calendar, of the person or of her organisme (responsables only); its secret, once."""
    require(tx.actor, Permission.PEOPLE_MANAGE if is_shared else Permission.NOTIFICATION_READ)
    if tx.actor.person_id is None:
        raise Conflict(NO_PERSON)
    person_id = None if is_shared else tx.actor.person_id
    known = [one for one in await list_feeds(tx) if one.person_id == person_id]
    if len(known) >= MOST_FEEDS:
        raise Conflict(TOO_MANY)
    secret = secrets.token_urlsafe(32)
    await rows.insert_feed(
        tx,
        {
            "id": new_id(),
            "tenant_id": tx.actor.tenant_id,
            "capacity": tx.actor.capacity.value,
            "contingents": sorted(tx.actor.contingents),
            "person_id": person_id,
            "secret_hash": digest(secret),
            "created_at": datetime.now(UTC),
            "made_by": tx.actor.person_name,
        },
    )
    return secret


async def revoke(tx: TenantTransaction, feed_id: UUID) -> None:
    """Her own, or one of her organisme for a responsable; its address is dead at once."""
    found = next((one for one in await list_feeds(tx) if one.id == feed_id), None)
    if found is None:
        raise NotFound
    if found.person_id is None:
        require(tx.actor, Permission.PEOPLE_MANAGE)
    await rows.revoke_feed(tx, feed_id, datetime.now(UTC))


# --- Reading ------------------------------------------------------------------------------------


async def read(database: Database, secret: str, *, public_url: str, domain: str) -> str:
    """The calendar of this address with the rights of now; NotFound if nobody has it any more."""
    async with database.identity_transaction() as tx:
        found = await rows.find_followed(tx, digest(secret))
        if found is None:
            raise NotFound
        await rows.note_reading(tx, found.id, datetime.now(UTC))
    actor = Actor(
        tenant_id=found.tenant_id,
        tenant_name=found.tenant_name,
        capacity=Capacity(found.capacity),
        role=Role.LECTEUR,
        channel=Channel.PAGE,
        contingents=frozenset(found.contingents),
    )
    async with database.read_transaction(actor) as own:
        entries = await _entries(own, public_url, domain)
    return agenda(entries, f"Portail du flux – {found.tenant_name}")


async def _entries(tx: TenantTransaction, public_url: str, domain: str) -> list[Entry]:
    entries = list(_yearly(tx, public_url, domain))
    if may(tx.actor, Permission.ORIENTATION_READ):
        for row in await _awaited(tx):
            entries += _deadlines(tx, row, public_url, domain)
    sessions = await caleol.list_page(tx, MOST, state="planned")
    entries += [
        session_entry(one, public_url=public_url, domain=domain)
        for one in sessions.items
        if one.starts_at > tx.now - PAST
    ]
    wanted = ConventionFilter(is_in_force=True)
    agreed = await conventions.list_page(tx, MOST, wanted=wanted)
    if tx.actor.capacity is not Capacity.PREFECTURE:
        today = local_day(tx.now)
        for one in agreed.items:
            entries += _term(one, today, public_url, domain)
    return entries


async def _awaited(tx: TenantTransaction) -> list[Orientation]:
    """What waits for an answer or for candidates, at most a hundred of each."""
    found: list[Orientation] = []
    answering = tx.actor.capacity is Capacity.RESERVATAIRE
    for state in (State.SENT, State.SEARCHING):
        wanted = OrientationFilter(
            states=(state.value,),
            at=tx.now,
            addressee_id=tx.actor.tenant_id if answering else None,
        )
        page = await orientations.list_page(tx, MOST, wanted, due_first=True)
        found += page.items
    return found


def _deadlines(
    tx: TenantTransaction, row: Orientation, public_url: str, domain: str
) -> Iterator[Entry]:
    facts = law.caught_up(orientations.facts_of(row), tx.now)
    home = home_of(row)
    if facts.state is State.SENT:
        yield answer_entry(row, home, public_url=public_url, domain=domain)
    elif facts.searched_by is Searcher.RESERVATAIRE and facts.candidates_due_at is not None:
        day = last_day(facts.candidates_due_at)
        yield candidates_entry(row, home, day, public_url=public_url, domain=domain)


def _yearly(tx: TenantTransaction, public_url: str, domain: str) -> Iterator[Entry]:
    """The two dates of each year (art. 4 and 7, R441-5-1), in the words of who must act."""
    today = local_day(tx.now)
    sent, told = _february(tx.actor.capacity)
    for year in (today.year - 1, today.year):
        day = bilan_last_day(year)
        if today - PAST <= day <= today + AHEAD:
            yield _yearly_entry("28-fevrier", day, sent, told, public_url, domain)
        day = cil_last_day(year)
        is_cil = tx.actor.capacity in (Capacity.EPCI, Capacity.PREFECTURE)
        if is_cil and today - PAST <= day <= today + AHEAD:
            words = "Avant le 31 mars : bilan à soumettre à la CIL"
            yield _yearly_entry("31-mars", day, words, "Art. 7.", public_url, domain)


def _february(capacity: Capacity) -> tuple[str, str]:
    if capacity is Capacity.BAILLEUR:
        return (
            "Avant le 28 février : annexe 1, prévisionnel et bilan à transmettre",
            "Dernier jour (art. 4 et 7, R441-5-1).",
        )
    return (
        "Avant le 28 février : annexes 1 et bilans à recevoir",
        "Dernier jour donné aux bailleurs (art. 4 et 7, R441-5-1).",
    )


def _yearly_entry(
    name: str, day: date, summary: str, told: str, public_url: str, domain: str
) -> Entry:
    url = f"{public_url}/bilans"
    return Entry(
        uid=f"{name}-{day.year}@{domain}",
        sequence=0,
        on=day,
        summary=summary,
        description=f"{told} {url}",
        url=url,
        stamped_at=datetime(day.year, 1, 1, tzinfo=UTC),
    )


def _term(one: SignedConvention, today: date, public_url: str, domain: str) -> Iterator[Entry]:
    """The last day of each year of the convention, and what follows it (art. 8)."""
    standing = conventions.standing(one, today)
    for period in standing.periods:
        if not today <= period.until_on <= today + AHEAD:
            continue
        url = f"{public_url}/conventions/{one.id}"
        is_last = period.until_on == standing.last_day
        what = "fin de la convention" if is_last else "reconduction de la convention"
        yield Entry(
            uid=f"convention-{one.id}-{period.number}@{domain}",
            sequence=one.version,
            on=period.until_on,
            summary=f"Terme : {what} {one.bailleur_name} – {one.reservataire_name}",
            description=f"Prend effet le {labels.french_day(one.starts_on)} (art. 8). {url}",
            url=url,
            stamped_at=datetime(one.starts_on.year, 1, 1, tzinfo=UTC),
        )
