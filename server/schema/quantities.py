"""Numbers of the flux as the API writes them: exact, in text, with the integer behind."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import strawberry

from server.domain.annexe import WHOLE_BP, rate_text
from server.domain.flux import UNIT

_EXACT = Decimal("0.0001")


@strawberry.type(description="Un nombre de logements, exact au dix-millième.")
class Quantity:
    dwellings: str = strawberry.field(
        description="En logements, avec un point et quatre décimales : 1.0700."
    )
    units: int = strawberry.field(description="En dix-millièmes de logement : 10700.")


@strawberry.type(description="Un taux, arrondi au centième de pour cent, moitié vers le haut.")
class Rate:
    percent: str = strawberry.field(
        description="En pour cent, avec un point et deux décimales : 4.84."
    )
    basis_points: int = strawberry.field(description="En centièmes de pour cent : 484.")
    exact: str = strawberry.field(
        description="La fraction exacte, avant arrondi : 31/640 ; un taux imposé est une fraction "
        "de 10000 réduite."
    )


@dataclass(frozen=True, kw_only=True)
class QuantityOf:
    units: int

    @property
    def dwellings(self) -> str:
        return str((Decimal(self.units) / UNIT).quantize(_EXACT))


@dataclass(frozen=True, kw_only=True)
class RateOf:
    basis_points: int
    fraction: Fraction

    @property
    def percent(self) -> str:
        return rate_text(self.basis_points)

    @property
    def exact(self) -> str:
        return f"{self.fraction.numerator}/{self.fraction.denominator}"


def quantity(units: int) -> QuantityOf:
    return QuantityOf(units=units)


def signed_rate(basis_points: int) -> RateOf:
    """A rate known only as signed, in 1/100 %."""
    return RateOf(basis_points=basis_points, fraction=Fraction(basis_points, WHOLE_BP))
