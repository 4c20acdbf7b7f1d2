"""What the operator does from the command line: organismes, their life, their first person.

In the operator's transaction; a refusal leaves nothing written. Identity always comes from the
configured provider: here an invitation is made, never an account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from server.db import organismes as rows
from server.db import people, tenants
from server.db.ids import new_id
from server.db.organismes import Merger, Organisme
from server.domain import organismes as law
from server.domain.organismes import MergerFacts, OrganismeFacts
from server.domain.people import INVITATION_LIFE
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import organismes, substitutions
from server.operations.substitutions import DeclareSubstitution
from server.reference import sort_key
from server.tenants import invitations
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.transactions import Database, Transaction

OPERATOR = "Opérateur du portail"


@dataclass(frozen=True, kw_only=True)
class CreateTenant:
    """`mailboxes`: the address of each capacity; one under "" serves those that have none."""

    name: str
    category: str
    siren: str
    capacities: tuple[str, ...]
    insee: str | None = None
    mailboxes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class InvitePerson:
    slug: str
    capacity: str
    role: str
    name: str
    contingents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Invited:
    link: str
    organisme: str
    expires_at: datetime


async def list_all(tx: Transaction) -> list[Organisme]:
    return await rows.list_organismes(tx)


async def list_dormant(tx: Transaction) -> list[people.KeptAsleep]:
    """The last responsables who no longer sign in: their accounts stay open, invite another one."""
    return await people.list_kept_asleep(tx)


async def _find(tx: Transaction, slug: str) -> Organisme:
    found = next((one for one in await rows.list_organismes(tx) if one.slug == slug), None)
    if found is None:
        message = f"Aucun organisme ne s'appelle « {slug} » : portail admin list les donne tous."
        raise NotFound(message)
    return found


def _refuse(motifs: tuple[Motif, ...]) -> None:
    if motifs:
        raise Invalid(*motifs)


# --- Creating and inviting ------------------------------------------------------------------------


async def create_tenant(tx: Transaction, command: CreateTenant) -> Organisme:
    """A new organisme of the directory, with its capacities and its addresses."""
    known = await rows.list_organismes(tx)
    place = await rows.find_place(tx, insee=command.insee, siren=command.siren)
    _refuse(
        law.creation_motifs(
            OrganismeFacts(
                name=command.name,
                category=command.category,
                siren=command.siren,
                capacities=command.capacities,
                insee=command.insee,
                mailboxes=tuple(address for _, address in command.mailboxes),
                known_commune=place.is_commune,
                commune_siren=place.commune_siren,
                known_epci=place.is_epci,
                is_siren_taken=any(one.siren == command.siren for one in known),
            )
        )
    )
    slug = _slug(command, {one.slug for one in known})
    values = {
        "id": new_id(),
        "name": command.name.strip(),
        "slug": slug,
        "category": command.category,
        "siren": command.siren,
        "insee": command.insee,
    }
    given = dict(command.mailboxes)
    unknown = set(given) - {"", *command.capacities}
    if unknown:
        message = f"Aucune qualité « {', '.join(sorted(unknown))} » : elle n'a pas d'adresse."
        raise Invalid(Motif(code="mailbox_invalid", message=message, field="mailbox"))
    mailboxes = {one: given.get(one, given.get("")) for one in command.capacities}
    await rows.insert_organisme(tx, values, mailboxes)
    return await _find(tx, slug)


def _slug(command: CreateTenant, taken: set[str]) -> str:
    """« cc-du-pays-rochois », with the SIREN behind if the name is taken."""
    slug = re.sub(r"[^a-z0-9]+", "-", sort_key(command.name)).strip("-")
    return f"{slug}-{command.siren}" if slug in taken else slug


async def invite(tx: Transaction, command: InvitePerson, *, public_url: str) -> Invited:
    """A link that serves once and expires; whoever opens it signs in at the provider."""
    organisme = await _find(tx, command.slug)
    if command.capacity not in organisme.capacities:
        held = ", ".join(organisme.capacities)
        message = f"{organisme.name} n'agit pas comme {command.capacity} (qualités : {held})."
        raise Invalid(Motif(code="capacity_incoherent", message=message, field="capacity"))
    wrong = law.contingents_motif(organisme.category, command.capacity, command.contingents)
    _refuse((wrong,) if wrong else ())
    if not command.name.strip():
        message = "Indiquez le nom de la personne attendue."
        raise Invalid(Motif(code="name_required", message=message, field="name"))
    now = datetime.now(UTC)  # a link expires by real time, wherever the business clock stands
    secret = await invitations.invite(
        tx,
        tenant_id=organisme.id,
        capacity=Capacity(command.capacity),
        role=Role(command.role),
        name=command.name.strip(),
        contingents=command.contingents or ("none",),
        now=now,
    )
    return Invited(
        link=invitations.link_of(public_url, secret),
        organisme=organisme.name,
        expires_at=now + INVITATION_LIFE,
    )


# --- Names and mergers ----------------------------------------------------------------------------


async def rename(tx: Transaction, slug: str, *, name: str, valid_from: date) -> Organisme:
    """Another name from this day on: at once if the day has come, else by the sweep."""
    organisme = await _find(tx, slug)
    if not name.strip():
        message = "Indiquez le nouveau nom."
        raise Invalid(Motif(code="name_required", message=message, field="name"))
    if await rows.has_name_from(tx, organisme.id, valid_from):
        message = f"Un nom est déjà enregistré pour {organisme.name} à partir de ce jour."
        raise Conflict(Motif(code="name_exists", message=message, field="from"))
    await rows.insert_name(tx, organisme.id, name.strip(), valid_from, tx.now)
    await organismes.apply(tx)
    return await _find(tx, slug)


async def merge(tx: Transaction, slug: str, *, into: str, on_date: date) -> Organisme:
    """From this day on `into` takes `slug` over (`organismes._absorb` says what that means)."""
    absorbed, successor = await _find(tx, slug), await _find(tx, into)
    facts = MergerFacts(
        category=absorbed.category,
        absorbed_capacities=frozenset(absorbed.capacities),
        into_capacities=frozenset(successor.capacities),
        is_same=absorbed.id == successor.id,
        is_absorbed_already=await rows.find_merger(tx, absorbed.id) is not None,
        is_into_absorbed=await rows.find_merger(tx, successor.id) is not None,
    )
    _refuse(law.merger_motifs(facts))
    merger = Merger(absorbed_id=absorbed.id, into_id=successor.id, on_date=on_date)
    await rows.insert_merger(tx, merger, tx.now)
    await organismes.apply(tx)
    return await _find(tx, slug)


# --- Substitution ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Substitute:
    slug: str
    decree: str
    starts_on: date
    ends_on: date | None = None


async def substitute(app: Database, command: Substitute) -> UUID:
    """The préfecture's own act, done for it: same checks, journal and notifications as its page.

    As the portal's web login: the operator writes no act.
    """
    async with app.identity_transaction() as tx:
        prefectures = await tenants.list_tenants(tx, Capacity.PREFECTURE)
        reservataires = await tenants.list_tenants(tx, Capacity.RESERVATAIRE)
    commune = next((one for one in reservataires if one.slug == command.slug), None)
    if commune is None or len(prefectures) != 1:
        raise NotFound(f"Aucune commune réservataire ne s'appelle « {command.slug} ».")
    prefecture = Actor(
        tenant_id=prefectures[0].id,
        tenant_name=prefectures[0].name,
        capacity=Capacity.PREFECTURE,
        role=Role.SYSTEM,
        channel=Channel.WORKER,
        person_name=OPERATOR,
    )
    declared = DeclareSubstitution(
        tenant_id=commune.id,
        decree=command.decree,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
    )
    async with app.write_transaction(prefecture) as tx:
        return await substitutions.declare(tx, declared)
