"""French words of the stock: areas, exclusions, acts on dwellings."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain.labels import EXCLUSION_REASONS, NATURES, TYPOLOGIES

ZONES: Mapping[str, str] = {
    "abis": "zone Abis",
    "a": "zone A",
    "b1": "zone B1",
    "b2": "zone B2",
    "c": "zone C",
}

EXCLUSION_CHOICES: Mapping[str, str] = {
    code: words[:1].upper() + words[1:] for code, words in EXCLUSION_REASONS.items()
}

TYPOLOGY_CHOICES: Mapping[str, str] = {code: TYPOLOGIES[code] for code in sorted(TYPOLOGIES)}

STOCK_ACTS: Mapping[str, str] = {
    "dwelling.excluded": "Logement exclu de l'assiette",
    "dwelling.included": "Logement de retour dans l'assiette",
    **{
        f"vacancy.kept_{code}": f"Logement gardé : {NATURES[code]}"
        for code in ("npnru", "orcod", "insalubrite", "vente")
    },
    "charte.revised": "Charte départementale révisée",
    "soustraction.forecast": "Prévisionnel des logements soustraits enregistré",
}
