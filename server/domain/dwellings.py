"""Dwellings: which ones the flux applies to, and the bands of the bilan (art. 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.domain import labels
from server.domain.annexe import ExclusionCode
from server.errors import Motif

MUTATION_CEILING_BP = 1_000
"""10 % of the yearly vacancies serve the bailleur's own tenants (art. 2.3), in 1/100 %: what the
first conventions print. A year has its own in the charte (`domain.charte.of_year`).
"""

_WHOLE_BP = 10_000
_LARGEST_TYPOLOGY = 6


class Kind(StrEnum):
    """What a dwelling is; only the first one obeys the rules of attribution (art. 2.1)."""

    SOCIAL = "social"
    FOYER = "foyer"
    STUDENT = "student"
    INTERMEDIATE = "intermediate"


class Typology(StrEnum):
    T1 = "t1"
    T2 = "t2"
    T3 = "t3"
    T4 = "t4"
    T5 = "t5"
    T6 = "t6"


class Financing(StrEnum):
    PLAI = "plai"
    PLUS = "plus"
    PLS = "pls"
    OTHER = "other"


class Period(StrEnum):
    """Period of construction of the bilan; the bands are ours, the decree gives none (R441-5-1)."""

    BEFORE_1949 = "before_1949"
    FROM_1949 = "1949_1970"
    FROM_1971 = "1971_1990"
    FROM_1991 = "1991_2000"
    FROM_2001 = "2001_2010"
    FROM_2011 = "since_2011"
    UNKNOWN = "unknown"


LAST_YEARS = (
    (1948, Period.BEFORE_1949),
    (1970, Period.FROM_1949),
    (1990, Period.FROM_1971),
    (2000, Period.FROM_1991),
    (2010, Period.FROM_2001),
)


class Level(StrEnum):
    """How the share of internal moves stands; it warns and never blocks (art. 2.3)."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class DwellingFacts:
    """What decides whether a vacancy of this dwelling is in the flux.

    `delivered_on` is set for new housing, `exited_on` is the first day out of the stock (sale,
    demolition).
    """

    kind: Kind = Kind.SOCIAL
    exclusion: ExclusionCode | None = None
    delivered_on: date | None = None
    exited_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class MutationShare:
    """Internal moves among the year's vacancies: `ratio_bp` in 1/100 %, None without vacancy;
    `ceiling_bp` is the rule it was held to.
    """

    count: int
    total: int
    ratio_bp: int | None
    level: Level
    ceiling_bp: int = MUTATION_CEILING_BP


def enters_on(delivered_on: date) -> date:
    """When a new dwelling enters the assiette: 1 January after its delivery (art. 3)."""
    return date(delivered_on.year + 1, 1, 1)


def assiette_motifs(dwelling: DwellingFacts, on: date) -> tuple[Motif, ...]:
    """Why a vacancy of this day is outside the flux; empty if it is in (art. 2.1, 2.2 and 3).

    Codes: dwelling_never_in_assiette, dwelling_excluded, dwelling_new, dwelling_exited.
    """
    return tuple(_assiette_motifs(dwelling, on))


def _assiette_motifs(dwelling: DwellingFacts, on: date) -> Iterator[Motif]:
    if dwelling.kind is not Kind.SOCIAL:
        kind = labels.KINDS[dwelling.kind]
        message = f"Hors flux : {kind}, hors du champ des attributions (art. 2.1)."
        yield Motif(code="dwelling_never_in_assiette", message=message)
    if dwelling.exclusion is not None:
        reason = labels.EXCLUSION_REASONS[dwelling.exclusion]
        message = f"Hors flux : {reason} (art. 2.2)."
        yield Motif(code="dwelling_excluded", message=message)
    if dwelling.delivered_on is not None and on < enters_on(dwelling.delivered_on):
        entry = labels.french_day(enters_on(dwelling.delivered_on))
        message = f"Hors flux : logement neuf, dans l'assiette à partir du {entry} (art. 3)."
        yield Motif(code="dwelling_new", message=message)
    if dwelling.exited_on is not None and on >= dwelling.exited_on:
        exit_day = labels.french_day(dwelling.exited_on)
        message = f"Ce logement est sorti du patrimoine le {exit_day}."
        yield Motif(code="dwelling_exited", message=message)


@dataclass(frozen=True, kw_only=True)
class ExcludedPeriod:
    """`until_on` is the first day back in the assiette, None while it runs."""

    code: str
    from_on: date
    until_on: date | None = None


