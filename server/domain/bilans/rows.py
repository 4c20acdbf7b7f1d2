"""What a bilan is made from and what it is made of (art. 7, R441-5-1).

No household datum enters: neither NUD nor criterion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.domain.dwellings import Financing, MutationShare, Typology, construction_period
from server.domain.flux import BAILLEUR, Indicator
from server.domain.orientations import Acceptance, State


class Nature(StrEnum):
    """What a vacancy is for the flux; from URGENCY_OUT on, outside of it (art. 2.2 to 3)."""

    FLUX = "flux"
    DROIT_UNIQUE = "droit_unique"
    URGENCY = "urgency"
    URGENCY_OUT = "urgency_out"
    MUTATION = "mutation"
    FIRST_LETTING = "first_letting"
    NPNRU = "npnru"
    ORCOD = "orcod"
    INSALUBRITE = "insalubrite"
    VENTE = "vente"
    EXCLUDED = "excluded"


FLUX_NATURES = frozenset({Nature.FLUX, Nature.DROIT_UNIQUE, Nature.URGENCY})
OUT_NATURES = frozenset(Nature) - FLUX_NATURES
RELOCATIONS = frozenset({Nature.NPNRU, Nature.ORCOD, Nature.INSALUBRITE, Nature.VENTE})
"""Withdrawn by decree where the charte does not keep them in the flux (R441-5)."""

ASSIETTE_NATURES = FLUX_NATURES | RELOCATIONS | {Nature.URGENCY_OUT, Nature.MUTATION}
"""What the 10 % of internal moves is counted on: vacancies of C, first lettings apart."""


class Dimension(StrEnum):
    """The five breakdowns of R441-5-1."""

    TYPOLOGY = "typology"
    FINANCING = "financing"
    QPV = "qpv"
    COMMUNE = "commune"
    PERIOD = "period"


@dataclass(frozen=True, kw_only=True)
class VacancyRow:
    """A vacancy with its dwelling; `charged_to` is the party of an urgency in the flux."""

    key: str
    on: date
    nature: Nature
    insee: str
    commune_name: str
    address: str
    dwelling_ref: str
    typology: Typology
    financing: Financing
    is_qpv: bool
    built_year: int | None = None
    surface: int | None = None
    rpls_id: str | None = None
    charged_to: str | None = None

    @property
    def is_in_flux(self) -> bool:
        return self.nature in FLUX_NATURES

    def value(self, dimension: Dimension) -> str:
        """The code of this vacancy in a breakdown; a commune is its INSEE code."""
        return {
            Dimension.TYPOLOGY: self.typology.value,
            Dimension.FINANCING: self.financing.value,
            Dimension.QPV: "yes" if self.is_qpv else "no",
            Dimension.COMMUNE: self.insee,
            Dimension.PERIOD: construction_period(self.built_year).value,
        }[dimension]


@dataclass(frozen=True, kw_only=True)
class OrientationRow:
    """An orientation without its household; `sent_on` is the day kept for the bailleur's own. A
    droit unique counts on the bailleur's share, whoever is named (art. 4).
    """

    key: str
    vacancy_key: str
    party_key: str
    rank: int
    state: State
    sent_on: date | None
    acceptance: Acceptance | None = None
    answered_on: date | None = None
    candidates_on: date | None = None
    candidate_count: int = 0
    caleol_on: date | None = None
    attributed_on: date | None = None
    leased_on: date | None = None
    is_droit_unique: bool = False

    @property
    def charged_key(self) -> str:
        """The party on whose share it counts."""
        return BAILLEUR if self.is_droit_unique else self.party_key


@dataclass(frozen=True, kw_only=True)
class DetailRow:
    """One line of volet 1: an orientation, or a vacancy without any."""

    vacancy: VacancyRow
    orientation: OrientationRow | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Due and gap in 1/10 000 dwelling (negative gap: late), the three counts in dwellings."""

    due: int
    oriented: int
    attributed: int
    leased: int
    gap: int


@dataclass(frozen=True, kw_only=True)
class PartyFigures:
    party_key: str
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A line of a consolidated table: one party, one value of the dimension."""

    party_key: str
    value: str
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class OutRow:
    """A line of volet 3."""

    nature: Nature
    insee: str
    commune_name: str
    typology: Typology
    count: int


@dataclass(frozen=True, kw_only=True)
class Check:
    """A control printed with the bilan: two counts that must be equal."""

    code: str
    expected: int
    found: int

    @property
    def is_ok(self) -> bool:
        return self.expected == self.found


@dataclass(frozen=True, kw_only=True)
class Bilan:
    year: int
    basis: Indicator
    detailed: tuple[DetailRow, ...]
    parties: tuple[PartyFigures, ...]
    consolidated: Mapping[Dimension, tuple[Cell, ...]]
    out_of_flux: tuple[OutRow, ...]
    mutations: MutationShare
    checks: tuple[Check, ...]
