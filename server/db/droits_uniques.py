"""Droits uniques: rights of one letting, counted down programme by programme (Q8)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, insert, or_, select, update

from server.db.paging import Executor
from server.db.tables import (
    communes,
    droit_unique_uses,
    droits_uniques,
    ledger_moves,
    orientations,
    tenants,
)
from server.domain.flux import BAILLEUR, Indicator
from server.domain.orientations import ENGAGED_STATES
from server.domain.postings import Kind

_BAILLEUR = tenants.alias("bailleur")
_RESERVATAIRE = tenants.alias("reservataire")


@dataclass(frozen=True, kw_only=True)
class DroitUnique:
    """What a programme still owes a réservataire, in lettings."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    reservataire_id: UUID
    reservataire_name: str
    insee: str
    commune_name: str
    programme: str
    origin: str
    granted_on: date
    granted: int
    reserved: int
    consumed: int

    @property
    def remaining(self) -> int:
        """Owed still: a reservation that fails comes back, so it counts until the lease."""
        return self.granted - self.consumed

    @property
    def available(self) -> int:
        return self.remaining - self.reserved


async def list_all(
    db: Executor,
    *,
    bailleur_id: UUID | None = None,
    epci_siren: str | None = None,
    reservataire_ids: Collection[UUID] | None = None,
) -> list[DroitUnique]:
    """Those that the actor may read, by réservataire then programme."""
    statement = _all()
    if bailleur_id is not None:
        statement = statement.where(droits_uniques.c.bailleur_id == bailleur_id)
    if reservataire_ids is not None:
        statement = statement.where(droits_uniques.c.reservataire_id.in_(reservataire_ids))
    if epci_siren is not None:
        statement = statement.where(communes.c.epci_siren == epci_siren)
    return [DroitUnique(**row._mapping) for row in await db.execute(statement)]


def _all() -> Select[Any]:
    return (
        select(
            droits_uniques,
            _BAILLEUR.c.name.label("bailleur_name"),
            _RESERVATAIRE.c.name.label("reservataire_name"),
            communes.c.name.label("commune_name"),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == droits_uniques.c.bailleur_id)
        .join(_RESERVATAIRE, _RESERVATAIRE.c.id == droits_uniques.c.reservataire_id)
        .join(communes, communes.c.insee == droits_uniques.c.insee)
        .order_by(_RESERVATAIRE.c.name, droits_uniques.c.programme, droits_uniques.c.id)
    )


@dataclass(frozen=True, kw_only=True)
class PacedRight(DroitUnique):
    """`since`: the dwellings of the own share after it was last served, or granted; `own`: those of
    the twelve months before.
    """

    since: int
    own: int


A_YEAR = timedelta(days=365)


async def list_paced(db: Executor, bailleur_id: UUID, now: datetime) -> list[PacedRight]:
    """Those of a bailleur of which a letting is available, with the pace of its own share."""
    move, use, right = ledger_moves.c, droit_unique_uses.c, droits_uniques.c
    own = (
        select(move.at)
        .where(
            move.bailleur_id == bailleur_id,
            move.basis == Indicator.ORIENTED,
            move.kind == Kind.ORIENTED,
            move.amounts.has_key(BAILLEUR),
            move.at > now - A_YEAR,
        )
        .cte("own")
    )
    last = (
        select(func.max(use.reserved_at))
        .where(use.droit_unique_id == right.id, use.state != "released")
        .scalar_subquery()
    )
    after = own.c.at > func.coalesce(last, right.granted_on)
    statement = _all().add_columns(
        select(func.count()).select_from(own).where(after).scalar_subquery().label("since"),
        select(func.count()).select_from(own).scalar_subquery().label("own"),
    )
    rows = await db.execute(
        statement.where(
            right.bailleur_id == bailleur_id, right.reserved + right.consumed < right.granted
        )
    )
    return [PacedRight(**row._mapping) for row in rows]


async def insert_right(db: Executor, values: dict[str, Any]) -> None:
    """IntegrityError when this programme already owes this réservataire."""
    await db.execute(insert(droits_uniques).values(**values))


async def lock_right(db: Executor, right_id: UUID) -> Any | None:
    """Its counters, held until the end of the transaction."""
    rows = await db.execute(
        select(droits_uniques)
        .where(droits_uniques.c.id == right_id)
        .with_for_update(key_share=True)
    )
    return rows.one_or_none()


async def lock_use(db: Executor, orientation_id: UUID) -> Any | None:
    rows = await db.execute(
        select(droit_unique_uses)
        .where(droit_unique_uses.c.orientation_id == orientation_id)
        .with_for_update(key_share=True)
    )
    return rows.one_or_none()


async def lock_stale(db: Executor, bailleur_id: UUID) -> list[Any]:
    """The uses that no longer say what their offer says: reserved though it ended, released though
    it holds its dwelling again; held until the end of the transaction, by right.
    """
    is_engaged = orientations.c.state.in_(ENGAGED_STATES)
    rows = await db.execute(
        select(
            droit_unique_uses.c.id,
            droit_unique_uses.c.droit_unique_id,
            is_engaged.label("is_engaged"),
        )
        .join(orientations, orientations.c.id == droit_unique_uses.c.orientation_id)
        .where(
            droit_unique_uses.c.bailleur_id == bailleur_id,
            or_(
                and_(droit_unique_uses.c.state == "reserved", ~is_engaged),
                and_(droit_unique_uses.c.state == "released", is_engaged),
            ),
        )
        .order_by(droit_unique_uses.c.droit_unique_id, droit_unique_uses.c.id)
        .with_for_update(of=droit_unique_uses, key_share=True)
    )
    return list(rows)


async def count_use(db: Executor, right_id: UUID, *, reserved: int = 0, consumed: int = 0) -> None:
    """Move the counters; the database refuses what would exceed the rights granted."""
    await db.execute(
        update(droits_uniques)
        .where(droits_uniques.c.id == right_id)
        .values(
            reserved=droits_uniques.c.reserved + reserved,
            consumed=droits_uniques.c.consumed + consumed,
        )
    )


async def insert_use(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(droit_unique_uses).values(**values))


async def update_use(db: Executor, use_id: UUID, **values: Any) -> None:
    await db.execute(
        update(droit_unique_uses).where(droit_unique_uses.c.id == use_id).values(**values)
    )
