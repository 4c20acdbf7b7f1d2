from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from server.domain.candidates import (
    CRITERIA,
    Candidate,
    FirstQuartile,
    Presentation,
    Presenter,
    Sensitivity,
    criteria_on,
    is_complete,
    normalise_nud,
    nud_motifs,
    nud_warnings,
    present,
)

TODAY = date(2026, 5, 20)
NUD = "074012612345674TST"


def candidate(number: int, *, is_dalo: bool = False) -> Candidate:
    return Candidate(nud=f"0740126{number:06d}4TST1", is_dalo=is_dalo)


ONE, TWO, THREE, FOUR = (candidate(number) for number in range(1, 5))
DALO = candidate(9, is_dalo=True)
HELPED = replace(FOUR, presented_by=Presenter.BAILLEUR)


def codes(existing: list[Candidate], new: list[Candidate]) -> list[str]:
    answer = present(existing, new, on=TODAY)
    return [] if isinstance(answer, Presentation) else [motif.code for motif in answer]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (NUD, NUD),
        (" 074 0126 123456 74tst ", NUD),
        ("074\u00a00126\u202f12345674TST", NUD),
    ],
)
def test_a_nud_is_stored_without_space_in_capitals(typed: str, stored: str) -> None:
    assert normalise_nud(typed) == stored
    assert nud_motifs(typed) == ()


@pytest.mark.parametrize(
    "typed",
    ["", NUD[:-1], NUD + "1", NUD[:-1] + "-", NUD[:-1] + "é", "٠" * 18, NUD + "\n" + NUD],
)
def test_a_nud_has_18_letters_or_digits(typed: str) -> None:
    """R441-2-3."""
    motifs = nud_motifs(typed)
    assert [(motif.code, motif.field) for motif in motifs] == [("nud_invalid", "nud")]


@pytest.mark.parametrize(
    ("nud", "warned"),
    [(NUD, False), ("073012612345674TST", True), ("ABCDEFGHIJKLMNOPQR", True), ("short", False)],
)
def test_an_unusual_nud_is_only_a_warning(nud: str, warned: bool) -> None:
    assert bool(nud_warnings(nud)) is warned


@pytest.mark.parametrize(
    ("existing", "new", "expected"),
    [
        ([], [ONE], []),
        ([], [ONE, TWO, THREE], []),
        ([ONE, TWO], [THREE], []),
        ([], [DALO], []),
        ([ONE, TWO, THREE], [FOUR], ["too_many_candidates"]),
        ([], [ONE, TWO, THREE, FOUR], ["too_many_candidates"]),
        ([ONE, TWO, THREE], [HELPED], []),
        ([ONE], [DALO], ["dalo_not_alone"]),
        ([DALO], [ONE], ["dalo_not_alone"]),
        ([DALO], [HELPED], ["dalo_not_alone"]),
        ([], [DALO, ONE], ["dalo_not_alone"]),
        ([ONE], [ONE], ["nud_already_presented"]),
        ([], [ONE, ONE], ["nud_already_presented"]),
        ([], [], ["candidates_empty"]),
        ([], [Candidate(nud="123")], ["nud_invalid"]),
        ([], [replace(ONE, criteria=frozenset({"z"}))], ["criterion_unknown"]),
    ],
)
def test_presenting(existing: list[Candidate], new: list[Candidate], expected: list[str]) -> None:
    """Art. 5.3 and 6.3, R441-3: three by the réservataire, a DALO alone, no household twice."""
    assert codes(existing, new) == expected


def test_the_dalo_criterion_is_the_dalo_flag() -> None:
    answer = present([], [replace(ONE, criteria=frozenset({"dalo"}))], on=TODAY)
    assert isinstance(answer, Presentation)
    assert answer.added[0].is_dalo
    assert answer.is_complete
    assert codes([ONE], [replace(TWO, criteria=frozenset({"dalo"}))]) == ["dalo_not_alone"]


def test_everything_else_of_a_candidate_is_kept() -> None:
    given = replace(
        ONE,
        nud=ONE.nud.lower(),
        first_quartile=FirstQuartile.YES,
        criteria=frozenset({"f", "j"}),
        presented_by=Presenter.BAILLEUR,
    )
    answer = present([], [given], on=TODAY)
    assert isinstance(answer, Presentation)
    assert answer.added == (replace(given, nud=ONE.nud),)
    assert not answer.is_complete


def test_a_field_tells_which_candidate() -> None:
    answer = present([ONE], [TWO, Candidate(nud="123")], on=TODAY)
    assert not isinstance(answer, Presentation)
    assert [motif.field for motif in answer] == ["candidates.1.nud"]


def test_the_words_of_the_convention() -> None:
    answer = present([ONE, TWO, THREE], [FOUR], on=TODAY)
    assert not isinstance(answer, Presentation)
    assert answer[0].message == (
        "Le réservataire présente 3 candidats, un seul s'il s'agit d'un candidat DALO "
        "(convention, art. 5.3) : celui-ci serait le quatrième."
    )


@pytest.mark.parametrize("new", [[ONE, ONE], [Candidate(nud="12345")], [DALO, ONE]])
def test_no_message_repeats_a_nud(new: list[Candidate]) -> None:
    answer = present([], new, on=TODAY)
    assert not isinstance(answer, Presentation)
    for motif in answer:
        assert not any(one.nud in motif.message for one in new)


@pytest.mark.parametrize(
    ("count", "has_dalo", "expected"),
    [(3, False, True), (4, False, True), (1, True, True), (1, False, False), (0, True, False)],
)
def test_a_complete_list(count: int, has_dalo: bool, expected: bool) -> None:
    assert is_complete(count, has_dalo=has_dalo) is expected


def test_criteria_are_dated_data() -> None:
    """L441-1: DALO, the victims of rape, then a to m."""
    codes_ = [criterion.code for criterion in criteria_on(TODAY)]
    assert codes_ == ["dalo", "viol", *"abcdefghijklm"]
    assert criteria_on(date(2000, 1, 1)) == ()
    ended = replace(CRITERIA[0], valid_to=date(2026, 12, 31))
    assert ended.is_valid(date(2026, 12, 31))
    assert not ended.is_valid(date(2027, 1, 1))


def test_criteria_on_health_sex_life_or_offences_are_marked() -> None:
    sensitive = {
        criterion.code
        for criterion in CRITERIA
        if criterion.sensitivity in {Sensitivity.HEALTH, Sensitivity.HIGH}
    }
    assert sensitive == {"a", "b", "g", "h", "i", "viol"}


@pytest.mark.parametrize(
    ("one", "expected"),
    [(ONE, False), (DALO, True), (replace(ONE, criteria=frozenset({"k"})), True)],
)
def test_priority_households(one: Candidate, expected: bool) -> None:
    assert one.is_priority is expected
