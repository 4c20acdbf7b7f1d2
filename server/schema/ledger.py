"""The ledger of the flux: balances by party and stratum, moves, and the advice of a whole list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from server.db.ledgers import Balance
from server.domain.deadlines import end_of_day, local_day
from server.domain.flux import BAILLEUR, Indicator
from server.operations import advice, ledger
from server.operations.advice import Joint
from server.operations.ledger import TraceLine
from server.schema.codes import ContingentCode, IndicatorCode, LedgerMoveKind, StratumFamily
from server.schema.context import Info
from server.schema.dwellings import Advice, advice_of, party_of
from server.schema.flux import checked_year
from server.schema.paging import First
from server.schema.quantities import Quantity, quantity

MOST_MOVES = 100
BailleurId = Annotated[UUID, strawberry.argument(description="Le bailleur dont c'est le registre.")]
Basis = Annotated[
    str, strawberry.argument(description="Le compte choisi.", graphql_type=IndicatorCode)
]


@strawberry.type(description="La strate d'un logement dans une famille (R441-5-1).")
class Stratum:
    family: str = strawberry.field(
        description="Ce que la strate partage.", graphql_type=StratumFamily
    )
    value: str = strawberry.field(description="Sa valeur, en code ; vide pour le total.")


@strawberry.type(description="Le solde d'un organisme dans une strate, au registre.")
class LedgerBalance:
    party: str = strawberry.field(
        description="« bailleur », « pending » (libéré, pas encore orienté) ou « reservataire »."
    )
    reservataire_id: UUID | None = strawberry.field(description="Le réservataire, s'il en est un.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    family: str = strawberry.field(
        description="Ce que la strate partage.", graphql_type=StratumFamily
    )
    value: str = strawberry.field(description="Sa valeur, en code ; vide pour le total.")
    due: Quantity = strawberry.field(description="Quota de l'année.")
    received: Quantity = strawberry.field(description="Compté dans l'année.")
    carried: Quantity = strawberry.field(
        description="Solde reporté des années passées ; positif, en retard."
    )
    moved: Quantity = strawberry.field(
        description="Reçu d'une convention expirée, ou laissé par elle."
    )
    lag: Quantity = strawberry.field(description="Solde ; positif, en retard.")


@strawberry.type(description="Ce qu'une écriture donne à un organisme, dans chaque strate.")
class LedgerAmount:
    party: str = strawberry.field(description="« bailleur », « pending » ou « reservataire ».")
    reservataire_id: UUID | None = strawberry.field(description="Le réservataire, s'il en est un.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    amount: Quantity = strawberry.field(description="Dû en plus ; négatif, reçu.")


@strawberry.type(description="Une écriture du registre ; ses montants s'annulent.")
class LedgerMove:
    position: int = strawberry.field(description="Son rang.")
    at: datetime = strawberry.field(description="Instant de l'acte.")
    kind: str = strawberry.field(description="Ce qu'elle fait.", graphql_type=LedgerMoveKind)
    vacancy_id: UUID | None = strawberry.field(description="La libération, s'il y en a une.")
    settings_version: str = strawberry.field(description="Version de la charte ce jour-là.")
    strata: list[Stratum] = strawberry.field(description="Les strates où elle compte.")
    amounts: list[LedgerAmount] = strawberry.field(
        description="Ses montants ; un réservataire lit les siens seulement."
    )


@strawberry.type(description="Une libération dans la proposition d'une liste entière.")
class JointAdvice:
    vacancy_id: UUID = strawberry.field(description="La libération.")
    is_bailleur: bool = strawberry.field(description="S'il s'agit de la part du bailleur.")
    reservataire_id: UUID | None = strawberry.field(description="À qui la proposer.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    is_exchanged: bool = strawberry.field(
        description="Si la proposition diffère de celle du logement pris seul."
    )
    alone: Advice = strawberry.field(description="Le conseil du logement pris seul.")


def _kind_of(key: str) -> str:
    return "reservataire" if ":" in key else key


def _balance(row: Balance) -> LedgerBalance:
    return LedgerBalance(
        party=_kind_of(row.party),
        **vars(party_of(row.party)),
        family=row.family,
        value=row.value,
        due=quantity(row.due),
        received=quantity(row.received),
        carried=quantity(row.carried),
        moved=quantity(row.moved),
        lag=quantity(row.lag),
    )


def _move(line: TraceLine) -> LedgerMove:
    return LedgerMove(
        position=line.position,
        at=line.at,
        kind=line.kind,
        vacancy_id=line.vacancy_id,
        settings_version=line.settings_version,
        strata=[Stratum(family=family, value=value) for family, value in line.strata.items()],
        amounts=[
            LedgerAmount(
                party=_kind_of(key), **vars(party_of(key)), amount=quantity(line.amounts[key])
            )
            for key in sorted(line.amounts)
        ],
    )


def _joint(one: Joint) -> JointAdvice:
    return JointAdvice(
        vacancy_id=one.vacancy.id,
        is_bailleur=one.party_key == BAILLEUR,
        **vars(party_of(one.party_key)),
        is_exchanged=one.is_exchanged,
        alone=advice_of(one.explained),
    )


async def ledger_balances(
    info: Info,
    bailleur_id: BailleurId,
    year: Annotated[
        int | None, strawberry.argument(description="L'année des quotas ; celle-ci par défaut.")
    ] = None,
    basis: Basis = Indicator.ORIENTED.value,
    on: Annotated[
        date | None,
        strawberry.argument(
            description="Soldes à la fin de ce jour, refaits des écritures ; l'année est la sienne."
        ),
    ] = None,
) -> list[LedgerBalance]:
    tx = await info.context.read()
    if on is not None:
        past = await ledger.balances_on(tx, bailleur_id, end_of_day(on), basis=Indicator(basis))
        return [_balance(row) for row in past]
    found = await ledger.balances(
        tx,
        local_day(tx.now).year if year is None else checked_year(year),
        bailleur_id=bailleur_id,
        basis=Indicator(basis),
    )
    return [_balance(row) for row in found]


async def ledger_moves(
    info: Info,
    bailleur_id: BailleurId,
    basis: Basis = Indicator.ORIENTED.value,
    first: First = MOST_MOVES,
    before: Annotated[
        int | None, strawberry.argument(description="Avant cette écriture seulement.")
    ] = None,
) -> list[LedgerMove]:
    tx = await info.context.read()
    limit = max(0, min(first, MOST_MOVES))
    found = await ledger.trace(tx, bailleur_id, basis=Indicator(basis), before=before, limit=limit)
    return [_move(line) for line in found]


async def joint_advice(info: Info) -> list[JointAdvice]:
    return [_joint(one) for one in await advice.advise_together(await info.context.read())]
