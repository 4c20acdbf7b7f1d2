"""Who answers in the place of whom: what the pages say of a substitution and of a merger."""

from __future__ import annotations

import re

from server.db.orientations import Orientation
from server.db.substitutions import Substitution
from server.domain.substitutions import period_words
from server.pages.views import capital, named, to


def of(name: str) -> str:
    """« de la commune de Doussard », « du CCAS de Publier », « d'Action Logement Services »."""
    told = named(name)
    if told == name:
        return f"d'{told}" if told[:1] in "AEIOUYÉÈH" else f"de {told}"
    return re.sub(r"^de le ", "du ", f"de {told}")


def substitution_notice(row: Substitution) -> str:
    """Said wherever the line of a commune carencée shows."""
    return (
        f"{capital(named(row.prefecture_name))} est substituée {to(row.tenant_name)} "
        f"{period_words(row.starts_on, row.ends_on)}, arrêté {row.decree} (L302-9-1) : les offres "
        "de cette ligne lui sont adressées et restent comptées sur la ligne de la commune."
    )


def replacement_of(row: Orientation) -> str:
    """Why somebody else than the réservataire of the line answers; empty as a rule."""
    if row.holder_name is None:
        return ""
    return replacement(row.reservataire_name, row.holder_name, row.decree)


def replacement(addressee: str, holder: str, decree: str | None) -> str:
    """« Orientation adressée à la préfecture, substituée à la commune de X, arrêté n° … »."""
    if decree is None:
        return (
            f"Orientation adressée {to(addressee)}, qui a repris {named(holder)}. "
            f"Elle compte sur la ligne {of(holder)}."
        )
    return (
        f"Orientation adressée {to(addressee)}, substituée {to(holder)}, arrêté {decree} "
        f"(L302-9-1). Elle compte sur la ligne {of(holder)}."
    )
