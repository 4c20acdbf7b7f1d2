"""What the imports of a bailleur's stock are called on the screen."""

from __future__ import annotations

from collections.abc import Mapping

STATES: Mapping[str, str] = {
    "received": "reçu, en attente de lecture",
    "reading": "lecture en cours",
    "to_map": "colonnes à indiquer",
    "ready": "à confirmer",
    "blocked": "à corriger",
    "unreadable": "illisible",
    "applying": "enregistrement en cours",
    "confirmed": "enregistré",
    "stale": "à relire : rien n'a été enregistré",
}

ACTS: Mapping[str, str] = {
    "import.received": "Fichier de patrimoine reçu",
    "import.confirmed": "Import du patrimoine confirmé",
    "import.applied": "Import du patrimoine enregistré",
    "dwelling.changed": "Fiche du logement modifiée par un import",
    "dwelling.left": "Logement sorti du patrimoine (import)",
}

FIELDS: Mapping[str, str] = {
    "rpls_id": "identifiant RPLS",
    "insee": "code INSEE",
    "address": "adresse",
    "kind": "nature",
    "typology": "typologie",
    "surface_m2": "surface",
    "financing": "financement",
    "built_year": "année de construction",
    "delivered_on": "jour de livraison",
    "is_qpv": "quartier prioritaire",
    "exclusion": "motif d'exclusion",
    "left_on": "sortie du patrimoine",
}

_IGNORED: Mapping[str, tuple[str, str]] = {
    "other_department": ("hors de la Haute-Savoie", "hors de la Haute-Savoie"),
    "left": (
        "logement sorti du patrimoine (motif de sortie rempli)",
        "logements sortis du patrimoine (motif de sortie rempli)",
    ),
}


def ignored(code: str, count: int) -> str:
    """Why lines were left aside, after their count."""
    one, several = _IGNORED[code]
    return one if count == 1 else several


EXPLAINED: Mapping[str, str] = {
    "return": "logements sortis du patrimoine, qui y reviennent",
}

CAVEATS: Mapping[str, str] = {
    "merged_commune": "Les fusions et leurs dates sont relevées au code officiel géographique, "
    "sans avoir pu être vérifiées : relisez-les.",
}
"""What is not sure of the reference that a warning rests on."""
