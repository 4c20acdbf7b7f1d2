"""Synthetic dwellings: none of these homes, nor any of their streets, exists.

Sizes follow the social stock of the département (47 657 dwellings in 2019: T1 7,7 %, T2 21,1 %,
T3 37,8 %, T4 26,9 %, T5 and more 6,6 %); years, surfaces and financings are plausible, no more.
The draw has a fixed seed: each demonstration has the same homes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from server.db.ids import new_id
from server.demo.world_patrimoine import Stock
from server.reference import sort_key

TYPOLOGIES = {"t1": 3652, "t2": 10034, "t3": 17999, "t4": 12831, "t5": 2600, "t6": 541}
SURFACES = {
    "t1": (26, 34),
    "t2": (42, 52),
    "t3": (60, 70),
    "t4": (74, 86),
    "t5": (90, 104),
    "t6": (108, 122),
}
STREETS = (
    "rue de la Maquette",
    "allée du Spécimen",
    "chemin du Prototype",
    "place de l'Échantillon",
    "avenue du Gabarit",
    "impasse du Brouillon",
    "route du Jeu d'Essai",
    "rue des Données Fictives",
)
DECADES = {1955: 6, 1966: 12, 1972: 16, 1979: 16, 1986: 12, 1993: 12, 2001: 10, 2008: 9, 2016: 7}
FLATS_A_BUILDING = 12
FIRST_YEAR_OF_TODAY_S_AIDS = 1977
FIRST_YEAR_OF_PLAI = 1990


def shares_of(total: int, weights: Mapping[Any, int]) -> list[Any]:
    """`total` values in proportion to the weights, by largest remainder."""
    whole = sum(weights.values())
    counts = {value: total * weight // whole for value, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda value: -(total * weights[value] % whole))
    for value in by_remainder[: total - sum(counts.values())]:
        counts[value] += 1
    return [value for value, count in counts.items() for _ in range(count)]


def _financing(year: int, draw: random.Random) -> str:
    if year < FIRST_YEAR_OF_TODAY_S_AIDS:
        return "other"
    if year < FIRST_YEAR_OF_PLAI:
        return "plus"
    return draw.choices(("plus", "plai", "pls"), weights=(55, 30, 15))[0]


def generate(bailleur: str, owner: object, stock: Stock, first: int) -> Iterator[dict[str, Any]]:
    """Rows of `dwellings` that add up to one row of annexe 1, numbered from `first`."""
    draw = random.Random(f"{bailleur}/{stock.insee}")  # noqa: S311 # homes of a demonstration
    sizes = shares_of(stock.total, TYPOLOGIES)
    draw.shuffle(sizes)
    reasons = [code for code, count in stock.exclusions.items() for _ in range(count)]
    exclusions = reasons + [None] * (stock.total - len(reasons))
    draw.shuffle(exclusions)
    buildings = -(-stock.total // FLATS_A_BUILDING)
    decades = shares_of(buildings, DECADES)
    draw.shuffle(decades)
    prefix = "".join(word[0] for word in bailleur.split("-")).upper()
    for index, (size, exclusion) in enumerate(zip(sizes, exclusions, strict=True)):
        building, flat = divmod(index, FLATS_A_BUILDING)
        year = decades[building] + building % 6
        street = STREETS[(building + int(stock.insee)) % len(STREETS)]
        number = 2 * (building // len(STREETS)) + 1 + building % 2
        address = f"{number} {street}, logement {flat + 1:02d}"
        yield {
            "id": new_id(),
            "bailleur_id": owner,
            "reference": f"{prefix}-{stock.insee}-{index + 1:04d}",
            "rpls_id": f"TST{first + index:07d}",
            "insee": stock.insee,
            "address": address,
            "sort_address": sort_key(address),
            "typology": size,
            "surface_m2": draw.randint(*SURFACES[size]),
            "financing": _financing(year, draw),
            "built_year": year,
            "exclusion": exclusion,
        }
