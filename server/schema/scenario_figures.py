"""What one reads of a scenario: its tables, the figures of each party, its drawn years."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from server.db.scenarios import Draw, Figures, Share
from server.domain.annexe import rate_text
from server.operations import scenarios as operations
from server.operations.scenarios import Compared, ReadScenario
from server.schema.codes import (
    CapacityCode,
    ContingentCode,
    IndicatorCode,
    ScenarioChangeKind,
    ScenarioDrawState,
    ScenarioFamily,
)


@strawberry.type(description="Des logements d'une année : la moyenne et neuf années sur dix.")
class ExpectedDwellings:
    mean: float = strawberry.field(description="En moyenne.")
    low: float = strawberry.field(description="Au moins, neuf années sur dix.")
    high: float = strawberry.field(description="Au plus, neuf années sur dix.")


@strawberry.type(description="Ce qui est attendu dans une strate de R441-5-1.")
class ScenarioStratum:
    family: str = strawberry.field(description="La famille.", graphql_type=ScenarioFamily)
    value: str = strawberry.field(description="Sa valeur : t3, plus, 74104…")
    expected: ExpectedDwellings = strawberry.field(description="Avec les changements.")
    mean_before: float = strawberry.field(description="En moyenne, sans les changements.")


@strawberry.type(description="Un nombre de logements, et les années tirées qui le donnent.")
class DrawnCount:
    dwellings: int = strawberry.field(description="Logements de l'année.")
    years: int = strawberry.field(description="Années tirées.")


@strawberry.type(description="La fin d'un mois, dans les années tirées.")
class DrawnMonth:
    month: int = strawberry.field(description="De 1 à 12.")
    mean: float = strawberry.field(description="Logements reçus depuis le 1er janvier.")
    deviation: float = strawberry.field(description="Leur écart type.")
    late: int = strawberry.field(description="Années en retard de plus d'un logement.")


@strawberry.type(description="Ce que disent les années tirées d'une partie.")
class DrawnYears:
    years: int = strawberry.field(description="Années tirées.")
    mean: float = strawberry.field(description="Logements, en moyenne.")
    low: float = strawberry.field(description="5e centile.")
    median: float = strawberry.field(description="Médiane.")
    high: float = strawberry.field(description="95e centile.")
    histogram: list[DrawnCount] = strawberry.field(
        description="Combien d'années pour chaque total."
    )
    months: list[DrawnMonth] = strawberry.field(description="Mois après mois.")


@strawberry.type(description="Ce qu'une partie pourrait recevoir dans l'année.")
class ScenarioFigures:
    reservataire_id: UUID | None = strawberry.field(description="Absent : part du bailleur.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    name: str = strawberry.field(description="Son nom.")
    expected: ExpectedDwellings = strawberry.field(description="Avec les changements.")
    before: ExpectedDwellings = strawberry.field(description="Sans les changements.")
    strata: list[ScenarioStratum] = strawberry.field(description="Strate par strate.")
    drawn: DrawnYears | None = strawberry.field(description="Absent tant que rien n'est tiré.")


@strawberry.type(description="Une ligne de l'annexe 1 simulée, à la fin de l'année.")
class ScenarioLine:
    party_key: str = strawberry.field(description="Sa clé, pour la changer.")
    epci_siren: str = strawberry.field(description="L'EPCI.")
    name: str = strawberry.field(description="Le réservataire.")
    perimeter: list[str] = strawberry.field(description="Communes du périmètre.")
    droits: str = strawberry.field(description="Droits, en logements.")
    droits_before: str = strawberry.field(description="Sans les changements.")
    denominator: int = strawberry.field(description="Logements qui divisent les droits.")
    rate: str = strawberry.field(description="Taux en pour cent : 4.84.")
    rate_before: str = strawberry.field(description="Sans les changements.")


@strawberry.type(description="Un changement de la simulation, dans son ordre.")
class ScenarioChange:
    number: int = strawberry.field(description="Son numéro, à partir de 1.")
    kind: str = strawberry.field(description="Ce qui change.", graphql_type=ScenarioChangeKind)
    from_on: date = strawberry.field(description="À compter de ce jour.")
    sentence: str = strawberry.field(description="En une phrase.")


@strawberry.type(description="Ce qu'il faut savoir avant de croire les chiffres.")
class ScenarioWarning:
    code: str = strawberry.field(description="Son code.")
    message: str = strawberry.field(description="La phrase.")


@strawberry.type(description="Les hypothèses de l'année, en centièmes de pour cent.")
class ScenarioHypotheses:
    turnover_bp: int = strawberry.field(description="Logements libérés dans l'année.")
    mutation_bp: int = strawberry.field(description="Mutations internes.")
    refusal_bp: int = strawberry.field(description="Offres refusées.")
    caleol_failure_bp: int = strawberry.field(description="Sans attribution en CALEOL.")
    lease_failure_bp: int = strawberry.field(description="Attribués, sans bail.")
    indicator: str = strawberry.field(
        description="Ce que le flux compte.", graphql_type=IndicatorCode
    )


@strawberry.type(description="Où en est le tirage des années ; pour le bailleur seulement.")
class ScenarioDraw:
    state: str = strawberry.field(description="Son état.", graphql_type=ScenarioDrawState)
    done: int = strawberry.field(description="Années tirées.")
    wanted: int = strawberry.field(description="Années voulues.")
    percent: int = strawberry.field(description="Avancement.")
    seed: str = strawberry.field(description="Graine : la même redonne les mêmes années.")


@strawberry.type(description="Un organisme qui lit la simulation, ou l'a lue.")
class ScenarioShare:
    id: UUID = strawberry.field(description="Identifiant du partage.")
    tenant_id: UUID = strawberry.field(description="L'organisme.")
    tenant_name: str = strawberry.field(description="Son nom.")
    capacity: str = strawberry.field(description="Sa qualité.", graphql_type=CapacityCode)
    shared_at: datetime = strawberry.field(description="Depuis quand.")
    revoked_at: datetime | None = strawberry.field(description="Absent tant qu'il la lit.")


@strawberry.type(description="Une simulation du flux d'une année : elle ne signe rien.")
class Scenario:
    id: UUID = strawberry.field(description="Identifiant de la simulation.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    name: str = strawberry.field(description="Son nom.")
    year: int = strawberry.field(description="L'année.")
    epci_siren: str | None = strawberry.field(description="Absent : tout le patrimoine.")
    counted_on: date = strawberry.field(description="Jour du comptage des logements.")
    revision: int = strawberry.field(description="À rendre avec chaque changement.")
    changed_at: datetime = strawberry.field(description="Dernière modification.")
    vacancies: float = strawberry.field(description="Libérations du flux attendues.")
    hypotheses: ScenarioHypotheses = strawberry.field(description="Les hypothèses.")
    changes: list[ScenarioChange] = strawberry.field(description="Ce qui change.")
    warnings: list[ScenarioWarning] = strawberry.field(description="Les avertissements.")
    lines: list[ScenarioLine] = strawberry.field(description="Les lignes de l'annexe simulée.")
    figures: list[ScenarioFigures] = strawberry.field(
        description="Toutes les lignes pour le bailleur et la préfecture, les siennes pour un "
        "réservataire."
    )
    draw: ScenarioDraw | None = strawberry.field(description="Le tirage, s'il est demandé.")
    shares: list[ScenarioShare] = strawberry.field(
        description="Pour le bailleur ; un lecteur ne voit que le sien."
    )


@strawberry.type(description="Une partie sous deux simulations.")
class ScenarioDifference:
    name: str = strawberry.field(description="La partie.")
    first: ExpectedDwellings | None = strawberry.field(description="Dans la première.")
    second: ExpectedDwellings | None = strawberry.field(description="Dans la seconde.")
    drawn_mean: float | None = strawberry.field(
        description="Seconde moins première sur les mêmes années tirées, en moyenne."
    )


@strawberry.type(description="Deux simulations côte à côte.")
class ScenarioComparison:
    first_id: UUID = strawberry.field(description="La première.")
    second_id: UUID = strawberry.field(description="La seconde.")
    differences: list[ScenarioDifference] = strawberry.field(description="Partie par partie.")


# --- From what was read ---------------------------------------------------------------------------


def _expected(numbers: Sequence[float]) -> ExpectedDwellings:
    mean, low, high = numbers
    return ExpectedDwellings(mean=mean, low=low, high=high)


def scenario(found: ReadScenario) -> Scenario:
    row, tables = found.row, found.row.tables
    kept = operations.read_hypotheses(row.hypotheses)
    return Scenario(
        id=row.id,
        bailleur_id=row.bailleur_id,
        bailleur_name=row.bailleur_name,
        name=row.name,
        year=row.year,
        epci_siren=row.epci_siren,
        counted_on=row.counted_on,
        revision=row.revision,
        changed_at=row.changed_at,
        vacancies=tables["vacancies"],
        hypotheses=ScenarioHypotheses(**vars(kept)),
        changes=[
            ScenarioChange(
                number=number,
                kind=one["kind"],
                from_on=date.fromisoformat(one["from_on"]),
                sentence=told["sentence"],
            )
            for number, (one, told) in enumerate(
                zip(row.changes, tables["changes"], strict=True), start=1
            )
        ],
        warnings=[ScenarioWarning(**one) for one in tables["warnings"]],
        lines=[
            _line(line, epci["epci_siren"]) for epci in tables["epcis"] for line in epci["lines"]
        ],
        figures=[_figures(one) for one in found.figures],
        draw=_draw(found.draw) if found.draw else None,
        shares=[_share(one) for one in found.shares],
    )


def _line(one: dict[str, Any], siren: str) -> ScenarioLine:
    return ScenarioLine(
        party_key=one["party_key"],
        epci_siren=siren,
        name=one["name"],
        perimeter=one["perimeter"],
        droits=one["droits"],
        droits_before=one["before_droits"],
        denominator=one["denominator"],
        rate=rate_text(one["rate_bp"]),
        rate_before=rate_text(one["before_rate_bp"]),
    )


def _figures(one: Figures) -> ScenarioFigures:
    return ScenarioFigures(
        reservataire_id=one.reservataire_id,
        contingent=one.contingent,
        name=one.name,
        expected=_expected(one.figures["total"]),
        before=_expected(one.figures["before"]),
        strata=[
            ScenarioStratum(
                family=family, value=value, expected=_expected(numbers), mean_before=before
            )
            for family, value, *numbers, before in one.figures["strata"]
        ],
        drawn=_drawn(one.drawn) if one.drawn else None,
    )


def _drawn(kept: dict[str, Any]) -> DrawnYears:
    return DrawnYears(
        years=kept["years"],
        mean=kept["mean"],
        low=kept["low"],
        median=kept["median"],
        high=kept["high"],
        histogram=[DrawnCount(dwellings=one[0], years=one[1]) for one in kept["histogram"]],
        months=[
            DrawnMonth(month=month, mean=mean, deviation=deviation, late=late)
            for month, ((mean, deviation), late) in enumerate(
                zip(kept["months"], kept["late"], strict=True), start=1
            )
        ],
    )


def _draw(one: Draw) -> ScenarioDraw:
    return ScenarioDraw(
        state=one.state,
        done=one.done,
        wanted=one.wanted,
        percent=one.done * 100 // one.wanted,
        seed=str(one.seed),
    )


def _share(one: Share) -> ScenarioShare:
    return ScenarioShare(
        id=one.id,
        tenant_id=one.tenant_id,
        tenant_name=one.tenant_name,
        capacity=one.capacity,
        shared_at=one.shared_at,
        revoked_at=one.revoked_at,
    )


def comparison(found: Compared) -> ScenarioComparison:
    one, other = (
        {operations.key_of(f): f for f in side.figures} for side in (found.first, found.second)
    )
    pairs = found.paired or {}
    return ScenarioComparison(
        first_id=found.first.row.id,
        second_id=found.second.row.id,
        differences=[
            ScenarioDifference(
                name=(one.get(key) or other[key]).name,
                first=_expected(one[key].figures["total"]) if key in one else None,
                second=_expected(other[key].figures["total"]) if key in other else None,
                drawn_mean=pairs[key].mean if key in pairs else None,
            )
            for key in dict.fromkeys((*one, *other))
        ],
    )
