"""A scenario as JSON and back: rights as texts, days as ISO dates, strata as pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from server.db.scenarios import ScenarioRow
from server.domain.annexe import CommuneStock, Contingent, Denominator, ExclusionCode, Line
from server.domain.flux import Indicator
from server.domain.ledger import Family, Stratum
from server.domain.scenarios import (
    Alike,
    Base,
    Change,
    ChangeKind,
    Hypotheses,
    Scenario,
    Territory,
)

Json = dict[str, Any]


def scenario_of(row: ScenarioRow, base: Mapping[str, Any]) -> Scenario:
    return Scenario(
        year=row.year,
        base=read_base(base),
        hypotheses=read_hypotheses(row.hypotheses),
        changes=read_changes(row.changes),
    )


def hypotheses_json(one: Hypotheses) -> Json:
    return asdict(one)


def read_hypotheses(kept: Mapping[str, Any]) -> Hypotheses:
    return Hypotheses(**{**kept, "indicator": Indicator(kept["indicator"])})


def change_json(one: Change) -> Json:
    """Without what its kind does not use."""
    values = {name: value for name, value in asdict(one).items() if value not in ("", None, 0)}
    values |= {"from_on": one.from_on.isoformat()}
    if one.droits is not None:
        values["droits"] = str(one.droits)
    if one.rate_bp is not None:
        values["rate_bp"] = one.rate_bp
    return values


def read_changes(kept: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    return tuple(_change(one) for one in kept)


def _change(kept: Mapping[str, Any]) -> Change:
    droits = kept.get("droits")
    return Change(
        **{
            **kept,
            "kind": ChangeKind(kept["kind"]),
            "from_on": date.fromisoformat(kept["from_on"]),
            "droits": None if droits is None else Decimal(droits),
        }
    )


# --- The base -------------------------------------------------------------------------------------


def base_json(base: Base) -> Json:
    """Strata are numbered once: a stock of 60 000 dwellings stays short."""
    strata = dict.fromkeys(stratum for one in base.dwellings for stratum in one.strata)
    numbers = {stratum: number for number, stratum in enumerate(strata)}
    return {
        "counted_on": base.counted_on.isoformat(),
        "territories": [_territory_json(one) for one in base.territories],
        "strata": [[family.value, value] for family, value in strata],
        "dwellings": [
            [one.insee, [numbers[stratum] for stratum in one.strata], one.count]
            for one in base.dwellings
        ],
        "areas": dict(base.areas),
    }


def _territory_json(one: Territory) -> Json:
    return {
        "epci_siren": one.epci_siren,
        "epci_name": one.epci_name,
        "source_year": one.source_year,
        "source_version": one.source_version,
        "communes": [
            [stock.insee, stock.name, stock.total,
             {code.value: number for code, number in stock.exclusions.items() if number}]
            for stock in one.communes
        ],
        "lines": [_line_json(line) for line in one.lines],
    }  # fmt: skip


def _line_json(line: Line) -> Json:
    return {
        **vars(line),
        "perimeter": sorted(line.perimeter),
        "droits": None if line.droits is None else str(line.droits),
    }


def read_base(kept: Mapping[str, Any]) -> Base:
    strata: list[Stratum] = [(Family(family), value) for family, value in kept["strata"]]
    return Base(
        counted_on=date.fromisoformat(kept["counted_on"]),
        territories=tuple(_territory(one) for one in kept["territories"]),
        dwellings=tuple(
            Alike(insee=insee, strata=tuple(strata[number] for number in numbers), count=count)
            for insee, numbers, count in kept["dwellings"]
        ),
        areas=kept["areas"],
    )


def _territory(kept: Mapping[str, Any]) -> Territory:
    return Territory(
        epci_siren=kept["epci_siren"],
        epci_name=kept["epci_name"],
        source_year=kept["source_year"],
        source_version=kept["source_version"],
        communes=tuple(
            CommuneStock(
                insee=insee,
                name=name,
                total=total,
                exclusions={ExclusionCode(code): number for code, number in exclusions.items()},
            )
            for insee, name, total, exclusions in kept["communes"]
        ),
        lines=tuple(_line(one) for one in kept["lines"]),
    )


def _line(kept: Mapping[str, Any]) -> Line:
    droits = kept["droits"]
    return Line(
        **{
            **kept,
            "contingent": Contingent(kept["contingent"]),
            "perimeter": frozenset(kept["perimeter"]),
            "droits": None if droits is None else Decimal(droits),
            "denominator": Denominator(kept["denominator"]),
        }
    )
