"""From plain rows to the three volets and their controls (art. 7, R441-5-1).

An act counts in the year of its own date, so that a chain may cross 31 December.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from server.domain.bilans.rows import (
    ASSIETTE_NATURES,
    Bilan,
    Cell,
    Check,
    DetailRow,
    Dimension,
    Figures,
    Nature,
    OrientationRow,
    OutRow,
    PartyFigures,
    VacancyRow,
)
from server.domain.dwellings import (
    MUTATION_CEILING_BP,
    Financing,
    MutationShare,
    Period,
    Typology,
    mutation_share,
)
from server.domain.flux import BAILLEUR, UNIT, CommuneRates, Indicator, RateBook
from server.domain.orientations import ORIENTED_STATES, State


class Earned(NamedTuple):
    """One dwelling counted for a party under an indicator."""

    party_key: str
    indicator: Indicator
    vacancy: VacancyRow


Counts: TypeAlias = dict[tuple[str, str], Counter[str]]
"""By party and value of a breakdown (empty in the totals): the indicators and `due`."""

_DUE = "due"

_ORDERS: Mapping[Dimension, Sequence[str]] = {
    Dimension.TYPOLOGY: tuple(Typology),
    Dimension.FINANCING: tuple(Financing),
    Dimension.QPV: ("yes", "no"),
    Dimension.PERIOD: tuple(Period),
}
"""Order of the values in the tables; communes go by INSEE code."""


def compile_bilan(
    year: int,
    vacancies: Sequence[VacancyRow],
    orientations: Sequence[OrientationRow],
    history: Sequence[CommuneRates],
    *,
    basis: Indicator = Indicator.ORIENTED,
    ceiling_bp: int = MUTATION_CEILING_BP,
) -> Bilan:
    """Compile the bilan of a civil year from plain rows (R441-5-1).

    `vacancies` holds those of the year and those of every orientation given; KeyError otherwise.
    The order of parties is the annexe's, bailleur last; `ceiling_bp` is the charte's that year.
    """
    detailed = tuple(_detailed(year, vacancies, orientations))
    earned = tuple(_earned(year, detailed))
    book = RateBook(history)
    shared = [
        (one, book.shares(one.insee, one.on))
        for one in vacancies
        if _is_in(year, one.on) and one.is_in_flux
    ]
    keys = _party_keys(history, earned)
    totals = _count(shared, earned, dimension=None)
    tables = {one: _count(shared, earned, dimension=one) for one in Dimension}
    return Bilan(
        year=year,
        basis=basis,
        detailed=detailed,
        parties=tuple(
            PartyFigures(party_key=key, figures=_figures(totals[key, ""], basis)) for key in keys
        ),
        consolidated={one: _cells(table, keys, one, basis) for one, table in tables.items()},
        out_of_flux=_out_rows(year, vacancies),
        mutations=_mutations(year, vacancies, ceiling_bp),
        checks=(*_sum_checks(totals, tables, len(shared)), *_row_checks(year, vacancies, detailed)),
    )


def _is_in(year: int, day: date | None) -> bool:
    return day is not None and day.year == year


def _detailed(
    year: int, vacancies: Sequence[VacancyRow], orientations: Sequence[OrientationRow]
) -> Iterator[DetailRow]:
    """Orientations of the year, then its vacancies without any, urgencies always."""
    by_key = {one.key: one for one in vacancies}
    told = set()
    for one in orientations:
        days = (one.sent_on, one.attributed_on, one.leased_on)
        if one.state is not State.DRAFT and any(_is_in(year, day) for day in days):
            told.add(one.vacancy_key)
            yield DetailRow(vacancy=by_key[one.vacancy_key], orientation=one)
    for vacancy in vacancies:
        is_told = vacancy.key in told and vacancy.nature is not Nature.URGENCY
        if _is_in(year, vacancy.on) and not is_told:
            yield DetailRow(vacancy=vacancy, orientation=None)


def _earned(year: int, detailed: Sequence[DetailRow]) -> Iterator[Earned]:
    """What counts in the year: each offer, one attribution a dwelling a caleol, one lease."""
    seen = set()
    for row in detailed:
        if not row.vacancy.is_in_flux:
            continue
        for one, mark in _row_earned(row):
            if _is_in(year, mark[2]) and mark not in seen:
                seen.add(mark)
                yield one


def _row_earned(row: DetailRow) -> Iterator[tuple[Earned, tuple[str, str, date | None]]]:
    """Each count of a row with the mark that makes it unique: whose, which, on what day."""
    vacancy, orientation = row.vacancy, row.orientation
    if orientation is None:
        if vacancy.nature is Nature.URGENCY and vacancy.charged_to is not None:
            for indicator in (Indicator.ORIENTED, Indicator.ATTRIBUTED):
                earned = Earned(vacancy.charged_to, indicator, vacancy)
                yield earned, (vacancy.key, indicator, vacancy.on)
        return
    party = orientation.charged_key
    if orientation.state in ORIENTED_STATES:
        mark = (orientation.key, Indicator.ORIENTED, orientation.sent_on)
        yield Earned(party, Indicator.ORIENTED, vacancy), mark
    mark = (vacancy.key, Indicator.ATTRIBUTED, orientation.attributed_on)
    yield Earned(party, Indicator.ATTRIBUTED, vacancy), mark
    mark = (vacancy.key, Indicator.LEASED, orientation.leased_on)
    yield Earned(party, Indicator.LEASED, vacancy), mark


def _party_keys(history: Sequence[CommuneRates], earned: Sequence[Earned]) -> tuple[str, ...]:
    keys = [key for commune in history for key, _ in commune.rates]
    keys.extend(one.party_key for one in earned)
    return (*(key for key in dict.fromkeys(keys) if key != BAILLEUR), BAILLEUR)


def _count(
    shared: Sequence[tuple[VacancyRow, dict[str, int]]],
    earned: Sequence[Earned],
    *,
    dimension: Dimension | None,
) -> Counts:
    counts: Counts = defaultdict(Counter)
    for vacancy, parts in shared:
        value = vacancy.value(dimension) if dimension else ""
        for key, share in parts.items():
            counts[key, value][_DUE] += share
    for one in earned:
        value = one.vacancy.value(dimension) if dimension else ""
        counts[one.party_key, value][one.indicator] += 1
    return counts


def _figures(counts: Counter[str], basis: Indicator) -> Figures:
    return Figures(
        due=counts[_DUE],
        oriented=counts[Indicator.ORIENTED],
        attributed=counts[Indicator.ATTRIBUTED],
        leased=counts[Indicator.LEASED],
        gap=counts[basis] * UNIT - counts[_DUE],
    )


def _cells(
    counts: Counts, keys: Sequence[str], dimension: Dimension, basis: Indicator
) -> tuple[Cell, ...]:
    order = _ORDERS.get(dimension) or sorted({value for _, value in counts})
    return tuple(
        Cell(party_key=key, value=value, figures=_figures(counts[key, value], basis))
        for key in keys
        for value in order
        if (key, value) in counts
    )


def _out_rows(year: int, vacancies: Sequence[VacancyRow]) -> tuple[OutRow, ...]:
    out = [one for one in vacancies if _is_in(year, one.on) and not one.is_in_flux]
    names = {one.insee: one.commune_name for one in out}
    counts = Counter((one.nature, one.insee, one.typology) for one in out)
    order = list(Nature)
    return tuple(
        OutRow(
            nature=nature, insee=insee, commune_name=names[insee], typology=typology, count=count
        )
        for (nature, insee, typology), count in sorted(
            counts.items(), key=lambda one: (order.index(one[0][0]), one[0][1], one[0][2])
        )
    )


def _mutations(year: int, vacancies: Sequence[VacancyRow], ceiling_bp: int) -> MutationShare:
    natures = Counter(one.nature for one in vacancies if _is_in(year, one.on))
    return mutation_share(
        count=natures[Nature.MUTATION],
        total=sum(natures[nature] for nature in ASSIETTE_NATURES),
        ceiling_bp=ceiling_bp,
    )


def _sum_checks(totals: Counts, tables: Mapping[Dimension, Counts], shared: int) -> Iterator[Check]:
    """What is due adds up to the vacancies, and every breakdown to the totals."""
    yield Check(code="due", expected=shared * UNIT, found=_sum(totals, _DUE))
    for dimension, table in tables.items():
        for indicator in Indicator:
            code = f"{dimension}_{indicator}"
            whole, split = _sum(totals, indicator), _sum(table, indicator)
            yield Check(code=code, expected=whole, found=split)


def _sum(counts: Counts, name: str) -> int:
    return sum(one[name] for one in counts.values())


def _row_checks(
    year: int, vacancies: Sequence[VacancyRow], detailed: Sequence[DetailRow]
) -> Iterator[Check]:
    """Every vacancy of the year is told, and no lease lacks its attribution."""
    of_year = {one.key for one in vacancies if _is_in(year, one.on)}
    told = {row.vacancy.key for row in detailed if _is_in(year, row.vacancy.on)}
    yield Check(code="vacancies", expected=len(of_year), found=len(told))
    orphans = sum(
        row.orientation is not None
        and row.orientation.leased_on is not None
        and row.orientation.attributed_on is None
        for row in detailed
    )
    yield Check(code="leases_without_attribution", expected=0, found=orphans)
