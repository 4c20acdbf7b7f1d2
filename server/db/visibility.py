"""Queries on who sees what: rights from the catalog, counts and parties from the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, func, literal, or_, select, union_all

from server.db.columns import metadata
from server.db.paging import Executor
from server.db.tables import (
    caleol_invitations,
    caleol_items,
    candidates,
    communes,
    dwellings,
    orientations,
    tenant_capacities,
    tenants,
)

MOST_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True)
class Party:
    """An organisme in one capacity, with its contingent of the State if it has one."""

    name: str
    capacity: str
    contingent: str = "none"


@dataclass(frozen=True, kw_only=True)
class File:
    """An offer as far as its visibility goes."""

    orientation_id: UUID
    dwelling_id: UUID
    insee: str
    bailleur: Party
    reservataire: Party
    has_candidates: bool
    has_dalo: bool


async def count_visible(db: Executor, names: Iterable[str]) -> dict[str, int | None]:
    """Rows that the actor sees in each table, 10 001 at most; None where it has no right."""
    kept = list(names)
    rights = await db.execute(
        select(
            *(
                func.has_any_column_privilege(func.current_user(), name, "SELECT").label(name)
                for name in kept
            )
        )
    )
    readable = [name for name, allowed in rights.one()._mapping.items() if allowed]
    counts = union_all(
        *(
            select(
                literal(name).label("name"),
                select(func.count())
                .select_from(
                    select(literal(1))
                    .select_from(metadata.tables[name])
                    .limit(MOST_COUNTED + 1)
                    .subquery()
                )
                .scalar_subquery()
                .label("number"),
            )
            for name in readable
        )
    )
    found = {row.name: row.number for row in await db.execute(counts)}
    return {name: found.get(name) for name in kept}


_bailleur = tenants.alias("owner")
_reservataire = tenants.alias("holder")


async def list_files(
    db: Executor, *, orientation_id: UUID | None = None, dwelling_id: UUID | None = None
) -> list[File]:
    """The offers that the actor sees, of this id or of this dwelling, newest first."""
    own = candidates.c.orientation_id == orientations.c.id
    statement = (
        select(
            orientations.c.id,
            orientations.c.dwelling_id,
            orientations.c.insee,
            orientations.c.contingent,
            _bailleur.c.name.label("bailleur_name"),
            _reservataire.c.name.label("reservataire_name"),
            exists().where(own).label("has_candidates"),
            exists().where(own, candidates.c.is_dalo).label("has_dalo"),
        )
        .join(_bailleur, _bailleur.c.id == orientations.c.bailleur_id)
        .join(_reservataire, _reservataire.c.id == orientations.c.reservataire_id)
        .where(or_(orientations.c.id == orientation_id, orientations.c.dwelling_id == dwelling_id))
        .order_by(orientations.c.sent_at.desc())
    )
    return [
        File(
            orientation_id=row.id,
            dwelling_id=row.dwelling_id,
            insee=row.insee,
            bailleur=Party(name=row.bailleur_name, capacity="bailleur"),
            reservataire=Party(
                name=row.reservataire_name, capacity="reservataire", contingent=row.contingent
            ),
            has_candidates=row.has_candidates,
            has_dalo=row.has_dalo,
        )
        for row in await db.execute(statement)
    ]


async def find_owner(db: Executor, dwelling_id: UUID) -> tuple[Party, str] | None:
    """The bailleur of a dwelling that the actor sees, and its commune."""
    rows = await db.execute(
        select(tenants.c.name, dwellings.c.insee)
        .join(tenants, tenants.c.id == dwellings.c.bailleur_id)
        .where(dwellings.c.id == dwelling_id)
    )
    row = rows.one_or_none()
    return (Party(name=row.name, capacity="bailleur"), row.insee) if row else None


async def list_everywhere(db: Executor, insee: str) -> list[Party]:
    """Who reads by office: the préfectures, and the EPCI of the commune."""
    siren = select(communes.c.epci_siren).where(communes.c.insee == insee).scalar_subquery()
    rows = await db.execute(
        select(tenants.c.name, tenant_capacities.c.capacity)
        .join(tenant_capacities, tenant_capacities.c.tenant_id == tenants.c.id)
        .where(
            or_(
                tenant_capacities.c.capacity == "prefecture",
                (tenant_capacities.c.capacity == "epci") & (tenants.c.siren == siren),
            )
        )
        .order_by(tenant_capacities.c.capacity.desc(), tenants.c.name)
    )
    return [Party(**row._mapping) for row in rows]


async def list_guests(db: Executor, orientation_ids: Iterable[UUID]) -> list[Party]:
    """Who is invited to a session where these offers are examined; the bailleur sees them all."""
    rows = await db.execute(
        select(tenants.c.name, caleol_invitations.c.capacity)
        .distinct()
        .join(tenants, tenants.c.id == caleol_invitations.c.tenant_id)
        .join(caleol_items, caleol_items.c.session_id == caleol_invitations.c.session_id)
        .where(
            caleol_items.c.orientation_id.in_(set(orientation_ids)),
            caleol_invitations.c.capacity.in_(("prefecture", "epci")),
        )
        .order_by(tenants.c.name)
    )
    return [Party(**row._mapping) for row in rows]
