"""The fairness of the flux for one line of the annexes: its part beside what there was to share."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from server.domain.fairness import Share
from server.domain.flux import Account, Indicator
from server.domain.ledger_sentences import stratum_label
from server.errors import NotFound
from server.operations import fairness as operations
from server.operations.annexe_rates import party_key
from server.operations.fairness import Wanted
from server.schema.codes import ContingentCode, IndicatorCode, StratumFamily
from server.schema.context import Info
from server.schema.dwellings import party_of
from server.schema.flux import checked_year
from server.schema.quantities import Quantity, quantity


@strawberry.type(description="Le compte d'une ligne au registre, sur l'année.")
class FluxAccount:
    due: Quantity = strawberry.field(description="Quota de l'année.")
    received: Quantity = strawberry.field(description="Compté dans l'année.")
    carried: Quantity = strawberry.field(
        description="Solde reporté des années passées ; positif, en retard."
    )
    lag: Quantity = strawberry.field(description="Solde ; positif, en retard.")


@strawberry.type(description="Le solde d'une ligne selon ce que l'on compte.")
class FluxBasis:
    indicator: str = strawberry.field(description="Ce qui est compté.", graphql_type=IndicatorCode)
    account: FluxAccount = strawberry.field(description="Le compte.")


@strawberry.type(description="Une ligne dans une strate, à côté de ce qu'il y avait à répartir.")
class FluxShare:
    family: str = strawberry.field(
        description="Ce que la strate partage.", graphql_type=StratumFamily
    )
    value: str = strawberry.field(description="Sa valeur, en code ; vide pour le total.")
    label: str = strawberry.field(description="Son nom.")
    freed: int | None = strawberry.field(
        description="Logements à répartir ; absent là où le reste serait les offres d'un seul "
        "autre organisme."
    )
    others: int | None = strawberry.field(
        description="Ce qui reste aux autres, à la part du bailleur ou à orienter ; absent de même."
    )
    offered: int = strawberry.field(description="Logements proposés à la ligne.")
    refused: int = strawberry.field(description="Parmi eux, ceux qu'elle a refusés.")
    account: FluxAccount = strawberry.field(description="Son compte au registre.")


@strawberry.type(description="L'équité du flux pour une ligne des annexes 1 (art. 5.1).")
class Fairness:
    reservataire_id: UUID | None = strawberry.field(
        description="Le réservataire ; absent si vous ne comptez aucune ligne cette année."
    )
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    counted_on: date = strawberry.field(description="Jour auquel les comptes sont arrêtés.")
    bases: list[FluxBasis] = strawberry.field(description="Son solde selon chaque compte.")
    shares: list[FluxShare] = strawberry.field(description="Strate par strate, le total d'abord.")


def account_view(account: Account) -> FluxAccount:
    return FluxAccount(
        due=quantity(account.due),
        received=quantity(account.received),
        carried=quantity(account.carried),
        lag=quantity(account.lag),
    )


def _share(one: Share, found: operations.Fairness) -> FluxShare:
    family, value = one.stratum
    return FluxShare(
        family=family.value,
        value=value,
        label=stratum_label(one.stratum, found.communes),
        freed=None if one.is_secret else one.freed,
        others=None if one.is_secret else one.others,
        offered=one.offered,
        refused=one.refused,
        account=account_view(one.account),
    )


def _check(asked: Wanted, found: Wanted) -> None:
    """A line or a bailleur that the actor may not count is absent."""
    is_line = not asked.party or asked.party == found.party
    if not is_line or asked.bailleur_id not in (None, found.bailleur_id):
        raise NotFound


async def fairness(
    info: Info,
    year: Annotated[int, strawberry.argument(description="L'année comptée.")],
    reservataire_id: Annotated[
        UUID | None,
        strawberry.argument(description="La ligne de ce réservataire ; la première par défaut."),
    ] = None,
    contingent: Annotated[
        str,
        strawberry.argument(description="Son contingent.", graphql_type=ContingentCode),
    ] = "none",
    bailleur_id: Annotated[
        UUID | None, strawberry.argument(description="Ce bailleur seulement.")
    ] = None,
    on: Annotated[
        date | None, strawberry.argument(description="Jusqu'à la fin de ce jour de l'année.")
    ] = None,
    basis: Annotated[
        str, strawberry.argument(description="Le compte choisi.", graphql_type=IndicatorCode)
    ] = Indicator.ORIENTED.value,
) -> Fairness:
    tx = await info.context.read()
    wanted = Wanted(
        year=checked_year(year),
        party=party_key(reservataire_id, contingent) if reservataire_id else "",
        bailleur_id=bailleur_id,
        until=on if on and on.year == year else None,
        basis=Indicator(basis),
    )
    found = await operations.fairness(tx, wanted)
    _check(wanted, found.wanted)
    return Fairness(
        **vars(party_of(found.wanted.party)),
        counted_on=found.on,
        bases=[
            FluxBasis(indicator=one.value, account=account_view(account))
            for one, account in found.totals.items()
        ],
        shares=[_share(one, found) for one in found.shares],
    )
