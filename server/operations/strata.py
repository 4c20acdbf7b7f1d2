"""Where the parties of one bailleur stand, stratum by stratum, now or on a day of the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from server.db import ledgers as rows
from server.db.ledgers import FamilyBalance, MatrixFilter
from server.domain.flux import Account, Indicator
from server.domain.ledger import Family
from server.errors import Forbidden, NotFound
from server.operations.annexe_rates import ComputedAnnexe, party_key
from server.operations.flux import bounds, last_day, list_annexes, party_name
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which matrix: a bailleur (the first that the actor reads if None), a family, a basis, up to
    the end of a day of the year.
    """

    year: int
    family: Family
    bailleur_id: UUID | None = None
    until: date | None = None
    basis: Indicator = Indicator.ORIENTED


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """`balances` are of the family and of the total; `parties` name the lines of the annexes in
    their order, `epcis` the communes of each EPCI, `communes` them all.
    """

    wanted: Wanted
    on: date
    bailleurs: Mapping[UUID, str]
    parties: Mapping[str, str]
    epcis: Mapping[str, tuple[str, Sequence[str]]]
    communes: Mapping[str, str]
    balances: Sequence[FamilyBalance]


async def matrix(tx: TenantTransaction, wanted: Wanted) -> Matrix:
    """For the bailleur and the préfecture, who read all the parties; Forbidden for the others.

    NotFound for a bailleur who asks another; the préfecture, which reads them all, gets the first
    one when the one it asks has no annexe that year.
    """
    require(tx.actor, Permission.FLUX_READ)
    if tx.actor.capacity not in (Capacity.BAILLEUR, Capacity.PREFECTURE):
        raise Forbidden
    computed = await list_annexes(tx, wanted.year)
    bailleurs = {one.facts.bailleur_id: one.facts.bailleur_name for one in computed}
    is_known = wanted.bailleur_id in bailleurs
    if wanted.bailleur_id and not is_known and tx.actor.capacity is not Capacity.PREFECTURE:
        raise NotFound
    owner = wanted.bailleur_id if is_known else next(iter(bailleurs), None)
    here = [one for one in computed if one.facts.bailleur_id == owner]
    asked = replace(wanted, bailleur_id=owner)
    return Matrix(
        wanted=asked,
        on=last_day(asked.year, asked.until, tx),
        bailleurs=bailleurs,
        parties=_parties(here),
        epcis={
            one.facts.epci_siren: (
                one.facts.epci_name,
                [share.stock.insee for share in one.annexe.communes],
            )
            for one in here
        },
        communes={
            share.stock.insee: share.stock.name for one in here for share in one.annexe.communes
        },
        balances=await _balances(tx, asked) if owner else (),
    )


def _parties(computed: Iterable[ComputedAnnexe]) -> dict[str, str]:
    return {
        party_key(line.reservataire_id, line.contingent): party_name(
            line.reservataire_name, line.contingent
        )
        for one in computed
        for line in one.facts.lines
    }


async def _balances(tx: TenantTransaction, wanted: Wanted) -> list[FamilyBalance]:
    kept = MatrixFilter(
        families=(Family.TOTAL.value, wanted.family.value),
        bailleur_id=wanted.bailleur_id,
        basis=wanted.basis.value,
    )
    if wanted.until is None:
        return await rows.list_family_balances(tx, kept, wanted.year)
    first, end = bounds(wanted.year, wanted.until, tx)
    return await rows.list_family_balances_on(tx, kept, first, end, own=False)


def account_of(one: FamilyBalance) -> Account:
    return Account(due=one.due, received=one.received, carried=one.carried, moved=one.moved)