def exclusion_motifs(
    wanted: ExcludedPeriod,
    kind: Kind,
    periods: Iterable[ExcludedPeriod],
    *,
    opened: Iterable[ExclusionCode],
    today: date,
) -> tuple[Motif, ...]:
    """Why this exclusion cannot be recorded (art. 2.2).

    A fact is recorded the day it begins or later, never in advance; the one that runs is ended by
    the new one, at its first day. `opened` are the columns that the charte leaves open. Codes:
    exclusion_unknown, exclusion_not_in_charte, dwelling_never_in_assiette, exclusion_in_future,
    exclusion_overlaps, exclusion_unchanged.
    """
    return tuple(_exclusion_motifs(wanted, kind, tuple(periods), frozenset(opened), today))


def _exclusion_motifs(
    wanted: ExcludedPeriod,
    kind: Kind,
    periods: tuple[ExcludedPeriod, ...],
    opened: frozenset[ExclusionCode],
    today: date,
) -> Iterator[Motif]:
    if kind is not Kind.SOCIAL:
        message = "Ce logement n'entre jamais dans l'assiette : il n'y a rien à exclure (art. 2.1)."
        yield Motif(code="dwelling_never_in_assiette", message=message)
    if wanted.code not in set(ExclusionCode):
        message = "Choisissez l'un des six motifs de l'annexe 1."
        yield Motif(code="exclusion_unknown", message=message, field="code")
    elif wanted.code not in opened:
        message = "La charte en vigueur ne prévoit pas cette exclusion."
        yield Motif(code="exclusion_not_in_charte", message=message, field="code")
    if wanted.from_on > today:
        message = "Une exclusion s'enregistre le jour où elle commence, ou après."
        yield Motif(code="exclusion_in_future", message=message, field="from_on")
    for one in periods:
        yield from _clash(wanted, one)


def _clash(wanted: ExcludedPeriod, one: ExcludedPeriod) -> Iterator[Motif]:
    reason = labels.EXCLUSION_REASONS[one.code]
    if one.until_on is None and one.code == wanted.code:
        message = f"Ce logement est déjà exclu pour ce motif : {reason}."
        yield Motif(code="exclusion_unchanged", message=message, field="code")
    elif one.until_on is None and wanted.from_on < one.from_on:
        start = labels.french_day(one.from_on)
        message = f"Une exclusion court depuis le {start} ({reason}) : la nouvelle la suit."
        yield Motif(code="exclusion_overlaps", message=message, field="from_on")
    elif one.until_on is not None and wanted.from_on < one.until_on:
        end = labels.french_day(one.until_on)
        message = f"Une autre exclusion a duré jusqu'au {end} ({reason}) : une seule à la fois."
        yield Motif(code="exclusion_overlaps", message=message, field="from_on")


def ending_motifs(running: ExcludedPeriod, until_on: date, *, today: date) -> tuple[Motif, ...]:
    """Why an exclusion cannot end with this first day back in the assiette.

    The day it began means that it never took effect: an entry by mistake. Codes: end_before_start,
    end_in_future.
    """
    if until_on < running.from_on:
        start = labels.french_day(running.from_on)
        message = f"Cette exclusion a commencé le {start}."
        return (Motif(code="end_before_start", message=message, field="until_on"),)
    if until_on > today:
        message = "Le retour dans le flux s'enregistre le jour même, ou après."
        return (Motif(code="end_in_future", message=message, field="until_on"),)
    return ()


def typology(rooms: int) -> Typology:
    """T1 to T6 and more, from the number of main rooms; ValueError under 1."""
    if rooms < 1:
        raise ValueError("a dwelling has at least one main room")
    return Typology(f"t{min(rooms, _LARGEST_TYPOLOGY)}")


def construction_period(year: int | None) -> Period:
    """The band of a year of completion (RPLS, "année d'achèvement")."""
    if year is None:
        return Period.UNKNOWN
    return next((period for last, period in LAST_YEARS if year <= last), Period.FROM_2011)


def mutation_share(
    *,
    count: int,
    total: int,
    expected_total: int | None = None,
    ceiling_bp: int = MUTATION_CEILING_BP,
) -> MutationShare:
    """Internal moves since 1 January among all vacancies of the assiette (art. 2.3).

    Amber above the ceiling to date; red once the moves exceed the ceiling of the whole year,
    `expected_total` vacancies. The ratio is rounded half-up.
    """
    ratio = None if total == 0 else (2 * _WHOLE_BP * count + total) // (2 * total)
    year_total = max(total, expected_total or 0)
    if expected_total is not None and count * _WHOLE_BP > ceiling_bp * year_total:
        level = Level.RED
    elif count * _WHOLE_BP > ceiling_bp * total:
        level = Level.AMBER
    else:
        level = Level.GREEN
    return MutationShare(
        count=count, total=total, ratio_bp=ratio, level=level, ceiling_bp=ceiling_bp
    )
