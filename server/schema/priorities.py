"""The share of priority households in the attributions, against the 25 % (L441-1)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.domain.flux import Indicator
from server.domain.priorities import Share
from server.operations import priorities
from server.schema.codes import PriorityBasis
from server.schema.context import Info
from server.schema.flux import checked_year

Row = strawberry.Parent[Share]

HIDDEN = "absent si le nombre est trop petit pour être communiqué"


def _priority(root: Row) -> int | None:
    return None if root.is_secret else root.priority


def _rate_bp(root: Row) -> int | None:
    return None if root.is_secret else root.rate_bp


def _is_reached(root: Row) -> bool | None:
    return None if root.is_secret else root.is_reached


@strawberry.type(description="La part d'un bailleur, d'un réservataire ou d'un EPCI.")
class PriorityShare:
    name: str = strawberry.field(description="Son nom.")
    priority = strawberry.field(
        resolver=_priority, description=f"Attributions à un ménage prioritaire ; {HIDDEN}."
    )
    total: int = strawberry.field(description="Attributions comptées.")
    rate_bp = strawberry.field(
        resolver=_rate_bp,
        description=f"La part en centièmes de pour cent ; {HIDDEN}, ou sans attribution.",
    )
    is_reached = strawberry.field(
        resolver=_is_reached, description="Si les 25 % sont atteints ; absent comme la part."
    )
    is_secret: bool = strawberry.field(description="Si le secret statistique s'applique.")


@strawberry.type(description="Les parts d'une année, hors contingents de l'État.")
class PriorityShares:
    total: PriorityShare = strawberry.field(description="Toutes les lignes ensemble.")
    bailleurs: list[PriorityShare] = strawberry.field(description="Par bailleur.")
    reservataires: list[PriorityShare] = strawberry.field(description="Par réservataire.")
    epcis: list[PriorityShare] = strawberry.field(description="Par EPCI.")
    rs_total: int = strawberry.field(
        description="Attributions du contingent RS, toutes pour des ménages prioritaires."
    )


async def priority_shares(
    info: Info,
    year: Annotated[int, strawberry.argument(description="Année comptée.")],
    basis: Annotated[
        str, strawberry.argument(description="Ce qui est compté.", graphql_type=PriorityBasis)
    ] = Indicator.ATTRIBUTED.value,
    bailleur_id: Annotated[
        UUID | None, strawberry.argument(description="Ce bailleur seulement.")
    ] = None,
    epci_siren: Annotated[
        str | None, strawberry.argument(description="Cet EPCI seulement.")
    ] = None,
) -> Any:
    asked = priorities.Asked(
        year=checked_year(year),
        indicator=Indicator(basis),
        bailleur_id=bailleur_id,
        epci_siren=epci_siren,
    )
    return await priorities.shares(await info.context.read(), asked)
