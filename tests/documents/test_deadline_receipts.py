"""`portail deadline`: the vectors of the conventions' delays through the command (art. 5.3)."""

from __future__ import annotations

import json

import pytest

from server.cli import main

Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *words: str) -> dict[str, object]:
    assert main(["deadline", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("sent", "zone", "answer_by", "candidates_by"),
    [
        ("2025-03-03", "74", "2025-03-05", "2025-03-26"),
        ("2025-03-07T23:59", "74", "2025-03-11", "2025-04-01"),
        ("2025-03-08T08:00", "74", "2025-03-11", "2025-04-01"),
        ("2025-04-17T10:00", "74", "2025-04-22", "2025-05-15"),
        ("2025-04-17T10:00", "67", "2025-04-23", "2025-05-16"),
        ("2025-04-30T10:00", "74", "2025-05-05", "2025-05-27"),
        ("2025-05-07T10:00", "74", "2025-05-12", "2025-06-03"),
        ("2025-05-28T10:00", "74", "2025-06-02", "2025-06-24"),
        ("2025-07-11T10:00", "74", "2025-07-16", "2025-08-06"),
        ("2025-10-31T10:00", "74", "2025-11-04", "2025-11-26"),
        ("2025-11-07T10:00", "74", "2025-11-12", "2025-12-03"),
        ("2025-12-19T10:00", "74", "2025-12-23", "2026-01-15"),
        ("2025-12-19T10:00", "68", "2025-12-23", "2026-01-16"),
        ("2025-12-24T10:00", "74", "2025-12-29", "2026-01-20"),
        ("2025-12-24T10:00", "57", "2025-12-30", "2026-01-21"),
        ("2026-04-02T10:00", "74", "2026-04-07", "2026-04-28"),
        ("2026-04-02T10:00", "67", "2026-04-08", "2026-04-29"),
        ("2026-05-13T10:00", "74", "2026-05-18", "2026-06-09"),
        # An instant with an offset is taken to Paris: this one is already Saturday there.
        ("2025-03-07T23:30+00:00", "74", "2025-03-11", "2025-04-01"),
        ("2025-03-06T23:30+00:00", "74", "2025-03-11", "2025-04-01"),
    ],
)
def test_vectors(sent: str, zone: str, answer_by: str, candidates_by: str, capsys: Capture) -> None:
    found = told(capsys, sent, "--zone", zone)
    assert (found["answer_by"], found["candidates_by"]) == (answer_by, candidates_by)


def test_an_express_acceptance_starts_the_second_delay(capsys: Capture) -> None:
    """Sent and accepted Monday 3 March 2025: candidates until Monday 24 March."""
    found = told(capsys, "2025-03-03T09:00", "--accepted", "2025-03-03")
    assert (found["answer_by"], found["candidates_by"]) == ("2025-03-05", "2025-03-24")


def test_skipped_days_have_their_reason_and_the_calendar_its_version(capsys: Capture) -> None:
    found = told(capsys, "2026-04-30T10:00", "--accepted", "2026-05-04")
    skipped = found["skipped"]
    assert isinstance(skipped, list)
    assert skipped[:3] == [
        {"date": "2026-05-01", "reason": "Fête du Travail"},
        {"date": "2026-05-02", "reason": "samedi"},
        {"date": "2026-05-03", "reason": "dimanche"},
    ]
    assert {"date": "2026-05-14", "reason": "Ascension"} in skipped
    assert len({day["date"] for day in skipped}) == len(skipped)
    assert found["calendar_version"] == "jours-ouvres-1"


def test_a_person_reads_it_in_french(capsys: Capture) -> None:
    assert main(["deadline", "2026-04-30T10:00"]) == 0
    printed = capsys.readouterr().out
    assert "acceptée tacitement le mardi 5 mai 2026" in printed
    assert "vendredi 1er mai 2026 : Fête du Travail" in printed


@pytest.mark.parametrize(
    "words",
    [
        ["demain"],
        ["2026-13-01"],
        ["0001-01-01"],
        ["9999-12-31T23:00"],
        ["2026-04-30", "--zone", "971"],
        ["2026-04-30", "--zone", "haute-savoie"],
        ["2026-04-30", "--accepted", "2026-04-29"],
        ["2026-04-30", "--accepted", "2026-05-06"],
        ["2026-04-30", "--accepted", "mai"],
    ],
)
def test_bad_words_are_refused_in_french(words: list[str], capsys: Capture) -> None:
    assert main(["deadline", *words, "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip().endswith(".")
