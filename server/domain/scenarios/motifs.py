"""Why a scenario cannot be, and what its reader must know before believing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from server.domain import labels
from server.domain.annexe import STATE, WHOLE_BP, ExclusionCode, Line
from server.domain.flux import Indicator
from server.domain.scenarios.applying import DATED, Year, lay_out
from server.domain.scenarios.terms import (
    MOST_CHANGES,
    Change,
    ChangeKind,
    Hypotheses,
    Scenario,
)
from server.errors import Motif

MOST_DWELLINGS = 100_000
MOST_TURNOVER_BP = 5_000
MOST_FAILURE_BP = 5_000
HIGH_MUTATION_BP = 1_000
"""The share that the conventions print (art. 2.3)."""


def hypotheses_motifs(hypotheses: Hypotheses) -> tuple[Motif, ...]:
    """Fields: turnover, mutation, refusal, caleol_failure, lease_failure, indicator."""
    return tuple(_hypotheses_motifs(hypotheses))


def _hypotheses_motifs(one: Hypotheses) -> Iterator[Motif]:
    limits = (
        ("turnover", one.turnover_bp, MOST_TURNOVER_BP),
        ("mutation", one.mutation_bp, WHOLE_BP),
        ("refusal", one.refusal_bp, WHOLE_BP),
        ("caleol_failure", one.caleol_failure_bp, MOST_FAILURE_BP),
        ("lease_failure", one.lease_failure_bp, MOST_FAILURE_BP),
    )
    for field, value, most in limits:
        if not 0 <= value <= most:
            message = f"Donnez un taux de 0 à {labels.percent(most)}."
            yield Motif(code="rate_invalid", message=message, field=field)


def change_motifs(scenario: Scenario, change: Change) -> tuple[Motif, ...]:
    """Why a change cannot be added to a scenario; the field is the one of the form."""
    found = [*_change_motifs(scenario, change)]
    return tuple(found or _sum_motifs(_with(scenario, change)))


def _with(scenario: Scenario, change: Change) -> Scenario:
    return Scenario(
        year=scenario.year,
        base=scenario.base,
        hypotheses=scenario.hypotheses,
        changes=(*scenario.changes, change),
    )


def _change_motifs(scenario: Scenario, change: Change) -> Iterator[Motif]:
    if len(scenario.changes) >= MOST_CHANGES:
        message = f"Un scénario a {MOST_CHANGES} changements au plus : retirez-en d'abord."
        yield Motif(code="too_many_changes", message=message)
    if change.from_on > scenario.last_day:
        message = f"Ce jour est après {scenario.year} : le changement n'aurait aucun effet."
        yield Motif(code="after_the_year", message=message, field="from_on")
    checks = {
        ChangeKind.DROITS: _line_motifs,
        ChangeKind.RATE: _line_motifs,
        ChangeKind.EXCLUSION: _exclusion_motifs,
        ChangeKind.PROGRAMME: _programme_motifs,
        ChangeKind.MUTATION_SHARE: _share_motifs,
        ChangeKind.INDICATOR: _indicator_motifs,
    }
    yield from checks[change.kind](scenario, change)


def _line_motifs(scenario: Scenario, change: Change) -> Iterator[Motif]:
    line = scenario.base.line(change)
    if line is None:
        message = "Choisissez la ligne d'un réservataire."
        yield Motif(code="line_unknown", message=message, field="line")
        return
    if change.kind is ChangeKind.RATE:
        yield from _rate_motifs(line, change)
    elif change.droits is None or not 0 <= change.droits <= MOST_DWELLINGS:
        message = "Donnez un nombre de droits, positif ou nul."
        yield Motif(code="droits_invalid", message=message, field="value")
    elif change.droits != change.droits.quantize(Decimal("0.01")):
        message = "Donnez deux décimales au plus."
        yield Motif(code="droits_invalid", message=message, field="value")


def _rate_motifs(line: Line, change: Change) -> Iterator[Motif]:
    if line.contingent not in STATE:
        message = "Seules les lignes de l'État ont un taux imposé : changez plutôt les droits."
        yield Motif(code="rate_not_imposed", message=message, field="line")
    if change.rate_bp is None or not 0 <= change.rate_bp <= WHOLE_BP:
        yield Motif(code="rate_invalid", message="Un taux va de 0 à 100 %.", field="value")


def _exclusion_motifs(scenario: Scenario, change: Change) -> Iterator[Motif]:
    yield from _commune_motifs(scenario, change)
    yield from _number_motifs(change)
    if change.code not in set(ExclusionCode):
        message = "Choisissez le motif de l'exclusion (art. 2.2)."
        yield Motif(code="exclusion_unknown", message=message, field="code")
    held = sum(one.count for one in scenario.base.dwellings if one.insee == change.insee)
    gone = sum(
        one.number
        for one in scenario.changes
        if one.kind is ChangeKind.EXCLUSION and one.insee == change.insee
    )
    if change.number > held - gone:
        message = f"Il ne reste que {labels.number(held - gone)} logements à exclure ici."
        yield Motif(code="exclusions_exceed_flux", message=message, field="number")


def _programme_motifs(scenario: Scenario, change: Change) -> Iterator[Motif]:
    yield from _commune_motifs(scenario, change)
    yield from _number_motifs(change)
    if change.typology not in labels.TYPOLOGIES:
        message = "Choisissez la typologie."
        yield Motif(code="typology_unknown", message=message, field="typology")
    if change.financing not in labels.FINANCINGS:
        message = "Choisissez le financement."
        yield Motif(code="financing_unknown", message=message, field="financing")


def _commune_motifs(scenario: Scenario, change: Change) -> Iterator[Motif]:
    if change.insee not in scenario.base.commune_names():
        message = "Choisissez une commune de ce scénario."
        yield Motif(code="commune_unknown", message=message, field="commune")


def _number_motifs(change: Change) -> Iterator[Motif]:
    if not 1 <= change.number <= MOST_DWELLINGS:
        message = "Donnez un nombre de logements, au moins 1."
        yield Motif(code="number_invalid", message=message, field="number")


def _share_motifs(_scenario: Scenario, change: Change) -> Iterator[Motif]:
    if change.rate_bp is None or not 0 <= change.rate_bp <= WHOLE_BP:
        yield Motif(code="rate_invalid", message="Une part va de 0 à 100 %.", field="value")


def _indicator_motifs(_scenario: Scenario, change: Change) -> Iterator[Motif]:
    if change.code not in set(Indicator):
        message = "Choisissez ce que le flux compte."
        yield Motif(code="indicator_unknown", message=message, field="code")


def _sum_motifs(scenario: Scenario) -> list[Motif]:
    """What the tables of an annexe could not say: rates over 100 %, a perimeter without stock."""
    found = {
        motif.message: Motif(code=motif.code, message=motif.message, field="value")
        for season in lay_out(scenario).seasons
        for annexe in season.annexes.values()
        for motif in annexe.motifs
    }
    return list(found.values())


# --- What is told ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A sentence that stands beside the figures."""

    code: str
    message: str


