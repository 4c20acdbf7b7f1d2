"""What is expected of a scenario, ready to be shown: its tables, the figures of each party."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from server.db import scenarios as rows
from server.domain.annexe import Annexe, LineRate
from server.domain.flux import BAILLEUR
from server.domain.forecasts import Expected
from server.domain.ledger import TOTAL, Stratum
from server.domain.scenarios import Expectation, Scenario, expect, warnings
from server.domain.scenarios.wording import change_day, change_sentence
from server.operations.annexe_rates import split_party_key
from server.tenants.transactions import TenantTransaction

NOTHING = Expected(mean=0.0, low=0.0, high=0.0)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A scenario and what would be expected without its changes, all else being the same.

    `names`: party → name, in the order of the annexes, the bailleur last.
    """

    scenario: Scenario
    now: Expectation
    before: Expectation
    names: Mapping[str, str]


def look_ahead(scenario: Scenario, bailleur_name: str) -> Outlook:
    unchanged = replace(scenario, changes=())
    return Outlook(
        scenario=scenario,
        now=expect(scenario),
        before=expect(unchanged),
        names={**_ordered(scenario), BAILLEUR: bailleur_name},
    )


def _ordered(scenario: Scenario) -> dict[str, str]:
    """The State's lines come last, as printed."""
    names = scenario.base.party_names()
    return dict(sorted(names.items(), key=lambda one: not one[0].endswith(":none")))


async def keep(tx: TenantTransaction, scenario_id: UUID, outlook: Outlook) -> dict[str, Any]:
    """Write the figures of each party; answers the tables for the head of the scenario."""
    head = {"scenario_id": scenario_id, "bailleur_id": tx.actor.tenant_id}
    await rows.put_figures(tx, scenario_id, [head | one for one in _rows(outlook)])
    return tables_json(outlook)


def _rows(outlook: Outlook) -> Iterator[dict[str, Any]]:
    for position, (key, name) in enumerate(outlook.names.items()):
        reservataire_id, contingent = (None, "none") if key == BAILLEUR else split_party_key(key)
        yield {
            "position": position,
            "reservataire_id": reservataire_id,
            "contingent": contingent,
            "name": name,
            "figures": figures_json(outlook, key),
        }


def figures_json(outlook: Outlook, key: str) -> dict[str, Any]:
    """`total` and `before` are [mean, low, high]; a stratum is [family, value, mean, low, high,
    mean before].
    """
    now, before = outlook.now.parties.get(key, {}), outlook.before.parties.get(key, {})
    strata = [one for one in dict.fromkeys((*now, *before)) if one != TOTAL]
    return {
        "total": _numbers(now.get(TOTAL, NOTHING)),
        "before": _numbers(before.get(TOTAL, NOTHING)),
        "strata": [
            [*_stratum(one), *_numbers(now.get(one, NOTHING)),
             _round(before.get(one, NOTHING).mean)]
            for one in sorted(strata, key=_order)
        ],
    }  # fmt: skip


def _order(stratum: Stratum) -> tuple[int, str]:
    return (list(type(stratum[0])).index(stratum[0]), stratum[1])


def _stratum(one: Stratum) -> tuple[str, str]:
    return (one[0].value, one[1])


def _numbers(one: Expected) -> list[float]:
    return [_round(one.mean), _round(one.low), _round(one.high)]


def _round(value: float) -> float:
    return round(value, 4)


# --- What the annexe would show -------------------------------------------------------------------


def tables_json(outlook: Outlook) -> dict[str, Any]:
    """The two tables at the end of the year, beside those of the base; what is warned."""
    now, before = outlook.now.year.seasons[-1], outlook.before.year.seasons[-1]
    return {
        "vacancies": _round(outlook.now.vacancies),
        "before_vacancies": _round(outlook.before.vacancies),
        "dwellings": outlook.scenario.base.flux_count,
        "changes": [
            {
                "kind": one.kind.value,
                "sentence": change_sentence(one, outlook.scenario.base, outlook.names),
                "day": change_day(one, outlook.scenario.year),
            }
            for one in outlook.scenario.changes
        ],
        "warnings": [
            {"code": one.code, "message": one.message}
            for one in warnings(outlook.scenario, outlook.now.year)
        ],
        "epcis": [
            {
                "epci_siren": place.epci_siren,
                "epci_name": place.epci_name,
                "source_year": place.source_year,
                "source_version": place.source_version,
                "communes": _communes(now.annexes[place.epci_siren],
                                      before.annexes[place.epci_siren]),
                "lines": _lines(now.annexes[place.epci_siren], before.annexes[place.epci_siren]),
            }
            for place in outlook.scenario.base.territories
        ],
    }  # fmt: skip


def _communes(now: Annexe, before: Annexe) -> list[dict[str, Any]]:
    return [
        {
            "insee": share.stock.insee,
            "name": share.stock.name,
            "total": share.stock.total,
            "flux": share.stock.flux,
            "bailleur_bp": share.bailleur_share_bp,
            "before_bailleur_bp": was.bailleur_share_bp,
        }
        for share, was in zip(now.communes, before.communes, strict=True)
    ]


def _lines(now: Annexe, before: Annexe) -> list[dict[str, Any]]:
    communes = {share.stock.insee: share.stock.name for share in now.communes}
    return [
        {
            "party_key": rate.line.key,
            "name": rate.line.reservataire,
            "perimeter": [name for insee, name in communes.items() if insee in rate.line.perimeter],
            **_of_line(rate),
            **{f"before_{name}": value for name, value in _of_line(was).items()},
        }
        for rate, was in zip(now.lines, before.lines, strict=True)
    ]


def _of_line(rate: LineRate) -> dict[str, Any]:
    return {
        "droits": str(rate.droits),
        "denominator": rate.denominator,
        "rate_bp": rate.rate_bp,
    }
