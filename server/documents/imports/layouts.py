"""Where each fact of a dwelling stands in a file: by position in the RPLS, else by its header."""

from __future__ import annotations

import re
from collections.abc import Mapping as ReadOnly
from collections.abc import Sequence
from dataclasses import dataclass

from server.documents.imports.sources import Lines
from server.reference import load_rpls, sort_key

Mapping = dict[str, str]
"""Normalised header → code of a field: what a bailleur's next file is read with."""

RPLS_WIDTHS = range(58, 70)
"""Fields of a line of the declaration: 63 in the text, empty trailing ones lost or added."""
_HEADERS_LOOKED_AT = 10
_LEAST_KNOWN = 2


@dataclass(frozen=True, kw_only=True)
class Field:
    """A fact that a column may give; `hint` tells an office what it must hold."""

    code: str
    label: str
    hint: str
    is_required: bool = False
    synonyms: tuple[str, ...] = ()


FIELDS: tuple[Field, ...] = (
    Field(code="reference", label="Référence du logement", is_required=True,
          hint="Celle de votre patrimoine, une seule fois par fichier.",
          synonyms=("reference", "ref", "ref logement", "reference logement", "identifiant",
                    "identifiant logement", "code logement", "numero logement", "n logement",
                    "n de logement", "module", "lot", "ug", "identifiant bailleur")),
    Field(code="rpls_id", label="Identifiant RPLS",
          hint="Les 10 caractères du répertoire ; facultatif.",
          synonyms=("identifiant rpls", "n rpls", "numero rpls", "rpls", "identrep",
                    "identifiant repertoire")),
    Field(code="insee", label="Code INSEE de la commune", is_required=True,
          hint="Cinq chiffres, par exemple 74104 ; le nom exact de la commune est accepté.",
          synonyms=("insee", "code insee", "depcom", "depcom code", "code commune",
                    "commune insee", "code insee commune", "commune", "libcom", "ville",
                    "nom commune")),
    Field(code="address", label="Adresse", hint="Numéro, voie, logement.",
          synonyms=("adresse", "adresse complete", "adresse du logement", "adresse logement")),
    Field(code="street_number", label="Numéro dans la voie", hint="Si l'adresse est découpée.",
          synonyms=("numvoie", "n voie", "numero voie", "numero de voie", "n de voie")),
    Field(code="street_suffix", label="Indice de répétition", hint="bis, ter…",
          synonyms=("indrep", "indice repetition", "indice de repetition", "bis ter")),
    Field(code="street_kind", label="Type de voie", hint="rue, allée…",
          synonyms=("typvoie", "type voie", "type de voie")),
    Field(code="street_name", label="Nom de la voie", hint="Si l'adresse est découpée.",
          synonyms=("nomvoie", "nom voie", "nom de la voie", "voie", "libelle voie")),
    Field(code="flat", label="Numéro d'appartement", hint="S'ajoute à l'adresse découpée.",
          synonyms=("numappt", "appartement", "n appartement", "numero appartement", "porte",
                    "appt")),
    Field(code="typology", label="Typologie", is_required=True,
          hint="T1 à T6, ou le nombre de pièces principales.",
          synonyms=("typologie", "type", "type logement", "type de logement", "nbpiece",
                    "nb pieces", "nombre de pieces", "nb pieces principales", "pieces")),
    Field(code="surface_m2", label="Surface habitable (m²)", is_required=True,
          hint="En mètres carrés, virgule acceptée.",
          synonyms=("surface", "surface habitable", "surfhab", "surf hab", "surface m2", "shab",
                    "surface habitable m2", "m2")),
    Field(code="financing", label="Financement", is_required=True,
          hint="PLAI, PLUS, PLS, PLI, autre, ou le code du RPLS.",
          synonyms=("financement", "finan", "finan code", "financement initial",
                    "type financement", "type de financement")),
    Field(code="built_year", label="Année de construction", is_required=True,
          hint="Quatre chiffres.",
          synonyms=("annee de construction", "annee construction", "construct", "construction",
                    "annee achevement", "annee d achevement", "annee")),
    Field(code="kind", label="Nature", hint="Logement social, foyer, étudiant ou intermédiaire.",
          synonyms=("nature", "nature du logement", "categorie", "nature logement")),
    Field(code="delivered_on", label="Livré le",
          hint="Jour de livraison d'un logement neuf : il entre dans l'assiette l'année suivante.",
          synonyms=("livre le", "date de livraison", "date livraison", "livraison",
                    "mise en service", "date de mise en service")),
    Field(code="first_let_year", label="Année de première mise en location",
          hint="Sert au même usage quand le jour de livraison n'est pas connu.",
          synonyms=("locat", "annee premiere mise en location", "premiere mise en location",
                    "annee de premiere mise en location")),
    Field(code="is_qpv", label="Quartier prioritaire (QPV)", hint="oui ou non.",
          synonyms=("qpv", "quartier prioritaire", "qpv code", "en qpv", "zus", "zus qpv")),
    Field(code="exclusion", label="Motif d'exclusion",
          hint="Vide, ou l'un des six motifs : défense et sécurité, santé, plan de vente, "
               "démolition, PLAI adapté, gens du voyage.",
          synonyms=("exclusion", "motif exclusion", "motif d exclusion", "exclu", "hors flux")),
    Field(code="exit", label="Motif de sortie du patrimoine",
          hint="Champ 37 du RPLS : une ligne qui en porte un n'est plus du patrimoine.",
          synonyms=("motif de sortie", "motif sortie", "sortie")),
    Field(code="for_sale", label="Mis en commercialisation",
          hint="Champ 59 du RPLS : un indice pour le plan de vente, jamais une exclusion.",
          synonyms=("mis en commercialisation", "commercialisation")),
    Field(code="contingent", label="Contingent d'appartenance",
          hint="Champ 63 du RPLS : proposé pour la photographie des droits, jamais appliqué.",
          synonyms=("contingent", "contingent d appartenance", "reservataire")),
)  # fmt: skip
LABELS = {one.code: one.label for one in FIELDS}
REQUIRED = tuple(one.code for one in FIELDS if one.is_required)
ADDRESS_WAYS = ("address", "street_name")

