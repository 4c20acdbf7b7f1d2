"""One cell of a file, read as one fact: a value, or the sentence that says what is wrong with it.

Each reader is pure and cheap to memoise: a file of 60 000 lines holds few different texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from server.domain.dwellings import typology as typology_of
from server.reference import sort_key

LARGEST_SURFACE = Decimal("9999.99")
HUNDREDTH = Decimal("0.01")
USUAL_SURFACES = (Decimal(9), Decimal(300))
FIRST_YEAR = 1500
MOST_ROOMS = 20
LONGEST_TEXT = 200
EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(20_000, 80_000)
"""Numbers of days that a spreadsheet shows as dates from 1954 to 2119."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`code` is empty when all is well; what is confirmable still has a value."""

    value: Any = None
    code: str = ""
    message: str = ""
    is_blocking: bool = False


def wrong(code: str, message: str) -> Reading:
    return Reading(code=code, message=message, is_blocking=True)


_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T]00:00(?::00)?)?")
_FRENCH_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_YEAR = re.compile(r"(\d{4})(?:[.,]0+)?")
_ROOMS = re.compile(
    r"(?:t|f|type ?)?\s*(\d{1,2})(?:[.,]0+)?(?:\s*(?:bis|ter|p|pieces?|et plus|\+))*"
)
_SPACES = re.compile(r"[\s\u00a0\u202f]+")


def read_text(text: str) -> str:
    return " ".join(text.split())


def read_reference(text: str) -> Reading:
    """As the bailleur writes it; a spreadsheet may have turned it into a date or a power of ten."""
    found = read_text(text)
    return reference_fault(found) or Reading(value=found)


def reference_fault(found: str) -> Reading | None:
    """What is wrong with a reference without needless spaces."""
    if not found:
        return wrong("reference_missing", "Il manque la référence du logement.")
    if "-" in found and _DATE.fullmatch(found):
        return wrong(
            "excel_date",
            f"La cellule contient la date {found} : le tableur a transformé la référence. Mettez "
            "la colonne au format Texte et saisissez de nouveau la référence.",
        )
    if "+" in found and _SCIENTIFIC.fullmatch(found):
        return wrong(
            "excel_number",
            f"« {found} » : le tableur a abrégé la référence. Mettez la colonne au format Texte.",
        )
    if len(found) > LONGEST_TEXT:
        return wrong("text_too_long", f"Ce texte dépasse {LONGEST_TEXT} caractères.")
    return None


def read_insee(text: str, names: Mapping[str, str], merged: Mapping[str, str]) -> Reading:
    """`names`: INSEE → name of the communes; value None for a commune of another département."""
    found = read_text(text).upper()
    if not found:
        return wrong("commune_missing", "Il manque la commune du logement.")
    code = "".join(found.split(".")[0].split(",")[0].split())
    if not code[:1].isdigit():
        return _commune_by_name(found, names)
    code = code.zfill(5)
    if code not in merged and code in names:
        return Reading(value=code)
    if code in merged:
        now = merged[code]
        return Reading(
            value=now,
            code="merged_commune",
            message=f"La commune {code} a fusionné : c'est maintenant {names[now]}, code {now}, "
            "qui sera retenu.",
        )
    if not code.startswith("74"):
        return Reading(value=None, code="other_department")
    return wrong(
        "commune_unknown", f"« {found} » n'est pas le code INSEE d'une commune de Haute-Savoie."
    )


def _commune_by_name(text: str, names: Mapping[str, str]) -> Reading:
    key = _letters(text)
    found = [insee for insee, name in names.items() if _letters(name) == key]
    if len(found) == 1:
        return Reading(value=found[0])
    return wrong(
        "commune_unknown",
        f"« {text} » n'est ni un code INSEE ni le nom d'une commune de Haute-Savoie.",
    )


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", sort_key(text)).strip()


def read_typology(text: str) -> Reading:
    found = _letters(text)
    if found in ("studio", "chambre"):
        return Reading(value="t1")
    matched = _ROOMS.fullmatch(sort_key(read_text(text)))
    rooms = int(matched[1]) if matched else 0
    if 1 <= rooms <= MOST_ROOMS:
        return Reading(value=typology_of(rooms).value)
    shown = f"« {read_text(text)} »" if found else "La cellule est vide : elle"
    return wrong(
        "typology_invalid",
        f"{shown} n'est pas une typologie : attendu T1 à T6, ou un nombre de pièces.",
    )


def read_surface(text: str) -> Reading:
    found = _SPACES.sub("", text).replace(",", ".").lower().removesuffix("m²").removesuffix("m2")
    try:
        value = Decimal(found).quantize(HUNDREDTH)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not 0 < value <= LARGEST_SURFACE:
        shown = f"« {read_text(text)} »" if found else "La cellule est vide : elle"
        return wrong(
            "surface_invalid",
            f"{shown} n'est pas une surface en mètres carrés, par exemple 64,50.",
        )
    low, high = USUAL_SURFACES
    if not low <= value <= high:
        shown = str(value).replace(".", ",")
        return Reading(
            value=value,
            code="surface_unusual",
            message=f"Surface inhabituelle : {shown} m². Vérifiez l'unité et la colonne.",
        )
    return Reading(value=value)


