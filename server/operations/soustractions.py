"""Vacancies withdrawn from the flux: counted as they come, expected a year ahead (art. 2.3, 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.db import charte as rows
from server.db import flux
from server.db.charte import WithdrawnVacancy
from server.domain import charte as law
from server.domain.charte import Category
from server.domain.deadlines import local_day
from server.domain.dwellings import MutationShare, mutation_share
from server.errors import Forbidden, Invalid, Motif
from server.operations.journal import Act, record
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIRST_LETTING = "first_letting"
MOST = 10_000
LAST_FORECAST_DAY = (2, 27)
"""« Avant le 28 février » (art. 7)."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A year of a bailleur: its share against the charte's ceiling, what each operation took.

    `withdrawn` are the operations that the charte of today lets the bailleur withdraw; the 10 %
    is counted on its vacancies of the whole département, `by_epci` informs only.
    """

    year: int
    share: MutationShare
    withdrawn: tuple[Category, ...]
    counts: Mapping[str, int]
    by_epci: Sequence[tuple[str, MutationShare]]
    forecast: Mapping[str, int]


def _of_bailleur(tx: TenantTransaction) -> None:
    require(tx.actor, Permission.VACANCY_READ)
    if tx.actor.capacity is not Capacity.BAILLEUR:
        raise Forbidden


def _share(natures: Mapping[str, int], ceiling_bp: int) -> MutationShare:
    counted = sum(number for nature, number in natures.items() if nature != FIRST_LETTING)
    return mutation_share(
        count=natures.get(Category.MUTATION, 0), total=counted, ceiling_bp=ceiling_bp
    )


async def standing(tx: TenantTransaction, year: int) -> Standing:
    """Since 1 January, as it comes: it warns, it never blocks."""
    _of_bailleur(tx)
    versions = await rows.list_versions(tx)
    ceiling_bp = law.of_year(versions, year).parameters.mutation_rate_bp
    until_on = min(date(year, 12, 31), local_day(tx.now))
    natures = await flux.count_natures(tx, from_on=date(year, 1, 1), until_on=until_on)
    return Standing(
        year=year,
        share=_share(natures, ceiling_bp),
        withdrawn=law.in_force(versions, until_on).parameters.withdrawn,
        counts={one: natures.get(one, 0) for one in Category},
        by_epci=_by_epci(await rows.count_by_epci(tx, year, until_on), ceiling_bp),
        forecast=await rows.list_forecasts(tx, year),
    )


def _by_epci(
    counted: Sequence[tuple[str, str, int]], ceiling_bp: int
) -> list[tuple[str, MutationShare]]:
    found: dict[str, Counter[str]] = {}
    for epci, nature, number in counted:
        found.setdefault(epci, Counter())[nature] += number
    return [(epci, _share(natures, ceiling_bp)) for epci, natures in found.items()]


async def list_withdrawn(
    tx: TenantTransaction, year: int, category: str | None = None
) -> list[WithdrawnVacancy]:
    """The vacancies counted that year, the newest first."""
    _of_bailleur(tx)
    wanted = tuple(one.value for one in Category if category in (None, one.value))
    return await rows.list_withdrawn(tx, year, wanted)


async def forecast_of(tx: TenantTransaction, year: int) -> Mapping[str, int]:
    """What the bailleur said it expects that year, by category; empty until it is given."""
    require(tx.actor, Permission.BILAN_PUBLISH)
    return await rows.list_forecasts(tx, year)


def check_forecast(numbers: Mapping[str, int], year: int, today: date) -> None:
    """A whole number for each operation, for this year or the next one; Invalid says what not."""
    if not today.year <= year <= today.year + 1:
        message = f"Le prévisionnel porte sur {today.year} ou {today.year + 1}."
        raise Invalid(Motif(code="year_invalid", message=message, field="year"))
    wrong = [one for one in Category if not 0 <= numbers.get(one, 0) <= MOST]
    if wrong:
        message = f"Indiquez un nombre de logements, de 0 à {MOST}."
        raise Invalid(*(Motif(code="number_invalid", message=message, field=one) for one in wrong))


async def save_forecast(tx: TenantTransaction, year: int, numbers: Mapping[str, int]) -> None:
    """Due before 28 February; it goes to the réservataires with the bilan (art. 7)."""
    require(tx.actor, Permission.BILAN_PUBLISH)
    check_forecast(numbers, year, local_day(tx.now))
    given = {one.value: numbers.get(one, 0) for one in Category}
    before = await rows.list_forecasts(tx, year)
    await rows.save_forecasts(tx, tx.actor.tenant_id, year, given, tx.now)
    await record(
        tx,
        Act(
            act="soustraction.forecast",
            subject_kind="soustraction",
            subject_id=tx.actor.tenant_id,
            bailleur_id=tx.actor.tenant_id,
            facts={"year": year, "before": dict(before), "numbers": given},
        ),
    )
