"""French words of the preparation of annexe 1 and of the droits uniques."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain import labels
from server.domain.annexe import Annexe, LineRate

ORIGINS: Mapping[str, str] = {
    "garantie": "garantie d'emprunt",
    "terrain": "apport de terrain",
    "financement": "financement",
    "autre": "autre origine",
}

DENOMINATORS: Mapping[str, str] = {
    "total": "A : nombre total de logements (annexe signée)",
    "flux": "C : total brut du flux",
}

SOURCES: Mapping[str, str] = {
    "previous": "reprise de l'annexe précédente",
    "convention": "proposée d'après une convention en vigueur, droits à saisir",
    "entered": "saisie",
}

DROIT_UNIQUE_ORIGINS: Mapping[str, str] = {
    "programme": "financement d'un programme neuf",
    "rehabilitation": "financement d'une réhabilitation",
    "gestion": "entrée en gestion d'une résidence",
}

ACTS: Mapping[str, str] = {
    "annexe.published": "Annexe 1 publiée",
    "derogation.recorded": "Dérogation enregistrée",
    "droit_unique.granted": "Droits uniques enregistrés",
}


def droits(rate: LineRate) -> str:
    """Rights as entered; those that follow from an imposed rate are rounded half-up (Q3)."""
    if rate.line.imposed_rate_bp is not None:
        return labels.decimal(rate.droits, 0)
    return labels.number(rate.droits)


def total_droits(annexe: Annexe) -> str:
    """In whole dwellings, unless somebody entered a part of one."""
    entered = [one.droits for one in annexe.lines if one.line.imposed_rate_bp is None]
    is_whole = all(one == one.to_integral_value() for one in entered)
    return labels.decimal(annexe.total_droits, 0 if is_whole else 2)
