"""Numbers of the flux as the API writes them: exact, in text, with the integer behind."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import strawberry

from server.domain.flux import UNIT

_EXACT = Decimal("0.0001")


@strawberry.type(description="Un nombre de logements, exact au dix-millième.")
class Quantity:
    dwellings: str = strawberry.field(
        description="En logements, avec un point et quatre décimales : 1.0700."
    )
    units: int = strawberry.field(description="En dix-millièmes de logement : 10700.")


def quantity(units: int) -> Quantity:
    return Quantity(dwellings=str((Decimal(units) / UNIT).quantize(_EXACT)), units=units)


def fraction_text(value: Fraction) -> str:
    """A fraction in lowest terms: 31/640."""
    return f"{value.numerator}/{value.denominator}"
