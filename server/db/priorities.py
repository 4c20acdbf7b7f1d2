"""Queries on priority households: shares of the attributions, DALO households. No NUD leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, func, select

from server.db.orientations import LINE_CONTINGENT, LINE_PARTY, counted
from server.db.paging import Executor
from server.db.tables import candidates, communes, decisions, epcis, orientations, tenants


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The year counted, as days and as instants, and the bailleur or the EPCI chosen.

    `until_on` is included, `until_at` is not.
    """

    from_on: date
    until_on: date
    from_at: datetime
    until_at: datetime
    bailleur_id: UUID | None = None
    epci_siren: str | None = None


@dataclass(frozen=True, kw_only=True)
class AttributionCount:
    """Attributions of a bailleur to a réservataire in an EPCI, and those that went to priority
    households.
    """

    bailleur_id: UUID
    bailleur_name: str
    reservataire_id: UUID
    reservataire_name: str
    contingent: str
    epci_siren: str
    epci_name: str
    total: int
    priority: int


@dataclass(frozen=True, kw_only=True)
class DaloCount:
    """Households recognised as DALO that the portal knows: presented and housed in the period;
    still waiting, whenever they were presented first.
    """

    households: int
    presentations: int
    housed: int
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class DaloEnding:
    """A decision that did not give its dwelling to a DALO household."""

    id: UUID
    orientation_id: UUID
    decided_at: datetime
    bailleur_name: str
    reservataire_name: str
    contingent: str
    commune_name: str
    outcome: str
    reason: str | None


_BAILLEUR = tenants.alias("bailleur")
_RESERVATAIRE = tenants.alias("reservataire")
_NAMED = (
    _BAILLEUR.c.name.label("bailleur_name"),
    _RESERVATAIRE.c.name.label("reservataire_name"),
)
ENDINGS = ("not_attributed", "inadmissible", "withdrawn_before")


def _inside(scope: Scope) -> Iterator[ColumnElement[bool]]:
    if scope.bailleur_id is not None:
        yield orientations.c.bailleur_id == scope.bailleur_id
    if scope.epci_siren is not None:
        yield orientations.c.insee.in_(
            select(communes.c.insee).where(communes.c.epci_siren == scope.epci_siren)
        )


async def count_attributions(
    db: Executor, scope: Scope, *, indicator: str
) -> list[AttributionCount]:
    """By bailleur, réservataire, contingent and EPCI; `indicator`: attributed or leased.

    An attribution counts on the line of the annexe, whoever answers in its place; no household is
    read.
    """
    keys = (
        orientations.c.bailleur_id,
        _BAILLEUR.c.name,
        LINE_PARTY.element,
        _RESERVATAIRE.c.name,
        LINE_CONTINGENT.element,
    )
    rows = await db.execute(
        select(
            orientations.c.bailleur_id,
            LINE_PARTY,
            LINE_CONTINGENT,
            *_NAMED,
            func.coalesce(epcis.c.siren, "").label("epci_siren"),
            func.coalesce(epcis.c.name, "").label("epci_name"),
            func.count().label("total"),
            func.count().filter(orientations.c.attributed_is_priority).label("priority"),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == orientations.c.bailleur_id)
        .join(_RESERVATAIRE, _RESERVATAIRE.c.id == LINE_PARTY.element)
        .join(communes, communes.c.insee == orientations.c.insee)
        .outerjoin(epcis, epcis.c.siren == communes.c.epci_siren)
        .where(counted(indicator, scope.from_on, scope.until_on), *_inside(scope))
        .group_by(*keys, epcis.c.siren, epcis.c.name)
        .order_by(_BAILLEUR.c.name, _RESERVATAIRE.c.name)
    )
    return [AttributionCount(**row._mapping) for row in rows]


async def count_dalo(db: Executor, scope: Scope) -> DaloCount:
    """One statement: the NUD joins the candidatures of a household and stays in the database."""
    one = _households(scope).c
    row = (
        await db.execute(
            select(
                func.count().filter(one.presentations > 0).label("households"),
                func.coalesce(func.sum(one.presentations), 0).label("presentations"),
                func.count().filter(one.is_housed_then).label("housed"),
                func.count().filter(~one.is_housed).label("waiting"),
                func.min(one.first_at).filter(~one.is_housed).label("oldest_at"),
            )
        )
    ).one()
    return DaloCount(**{**row._mapping, "presentations": int(row.presentations)})


def _households(scope: Scope) -> Subquery:
    is_then = and_(
        candidates.c.presented_at >= scope.from_at, candidates.c.presented_at < scope.until_at
    )
    is_leased = and_(
        orientations.c.attributed_candidate_id == candidates.c.id,
        orientations.c.leased_on.is_not(None),
    )
    leased_then = and_(is_leased, orientations.c.leased_on.between(scope.from_on, scope.until_on))
    return (
        select(
            func.min(candidates.c.presented_at).label("first_at"),
            func.count().filter(is_then).label("presentations"),
            func.bool_or(is_leased).label("is_housed"),
            func.bool_or(leased_then).label("is_housed_then"),
        )
        .join(orientations, orientations.c.id == candidates.c.orientation_id)
        .where(
            candidates.c.is_dalo,
            candidates.c.withdrawn_at.is_(None),
            candidates.c.presented_at < scope.until_at,
            *_inside(scope),
        )
        .group_by(candidates.c.nud)
        .subquery()
    )


async def list_dalo_endings(db: Executor, scope: Scope, *, limit: int) -> list[DaloEnding]:
    """The last first."""
    rows: Any = await db.execute(
        select(
            decisions.c.id,
            decisions.c.orientation_id,
            decisions.c.decided_at,
            *_NAMED,
            decisions.c.contingent,
            communes.c.name.label("commune_name"),
            decisions.c.outcome,
            decisions.c.reason,
        )
        .join(orientations, orientations.c.id == decisions.c.orientation_id)
        .join(_BAILLEUR, _BAILLEUR.c.id == decisions.c.bailleur_id)
        .join(_RESERVATAIRE, _RESERVATAIRE.c.id == decisions.c.reservataire_id)
        .join(communes, communes.c.insee == orientations.c.insee)
        .where(
            decisions.c.is_dalo,
            decisions.c.outcome.in_(ENDINGS),
            decisions.c.decided_at >= scope.from_at,
            decisions.c.decided_at < scope.until_at,
            *_inside(scope),
        )
        .order_by(decisions.c.decided_at.desc(), decisions.c.id.desc())
        .limit(limit)
    )
    return [DaloEnding(**row._mapping) for row in rows]


async def list_epcis(db: Executor) -> dict[str, str]:
    """The EPCI of the department, by name."""
    rows = await db.execute(select(epcis.c.siren, epcis.c.name).order_by(epcis.c.name))
    return {row.siren: row.name for row in rows}
