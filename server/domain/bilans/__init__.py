"""The yearly bilan in three volets (art. 7, R441-5-1).

Volet 1 is detailed at the address, volet 2 consolidated by reservataire and one dimension at a
time, volet 3 outside the flux.
"""

from server.domain.bilans.compilation import compile_bilan
from server.domain.bilans.duties import bilan_last_day, cil_last_day, is_late, is_provisional
from server.domain.bilans.rows import (
    ASSIETTE_NATURES,
    FLUX_NATURES,
    OUT_NATURES,
    Bilan,
    Cell,
    Check,
    DetailRow,
    Dimension,
    Figures,
    Nature,
    OrientationRow,
    OutRow,
    PartyFigures,
    VacancyRow,
)

__all__ = [
    "ASSIETTE_NATURES",
    "FLUX_NATURES",
    "OUT_NATURES",
    "Bilan",
    "Cell",
    "Check",
    "DetailRow",
    "Dimension",
    "Figures",
    "Nature",
    "OrientationRow",
    "OutRow",
    "PartyFigures",
    "VacancyRow",
    "bilan_last_day",
    "cil_last_day",
    "compile_bilan",
    "is_late",
    "is_provisional",
]
