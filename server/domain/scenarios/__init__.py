"""What if: the expected flux of a year under other rates, exclusions, programmes or rules."""

from server.domain.scenarios.applying import Season, Year, lay_out
from server.domain.scenarios.expecting import Expectation, comes_back, expect
from server.domain.scenarios.motifs import (
    Warned,
    change_motifs,
    hypotheses_motifs,
    warnings,
)
from server.domain.scenarios.terms import (
    Alike,
    Base,
    Change,
    ChangeKind,
    Hypotheses,
    Scenario,
    Territory,
)

__all__ = [
    "Alike",
    "Base",
    "Change",
    "ChangeKind",
    "Expectation",
    "Hypotheses",
    "Scenario",
    "Season",
    "Territory",
    "Warned",
    "Year",
    "change_motifs",
    "comes_back",
    "expect",
    "hypotheses_motifs",
    "lay_out",
    "warnings",
]
