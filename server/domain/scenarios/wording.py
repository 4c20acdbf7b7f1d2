"""French words of the scenarios: their changes in a sentence, their figures, their states."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from server.domain import labels
from server.domain.forecasts import Expected
from server.domain.scenarios.terms import Base, Change, ChangeKind

KINDS: Mapping[str, str] = {
    ChangeKind.DROITS: "Droits d'un réservataire",
    ChangeKind.RATE: "Taux imposé de l'État",
    ChangeKind.EXCLUSION: "Logements exclus de l'assiette",
    ChangeKind.PROGRAMME: "Programme neuf",
    ChangeKind.MUTATION_SHARE: "Part des mutations internes",
    ChangeKind.INDICATOR: "Ce que le flux compte",
}

DRAW_STATES: Mapping[str, str] = {
    "waiting": "en attente",
    "running": "en cours",
    "done": "terminée",
    "cancelled": "arrêtée",
    "failed": "en échec",
}

ACTS: Mapping[str, str] = {
    "scenario.shared": "Simulation partagée",
    "scenario.revoked": "Partage d'une simulation retiré",
    "scenario.reported": "Simulation reprise dans le brouillon d'annexe 1",
}


def change_sentence(change: Change, base: Base, names: Mapping[str, str]) -> str:
    """What changes, without its date: « Commune de Doussard : 20 droits (16 aujourd'hui) »."""
    words = {
        ChangeKind.DROITS: _droits,
        ChangeKind.RATE: _rate,
        ChangeKind.EXCLUSION: _exclusion,
        ChangeKind.PROGRAMME: _programme,
        ChangeKind.MUTATION_SHARE: _share,
        ChangeKind.INDICATOR: _indicator,
    }
    return words[change.kind](change, base, names)


def change_day(change: Change, year: int) -> str:
    """« toute l'année », « à compter du 1er juillet 2027 », « livré le 5 mai 2026 »."""
    day = labels.french_day(change.from_on)
    if change.kind is ChangeKind.PROGRAMME:
        return f"livraison le {day}"
    is_whole = (change.from_on.year, change.from_on.month, change.from_on.day) <= (year, 1, 1)
    return "toute l'année" if is_whole else f"à compter du {day}"


def _droits(change: Change, base: Base, names: Mapping[str, str]) -> str:
    place, line = base.territory(change.epci_siren), base.line(change)
    before = ""
    if line is not None and line.droits is not None:
        before = f" ({labels.number(line.droits)} dans l'annexe)"
    where = f", {place.epci_name}" if place and len(base.territories) > 1 else ""
    droits = change.droits or Decimal(0)
    noun = "droits" if droits >= 2 else "droit"  # noqa: PLR2004 - a French plural begins at two
    name = names.get(change.party_key, "")
    return f"{name}{where} : {labels.number(droits)} {noun}{before}"


def _rate(change: Change, base: Base, names: Mapping[str, str]) -> str:
    line = base.line(change)
    before = ""
    if line is not None and line.imposed_rate_bp is not None:
        before = f" ({labels.percent(line.imposed_rate_bp)} dans l'annexe)"
    rate = labels.percent(change.rate_bp or 0)
    return f"{names.get(change.party_key, '')} : taux de {rate}{before}"


def _exclusion(change: Change, base: Base, _names: Mapping[str, str]) -> str:
    reason = labels.EXCLUSION_REASONS.get(change.code, change.code)
    name = base.commune_names().get(change.insee, change.insee)
    return f"{name} : {_dwellings(change.number)} hors de l'assiette ({reason})"


def _programme(change: Change, base: Base, _names: Mapping[str, str]) -> str:
    kind = f"{labels.TYPOLOGIES[change.typology]} {labels.FINANCINGS[change.financing]}"
    name = base.commune_names().get(change.insee, change.insee)
    return f"« {change.name} », {name} : {_dwellings(change.number)} {kind}"


def _dwellings(number: int) -> str:
    return f"{labels.number(number)} logement{'s' if number > 1 else ''}"


def _share(change: Change, _base: Base, _names: Mapping[str, str]) -> str:
    return f"Mutations internes : {labels.percent(change.rate_bp or 0)} des libérations"


def _indicator(change: Change, _base: Base, _names: Mapping[str, str]) -> str:
    return f"Le flux compte les logements {labels.INDICATORS[change.code]}"


# --- Figures --------------------------------------------------------------------------------------


def count_text(value: float) -> str:
    """A mean of dwellings, one decimal: 12,4."""
    return labels.decimal(Decimal(repr(value)), 1)


def interval_text(one: Expected) -> str:
    """« 8,1 à 16,7 »."""
    return f"{count_text(one.low)} à {count_text(one.high)}"


def signed_text(value: float) -> str:
    """A difference of means with its sign: +1,2 or −0,4."""
    rounded = labels.decimal(Decimal(repr(abs(value))), 1)
    if rounded == "0,0":
        return "0,0"
    return f"{'+' if value > 0 else '−'}{rounded}"
