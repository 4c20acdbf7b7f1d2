"""Canaries: every relation, kind, verb and column, tried by strangers; not one attempt is won.

The whole matrix in `make test-long`, a sample of it in `make test`: the sizes are printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.tenants.crowd import Crowd, called, canaries, leaks, sample

AT_LEAST = 5_000
SHORT = 1_200
VERBS = {"selects", "updates", "moves", "deletes", "truncates", "inserts", "steps_over", "becomes"}
# Functions that an actor may call; each has a test of its own.
CALLABLE = {
    # two dates in, one out: it reads no row, and runs as whoever calls it
    "convention_last_day(date,date)": {"portail_bailleur", "portail_reservataire"},
    "enqueue_job(text,uuid)": {
        *("portail_bailleur", "portail_reservataire", "portail_prefecture", "portail_epci"),
    },
}


@pytest.mark.parametrize(
    "number", [SHORT, pytest.param(None, marks=pytest.mark.long)], ids=["sample", "whole"]
)
def test_no_attempt_is_won(
    crowd: Crowd,
    number: int | None,
    record_property: Callable[[str, object], None],
) -> None:
    found = canaries(crowd)
    trials = found.trials if number is None else sample(found.trials, number)
    won = leaks(crowd, found, trials)
    record_property("size", f"canaris : {len(trials)} tentatives sur {len(found.trials)}, "
                            f"{len(won)} fuite")  # fmt: skip
    assert won == []
    assert len(found.trials) >= AT_LEAST
    assert len(trials) == (number or len(found.trials))


def test_the_matrix_is_whole(crowd: Crowd) -> None:
    """Each verb, each kind, nearly each relation; whose rows nobody has is known."""
    found = canaries(crowd)
    counted = Counter(trial.verb for trial in found.trials)
    assert set(counted) == VERBS
    assert {role for role, _ in found.rows} == {
        *("portail_bailleur", "portail_reservataire", "portail_prefecture", "portail_epci"),
    }
    assert all(rows for rows in found.rows.values())
    tried = {trial.table for trial in found.trials}
    assert {"dwellings", "orientations", "candidates", "decisions", "journal"} <= tried
    assert {"nominative_readings", "memberships", "persons", "caleol_items", "bilans"} <= tried


def test_functions_that_can_be_called_are_reviewed(crowd: Crowd) -> None:
    assert {name: kinds for name, kinds in called(crowd).items() if kinds} == CALLABLE
