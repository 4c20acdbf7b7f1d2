"""The position of the flux: annexes 1, their rates and how each was computed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from server.domain.annexe import CommuneShare, CommuneStock, Totals, rate_text
from server.domain.annexe import ExclusionCode as Exclusion
from server.domain.flux import Indicator, Position
from server.errors import Invalid, Motif
from server.operations import flux as operations
from server.schema.codes import ContingentCode, ExclusionCode, IndicatorCode
from server.schema.context import Info
from server.schema.quantities import Quantity, fraction_text, quantity

FIRST_YEAR = 2000
LAST_YEAR = 2100
IMPOSED = "taux imposé par la convention de l'État (R441-5-2)"
COMPUTED = "droits ÷ A du périmètre, arrondi au centième de pour cent, moitié vers le haut (art. 4)"


@strawberry.type(description="Une colonne de B : des logements exclus de l'assiette (art. 2.2).")
class ExclusionCount:
    code: str = strawberry.field(description="Motif d'exclusion.", graphql_type=ExclusionCode)
    count: int = strawberry.field(description="Nombre de logements.")


@strawberry.type(description="L'assiette : A, B et C = A - B, en logements.")
class Assiette:
    total: int = strawberry.field(description="A : logements de la commune au 1er janvier.")
    excluded: int = strawberry.field(description="B : logements exclus de l'assiette.")
    flux: int = strawberry.field(description="C = A - B : logements de l'assiette.")
    exclusions: list[ExclusionCount] = strawberry.field(description="B, motif par motif.")


@strawberry.type(description="Une commune de l'annexe 1.")
class FluxCommune:
    insee: str = strawberry.field(description="Code INSEE.")
    name: str = strawberry.field(description="Nom de la commune.")
    assiette: Assiette = strawberry.field(description="A, B et C de la commune.")
    bailleur_share: str = strawberry.field(
        description="Part du bailleur en pour cent : ce que laissent les taux signés. 20.72."
    )
    bailleur_share_bp: int = strawberry.field(description="La même en centièmes de pour cent.")
    bailleur_share_exact: str = strawberry.field(
        description="La même avant tout arrondi, en fraction."
    )


@strawberry.type(description="Comment un taux a été calculé, pour pouvoir le refaire.")
class RateExplanation:
    formula: str = strawberry.field(description="La règle, en une phrase.")
    numerator: str = strawberry.field(description="Les droits, en logements.")
    denominator: int = strawberry.field(description="A du périmètre de la ligne.")
    perimeter: list[str] = strawberry.field(description="Les communes du périmètre.")
    annexe_version: int = strawberry.field(description="Version de l'annexe 1.")
    published_at: datetime | None = strawberry.field(description="Date de sa publication.")


@strawberry.type(description="Où en est un organisme, du 1er janvier à ce jour.")
class FluxPosition:
    due: Quantity = strawberry.field(
        description="Quota de l'année : ce que les libérations lui ont donné."
    )
    carried: Quantity = strawberry.field(
        description="Solde reporté des années passées ; négatif, en retard."
    )
    received: Quantity = strawberry.field(
        description="Ce que le registre lui a compté dans l'année, sur la base de l'écart."
    )
    oriented: Quantity = strawberry.field(description="Logements orientés vers lui.")
    attributed: Quantity = strawberry.field(description="Logements attribués en CALEOL.")
    leased: Quantity = strawberry.field(description="Logements attribués suivis d'un bail.")
    gap: Quantity = strawberry.field(
        description="Écart : solde reporté, plus compté, moins quota ; négatif, en retard."
    )


@strawberry.type(description="Une ligne de l'annexe 1 : un réservataire et son taux.")
class FluxLine:
    reservataire_id: UUID = strawberry.field(description="Identifiant du réservataire.")
    reservataire_name: str = strawberry.field(description="Nom du réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    perimeter: list[str] = strawberry.field(description="Les communes du périmètre.")
    droits: str = strawberry.field(description="Droits, en logements.")
    denominator: int = strawberry.field(description="A du périmètre, dénominateur du taux.")
    rate: str = strawberry.field(description="Taux annuel en pour cent : 4.84.")
    rate_bp: int = strawberry.field(description="Taux annuel en centièmes de pour cent : 484.")
    rate_exact: str = strawberry.field(description="Taux avant arrondi, en fraction : 31/640.")
    explanation: RateExplanation = strawberry.field(description="D'où vient ce taux.")
    position: FluxPosition | None = strawberry.field(
        description="Où en est le réservataire ; absent pour qui n'a pas accès à ce compte : un "
        "réservataire ne voit que les siens, un EPCI aucun."
    )


@strawberry.type(
    description="Une annexe 1 et la position de ses lignes. Il n'y a pas de total des taux : "
    "leurs dénominateurs diffèrent."
)
class FluxBoard:
    annexe_id: UUID = strawberry.field(description="Identifiant de l'annexe 1.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    epci_siren: str = strawberry.field(description="SIREN de l'EPCI.")
    epci_name: str = strawberry.field(description="Nom de l'EPCI.")
    year: int = strawberry.field(description="Année de l'annexe.")
    version: int = strawberry.field(description="Version de l'annexe.")
    published_at: datetime | None = strawberry.field(description="Date de publication.")
    counted_on: date = strawberry.field(description="Jour auquel les comptes sont arrêtés.")
    communes: list[FluxCommune] = strawberry.field(description="Les communes et leur assiette.")
    assiette: Assiette = strawberry.field(description="A, B et C de l'EPCI.")
    lines: list[FluxLine] = strawberry.field(
        description="Toutes les lignes de l'annexe publiée, dans son ordre."
    )
    total_droits: str = strawberry.field(description="Total des droits, en logements.")
    bailleur_position: FluxPosition | None = strawberry.field(
        description="Où en est la part du bailleur ; absent pour un réservataire et un EPCI."
    )
    vacancy_count: int = strawberry.field(description="Libérations comptées dans le flux.")
    indicator: str = strawberry.field(
        description="Le compte qui sert de base à l'écart.", graphql_type=IndicatorCode
    )


# --- From the operations ----------------------------------------------------------------------


def _assiette(row: CommuneStock | Totals) -> Assiette:
    return Assiette(
        total=row.total,
        excluded=row.excluded,
        flux=row.flux,
        exclusions=[
            ExclusionCount(code=one.value, count=row.exclusions.get(one, 0)) for one in Exclusion
        ],
    )


def flux_commune(share: CommuneShare) -> FluxCommune:
    return FluxCommune(
        insee=share.stock.insee,
        name=share.stock.name,
        assiette=_assiette(share.stock),
        bailleur_share=rate_text(share.bailleur_share_bp),
        bailleur_share_bp=share.bailleur_share_bp,
        bailleur_share_exact=fraction_text(share.exact_bailleur_share),
    )


def number_text(value: Decimal) -> str:
    """Without useless zeros and without exponent: 31, 151.75."""
    return f"{value.normalize():f}"


def _position(standing: Position | None) -> FluxPosition | None:
    if standing is None:
        return None
    account = standing.account(Indicator.ORIENTED)
    return FluxPosition(
        due=quantity(account.due),
        carried=quantity(-account.carried),
        received=quantity(account.received),
        oriented=quantity(standing.oriented),
        attributed=quantity(standing.attributed),
        leased=quantity(standing.leased),
        gap=quantity(-account.lag),
    )


def _line(line: operations.FluxLine, board: operations.FluxBoard) -> FluxLine:
    rate, facts = line.rate, board.computed.facts
    droits = number_text(rate.droits)
    return FluxLine(
        reservataire_id=line.reservataire_id,
        reservataire_name=line.reservataire_name,
        contingent=line.contingent,
        perimeter=list(line.perimeter),
        droits=droits,
        denominator=rate.denominator,
        rate=rate_text(rate.rate_bp),
        rate_bp=rate.rate_bp,
        rate_exact=fraction_text(rate.exact),
        explanation=RateExplanation(
            formula=COMPUTED if rate.line.imposed_rate_bp is None else IMPOSED,
            numerator=droits,
            denominator=rate.denominator,
            perimeter=list(line.perimeter),
            annexe_version=facts.version,
            published_at=facts.published_at,
        ),
        position=_position(line.position),
    )


def _board(board: operations.FluxBoard, counted_on: date) -> FluxBoard:
    facts, annexe = board.computed.facts, board.computed.annexe
    return FluxBoard(
        annexe_id=facts.id,
        bailleur_id=facts.bailleur_id,
        bailleur_name=facts.bailleur_name,
        epci_siren=facts.epci_siren,
        epci_name=facts.epci_name,
        year=board.year,
        version=facts.version,
        published_at=facts.published_at,
        counted_on=counted_on,
        communes=[flux_commune(share) for share in annexe.communes],
        assiette=_assiette(annexe.totals),
        lines=[_line(line, board) for line in board.lines],
        total_droits=number_text(annexe.total_droits),
        bailleur_position=_position(board.bailleur_position),
        vacancy_count=board.vacancy_count,
        indicator=board.indicator.value,
    )


def checked_year(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        message = f"Indiquez une année entre {FIRST_YEAR} et {LAST_YEAR}."
        raise Invalid(Motif(code="year_invalid", message=message, field="year"))
    return year


async def flux_boards(
    info: Info,
    year: Annotated[int, strawberry.argument(description="Année de l'annexe 1.")],
    bailleur_id: Annotated[
        UUID | None, strawberry.argument(description="Ce bailleur seulement.")
    ] = None,
    epci_siren: Annotated[
        str | None, strawberry.argument(description="Cet EPCI seulement.")
    ] = None,
    on: Annotated[
        date | None,
        strawberry.argument(description="Position à la fin de ce jour de l'année."),
    ] = None,
) -> list[FluxBoard]:
    tx = await info.context.read()
    until = on if on and on.year == year else None
    found = await operations.boards(
        tx, checked_year(year), bailleur_id=bailleur_id, epci_siren=epci_siren, until=until
    )
    return [_board(one, operations.last_day(year, until, tx)) for one in found]