def read_year(text: str, latest: int) -> Reading:
    """A year; in a cell shown as a date, its number of days (1905) or the year of the date."""
    found = read_text(text)
    matched = _YEAR.fullmatch(found)
    if matched and FIRST_YEAR <= int(matched[1]) <= latest:
        return Reading(value=int(matched[1]))
    day = _day(found)
    if day is not None:
        days = (day - EXCEL_EPOCH).days
        year = days if FIRST_YEAR <= days <= latest else day.year
        if year <= latest:
            return Reading(
                value=year,
                code="excel_date",
                message=f"La cellule contient une date ({found}) au lieu d'une année : "
                f"{year} sera retenu.",
            )
    shown = f"« {found} »" if found else "La cellule est vide : elle"
    return wrong("year_invalid", f"{shown} n'est pas une année de construction sur 4 chiffres.")


def _day(text: str) -> date | None:
    iso, french = _DATE.fullmatch(text), _FRENCH_DATE.fullmatch(text)
    parts = iso.groups() if iso else (french.groups()[::-1] if french else None)
    if parts is None:
        return None
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


def read_day(text: str) -> Reading:
    """None for an empty cell; a number of days is read as the spreadsheet would show it."""
    found = read_text(text)
    if not found:
        return Reading()
    day = _day(found)
    if day is not None:
        return Reading(value=day)
    if found.isdecimal() and int(found[:6]) in EXCEL_DAYS:
        day = EXCEL_EPOCH + timedelta(days=int(found))
        return Reading(
            value=day,
            code="excel_date",
            message=f"« {found} » est une date au format interne du tableur : "
            f"le {day:%d/%m/%Y} sera retenu.",
        )
    return wrong("date_invalid", f"« {found} » n'est pas une date, par exemple 15/03/2026.")


_YES = {"1", "oui", "o", "vrai", "true", "x", "en qpv", "yes", "v"}
_NO = {"", "0", "2", "non", "n", "faux", "false", "hors qpv", "no", "f"}


def read_flag(text: str) -> Reading:
    found = _letters(text)
    if found in _YES or found in _NO:
        return Reading(value=found in _YES)
    return wrong("flag_invalid", f"« {read_text(text)} » : attendu oui ou non (1 ou 2 au RPLS).")


INTERMEDIATE = "intermediate"
_FINANCINGS = {
    "plai": ("plai", "10", "11", "plai o", "plai r", "pla i", "pla integration", "plai adapte",
             "pla lm", "plalm", "plats", "pla ts", "pla insertion"),
    "plus": ("plus", "13", "12", "pla", "plus cd", "pla ordinaire"),
    "pls": ("pls", "14", "ppls", "pcls", "pls f"),
    "other": ("autre", "15", "17", "49", "50", "51", "52", "53", "54", "55", "99", "pap", "pcl",
              "hbm", "plr", "psr", "plr psr", "hlm o", "hlmo", "hlm", "ilm", "iln", "cff",
              "avant 1977", "autres", "non conventionne", "anah"),
    INTERMEDIATE: ("16", "pli", "lli", "intermediaire", "logement intermediaire"),
}  # fmt: skip
_FINANCING_OF = {word: code for code, words in _FINANCINGS.items() for word in words}


def read_financing(text: str) -> Reading:
    """A code of `dwellings.financing`, or INTERMEDIATE: a PLI is never in the assiette (2.1)."""
    found = _letters(text).removesuffix(" 0")
    if found in _FINANCING_OF:
        return Reading(value=_FINANCING_OF[found])
    shown = f"« {read_text(text)} »" if found else "La cellule est vide : elle"
    return wrong(
        "financing_unknown",
        f"{shown} n'est pas un financement connu : attendu PLAI, PLUS, PLS, PLI, autre, "
        "ou un code du RPLS (10 à 17, 49 à 55, 99).",
    )


_KINDS = {
    "social": ("social", "logement social", "lls", "familial", "logement"),
    "foyer": ("foyer", "logement foyer", "residence sociale", "ehpad", "pension de famille"),
    "student": ("etudiant", "residence universitaire", "residence etudiante", "crous"),
    INTERMEDIATE: ("intermediaire", "logement intermediaire", "lli", "pli"),
}
_KIND_OF = {word: code for code, words in _KINDS.items() for word in words}


def read_kind(text: str) -> Reading:
    found = _letters(text)
    if not found:
        return Reading()
    if found in _KIND_OF:
        return Reading(value=_KIND_OF[found])
    return wrong(
        "kind_unknown",
        f"« {read_text(text)} » : attendu logement social, foyer, étudiant ou intermédiaire.",
    )


_EXCLUSIONS = {
    "defense_securite": ("defense securite", "defense", "defense et securite", "armee",
                         "securite interieure", "defense nationale"),
    "sante": ("sante", "hopital", "etablissement de sante", "sante publique"),
    "plan_vente": ("plan vente", "plan de vente", "vente"),
    "demolition": ("demolition", "a demolir"),
    "plai_adapte": ("plai adapte", "plaia", "plai a"),
    "gens_du_voyage": ("gens du voyage", "sedentarisation", "voyage"),
}  # fmt: skip
_EXCLUSION_OF = {word: code for code, words in _EXCLUSIONS.items() for word in words}
_NOT_EXCLUDED = {"", "non", "aucun", "aucune", "0", "sans objet"}


def read_exclusion(text: str) -> Reading:
    """One motif at most for a dwelling (2.2)."""
    found = _letters(text)
    if found in _NOT_EXCLUDED:
        return Reading()
    if found in _EXCLUSION_OF:
        return Reading(value=_EXCLUSION_OF[found])
    return wrong(
        "exclusion_unknown",
        f"« {read_text(text)} » n'est pas un motif d'exclusion : attendu défense et sécurité, "
        "santé, plan de vente, démolition, PLAI adapté ou gens du voyage (un seul par logement).",
    )
