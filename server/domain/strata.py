"""In which strata a freed dwelling counts: the families of R441-5-1, and its appeal (art. 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.domain.dwellings import construction_period
from server.domain.ledger import TOTAL, Family, Stratum


class Area(StrEnum):
    """QPV first (R441-5-1), else whether the commune is tense (zones A bis, A and B1)."""

    QPV = "qpv"
    TENSE = "tense"
    LESS_TENSE = "less_tense"


class Appeal(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


TENSE_ZONES = frozenset({"abis", "a", "b1"})


@dataclass(frozen=True, kw_only=True)
class AppealRule:
    """How appeal is told from what every bailleur's file has (RPLS: year of completion, QPV).

    Low: in a QPV, or finished before `old_before` (the first thermal regulation by default).
    High: outside and finished since `new_from` (the regulation of 2012 by default).
    """

    old_before: int = 1975
    new_from: int = 2013


@dataclass(frozen=True, kw_only=True)
class Home:
    """What is known of a dwelling on the day it is freed; `zone` is that of its commune."""

    insee: str
    typology: str
    financing: str
    built_year: int
    is_qpv: bool
    zone: str | None


def appeal(built_year: int, *, is_qpv: bool, rule: AppealRule) -> Appeal:
    """The appeal of a dwelling by a dated rule of the comité technique (art. 5.1)."""
    if is_qpv or built_year < rule.old_before:
        return Appeal.LOW
    return Appeal.HIGH if built_year >= rule.new_from else Appeal.MEDIUM


def strata_of(home: Home, rule: AppealRule) -> tuple[Stratum, ...]:
    """The stratum of a dwelling in each family, the total first."""
    area = Area.TENSE if home.zone in TENSE_ZONES else Area.LESS_TENSE
    return (
        TOTAL,
        (Family.TYPOLOGY, home.typology),
        (Family.FINANCING, home.financing),
        (Family.PERIOD, construction_period(home.built_year).value),
        (Family.AREA, (Area.QPV if home.is_qpv else area).value),
        (Family.COMMUNE, home.insee),
        (Family.APPEAL, appeal(home.built_year, is_qpv=home.is_qpv, rule=rule).value),
    )


def as_facts(strata: tuple[Stratum, ...]) -> dict[str, str]:
    """Family → value, as rows keep them."""
    return {family.value: value for family, value in strata}


def from_facts(facts: Mapping[str, str]) -> tuple[Stratum, ...]:
    """The strata of a row, in the order of the families."""
    return tuple((family, facts[family]) for family in Family if family in facts)