def warnings(scenario: Scenario, year: Year) -> tuple[Warned, ...]:
    """Each once, in the order of the year."""
    found = {one.message: one for one in _warnings(scenario, year)}
    return tuple(found.values())


def _warnings(scenario: Scenario, year: Year) -> Iterator[Warned]:
    for season in year.seasons:
        for siren, annexe in season.annexes.items():
            place = scenario.base.territory(siren)
            for motif in (*annexe.motifs, *annexe.warnings):
                message = f"{place.epci_name if place else siren} : {motif.message}"
                yield Warned(code=motif.code, message=message)
        if season.mutation_bp > HIGH_MUTATION_BP:
            share = labels.percent(season.mutation_bp)
            message = f"La part des mutations serait de {share}, plus que les 10 % (art. 2.3)."
            yield Warned(code="mutations_over_ceiling", message=message)
    yield from _of_changes(scenario, scenario.changes)


def _of_changes(scenario: Scenario, changes: Sequence[Change]) -> Iterator[Warned]:
    for one in changes:
        if one.kind is ChangeKind.PROGRAMME and scenario.is_new_housing(one):
            message = (
                f"« {one.name} » serait livré en {one.from_on.year} : un logement neuf reste hors "
                f"du flux jusqu'au 31 décembre de cette année-là (art. 3), rien ne change en "
                f"{scenario.year}."
            )
            yield Warned(code="programme_too_late", message=message)
        if one.kind in DATED and one.from_on > scenario.first_day:
            day = labels.french_day(one.from_on)
            message = f"Un changement prend effet le {day} : l'annexe de l'année serait rectifiée."
            if one.kind in (ChangeKind.DROITS, ChangeKind.RATE):
                yield Warned(code="rate_changes_midyear", message=message)