RPLS_POSITIONS = {
    "rpls_id": 1, "reference": 2, "insee": 4, "street_number": 7, "street_suffix": 8,
    "street_kind": 9, "street_name": 10, "flat": 11, "is_qpv": 22, "typology": 24,
    "surface_m2": 25, "built_year": 26, "first_let_year": 27, "financing": 32, "exit": 37,
    "for_sale": 59, "contingent": 63,
}  # fmt: skip
_COMMUNE_AT = RPLS_POSITIONS["insee"] - 1
_COMMUNE = re.compile(r"\s*(\d{4,5}|2[AB]\d{3})\s*")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`columns`: field → index in a line; `header`: name of each column, for the messages.

    Lines after `header_line` are dwellings.
    """

    kind: str
    header_line: int
    header: tuple[str, ...]
    columns: ReadOnly[str, int]

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts without which no dwelling can be read."""
        lacking = [code for code in REQUIRED if code not in self.columns]
        if not any(way in self.columns for way in ADDRESS_WAYS):
            lacking.append("address")
        return tuple(lacking)

    @property
    def mapping(self) -> Mapping:
        return {normalised(self.header[index]): code for code, index in self.columns.items()}

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns that the portal has no use for."""
        used = set(self.columns.values())
        return tuple(
            name for index, name in enumerate(self.header) if index not in used and name.strip()
        )

    def name(self, code: str) -> str:
        """The column of a field as the office's file calls it."""
        index = self.columns.get(code, self.columns.get("street_name"))
        return self.header[index] if index is not None else LABELS[code]


def normalised(header: str) -> str:
    return _NOT_WORDS.sub(" ", sort_key(header)).strip()


_BY_SYNONYM = {
    **{name: one.code for one in FIELDS for name in one.synonyms},
    **{normalised(one.label): one.code for one in FIELDS},
}


def guess(lines: Lines, remembered: Mapping | None = None) -> Layout:
    """The declaration to the RPLS, or a table whose header is the line with most known names.

    `remembered` wins over the synonyms; what is not understood is left out of `columns`.
    """
    shown = lines.first(_HEADERS_LOOKED_AT)
    if _is_rpls(shown):
        return _rpls(shown[0][0])
    known = {**_BY_SYNONYM, **(remembered or {})}
    number, header = max(shown, key=lambda line: len(_columns(line[1], known)))
    if len(_columns(header, known)) < _LEAST_KNOWN:  # no name is known: the first full line
        number, header = max(shown, key=lambda line: sum(map(bool, line[1])))
    names = tuple(cell.strip() for cell in header)
    return Layout(kind="table", header_line=number, header=names, columns=_columns(header, known))


def _columns(header: Sequence[str], known: ReadOnly[str, str]) -> dict[str, int]:
    """The first column of each field; a code of commune is better than its name."""
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        code = known.get(normalised(cell))
        if code and (code not in found or "insee" in normalised(cell)):
            found[code] = index
    return found


def _is_rpls(shown: Sequence[tuple[int, list[str]]]) -> bool:
    """A line about the bailleur, then lines of 63 fields with a commune in the fourth."""
    dwellings = [cells for _, cells in shown[1:]]
    return bool(dwellings) and all(
        len(cells) in RPLS_WIDTHS and _COMMUNE.fullmatch(cells[_COMMUNE_AT]) for cells in dwellings
    )


def _rpls(header_line: int) -> Layout:
    names = load_rpls()["champs_declaration_1_a_63"]
    header = tuple(f"champ {number} « {name} »" for number, name in enumerate(names, 1))
    columns = {code: position - 1 for code, position in RPLS_POSITIONS.items()}
    return Layout(kind="rpls", header_line=header_line, header=header, columns=columns)


def map_header(layout: Layout, chosen: ReadOnly[str, int]) -> Layout:
    """The same file read with the columns that somebody chose: field → index."""
    known = {code: index for code, index in chosen.items() if 0 <= index < len(layout.header)}
    return Layout(
        kind=layout.kind, header_line=layout.header_line, header=layout.header, columns=known
    )
