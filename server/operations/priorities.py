"""Priority households: who they were attributed to, against the 25 %; the DALO ones (art. 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from server.db import department
from server.db import priorities as rows
from server.db.priorities import AttributionCount, DaloCount, DaloEnding, Scope
from server.domain.annexe import STATE, Contingent
from server.domain.deadlines import end_of_day, local_day
from server.domain.flux import Indicator
from server.domain.priorities import Share, keep_secret, total_of
from server.operations.flux import party_key, party_name
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

MOST_ENDINGS = 50
INDICATORS = (Indicator.ATTRIBUTED, Indicator.LEASED)
"""What may be counted: the attributions of the caleol, or those followed by a lease."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A year, and one bailleur or one EPCI of it when chosen."""

    year: int
    indicator: Indicator = Indicator.ATTRIBUTED
    bailleur_id: UUID | None = None
    epci_siren: str | None = None


@dataclass(frozen=True, kw_only=True)
class PriorityShares:
    """The shares of a year, the State's contingents apart, small counts marked secret.

    `rs_total` counts the attributions of the RS contingent, all for priority households.
    """

    bailleurs: tuple[Share, ...]
    reservataires: tuple[Share, ...]
    epcis: tuple[Share, ...]
    total: Share
    rs_total: int


@dataclass(frozen=True, kw_only=True)
class PriorityOverview:
    """What the préfecture follows: the DALO households, and the 25 % of each."""

    asked: Asked
    this_year: int
    now: datetime
    shares: PriorityShares
    dalo: DaloCount
    endings: tuple[DaloEnding, ...]
    has_more_endings: bool
    bailleurs: dict[UUID, str]
    epcis: dict[str, str]


def _scope(asked: Asked, today: date) -> Scope:
    first, last = date(asked.year, 1, 1), min(date(asked.year, 12, 31), today)
    return Scope(
        from_on=first,
        until_on=last,
        from_at=end_of_day(first - timedelta(days=1)),
        until_at=end_of_day(last),
        bailleur_id=asked.bailleur_id,
        epci_siren=asked.epci_siren,
    )


async def shares(tx: TenantTransaction, asked: Asked) -> PriorityShares:
    """One statement; row-level security decides what each party counts."""
    require(tx.actor, Permission.CANDIDATES_READ)
    scope = _scope(asked, local_day(tx.now))
    counts = await rows.count_attributions(tx, scope, indicator=asked.indicator.value)
    bound = [one for one in counts if Contingent(one.contingent) not in STATE]
    hides = tx.actor.capacity is Capacity.PREFECTURE
    bailleurs = _told(bound, lambda one: (str(one.bailleur_id), one.bailleur_name), hides=hides)
    total = total_of(bailleurs)
    return PriorityShares(
        bailleurs=bailleurs,
        reservataires=_told(bound, _party, hides=hides),
        epcis=_told(bound, lambda one: (one.epci_siren, one.epci_name), hides=hides),
        total=total if hides else replace(total, is_secret=False),
        rs_total=sum(one.total for one in counts if one.contingent == Contingent.RS),
    )


def _party(one: AttributionCount) -> tuple[str, str]:
    name = party_name(one.reservataire_name, one.contingent)
    return party_key(one.reservataire_id, one.contingent), name


def _told(
    counts: Iterable[AttributionCount],
    key_of: Callable[[AttributionCount], tuple[str, str]],
    *,
    hides: bool,
) -> tuple[Share, ...]:
    """One row a key, by name; a party always reads its own counts whole."""
    found: dict[str, Share] = {}
    for one in counts:
        key, name = key_of(one)
        before = found.get(key, Share(key=key, name=name, priority=0, total=0))
        found[key] = replace(
            before, priority=before.priority + one.priority, total=before.total + one.total
        )
    ordered = sorted(found.values(), key=lambda one: one.name)
    return keep_secret(ordered) if hides else tuple(ordered)


async def overview(tx: TenantTransaction, asked: Asked) -> PriorityOverview:
    """Five statements, whatever the number of households; what is asked wrongly is left out."""
    require(tx.actor, Permission.DEPARTMENT_READ)
    today = local_day(tx.now)
    bailleurs = await department.list_bailleurs(tx)
    epcis = await rows.list_epcis(tx)
    asked = replace(
        asked,
        bailleur_id=asked.bailleur_id if asked.bailleur_id in bailleurs else None,
        epci_siren=asked.epci_siren if asked.epci_siren in epcis else None,
    )
    scope = _scope(asked, today)
    endings = await rows.list_dalo_endings(tx, scope, limit=MOST_ENDINGS + 1)
    return PriorityOverview(
        asked=asked,
        this_year=today.year,
        now=tx.now,
        shares=await shares(tx, asked),
        dalo=await rows.count_dalo(tx, scope),
        endings=tuple(endings[:MOST_ENDINGS]),
        has_more_endings=len(endings) > MOST_ENDINGS,
        bailleurs=bailleurs,
        epcis=epcis,
    )
