"""The life of a convention, acted: prepared, voted, signed, amended, ended (art. 8; §10)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest

from server.db.conventions import ConventionRecord
from server.documents.papers import Grid
from server.domain.convention_steps import ConventionStep, StartRule
from server.domain.convention_terms import Terms
from server.domain.deadlines import PARIS
from server.errors import Conflict, Forbidden, Invalid, NotFound, PortalError, ScopeMissing
from server.operations import conventions
from server.operations.conventions import (
    KeepScan,
    MakeStep,
    PrepareConvention,
    ProposeAmendment,
    SignAmendment,
)
from server.tenants.transactions import Database as App
from server.tenants.transactions import TenantTransaction
from tests.operations.play import DOUSSARD, FAVERGES, HSH, Act, Play

TERMS = Terms(
    perimeter=frozenset({DOUSSARD}),
    charte_version="Version du 19 avril 2023",
    model_version="Convention bilatérale de réservation, gestion en flux",
    mailbox="logement@doussard.invalid",
    answer_days=2,
    candidate_days=15,
    mutation_rate_bp=1000,
    indicator="oriented",
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
NOT_ALICE = ("bruno", "chloe", "karine", "estelle", "farid")
NOT_A_PARTY: dict[str, type[PortalError]] = {
    "denis": NotFound,
    "karine": NotFound,
    "estelle": Forbidden,
    "farid": Forbidden,
    "bruno": Forbidden,
    "hsh machine": ScopeMissing,
    "doussard machine": ScopeMissing,
}


def project(play: Play, **changed: object) -> PrepareConvention:
    values: dict[str, object] = {
        "reservataire_id": play.tenant("doussard"),
        "starts_on": date(2026, 11, 23),
        "start_rule": StartRule.FIXED,
        "terms": TERMS,
    }
    return PrepareConvention(**{**values, **changed})  # type: ignore[arg-type] # a test's own


async def prepared(play: Play, **changed: object) -> UUID:
    command = project(play, **changed)
    return await play.does("alice", lambda tx: conventions.create(tx, command))


def moving(
    convention_id: UUID, step: ConventionStep, on: date, told: str = "Maire", **more: object
) -> Act[ConventionRecord]:
    command = MakeStep(convention_id=convention_id, step=step, on=on, told=told, **more)  # type: ignore[arg-type] # a test's own
    return lambda tx: conventions.make_step(tx, command)


async def voted(play: Play, made: UUID) -> None:
    day = play.day()
    vote = moving(made, ConventionStep.DELIBERATE, day, "n° 2026-12", transmitted_on=day)
    await play.does("chloe", vote)


async def signed(play: Play, **changed: object) -> UUID:
    made = await prepared(play, **changed)
    await voted(play, made)
    await play.does("chloe", moving(made, ConventionStep.SIGN, play.day()))
    await play.does("alice", moving(made, ConventionStep.SIGN, play.day(), "Directeur général"))
    return made


async def read(play: Play, made: UUID, who: str = "alice") -> ConventionRecord:
    return await play.reads(who, lambda tx: conventions.get_record(tx, made))


def current(play: Play, reservataire: str = "doussard") -> UUID:
    found: UUID = play.scalar(
        "select id from conventions where bailleur_id = %s and reservataire_id = %s"
        " order by starts_on limit 1",
        play.tenant(HSH),
        play.tenant(reservataire),
    )
    return found


# --- Preparing --------------------------------------------------------------------------------


async def test_the_bailleur_prepares_and_the_reservataire_is_told(play: Play) -> None:
    command = project(play)
    made, effects = await play.performs("alice", lambda tx: conventions.create(tx, command))
    assert effects.told == [("doussard", "reservataire", "convention.prepared")]
    assert effects.acts == ["convention.prepared"]
    row = await read(play, made, "chloe")
    assert (row.state, row.perimeter, row.answer_days) == ("draft", frozenset({DOUSSARD}), 2)


async def test_the_two_contingents_of_the_state_are_told_of_one_convention(play: Play) -> None:
    """Domain §10: the State has one convention with two contingents."""
    command = project(play, reservataire_id=play.tenant("prefecture"))
    made = await play.does("alice", lambda tx: conventions.create(tx, command))
    told = play.rows("select contingent from notifications where subject_id = %s order by 1", made)
    assert told == [("fonctionnaires",), ("rs",)]
    assert play.scalar("select count(*) from conventions where id = %s", made) == 1


async def test_nobody_else_prepares(play: Play) -> None:
    refusals: dict[str, type[PortalError]] = dict.fromkeys(NOT_ALICE, Forbidden)
    refusals["hsh machine"] = ScopeMissing
    command = project(play)
    await play.is_refused_to(refusals, lambda tx: conventions.create(tx, command))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"perimeter": frozenset()}, "perimeter_required"),
        ({"perimeter": frozenset({"75056"})}, "commune_unknown"),
        ({"answer_days": 0}, "days_invalid"),
        ({"mutation_rate_bp": 10001}, "rate_invalid"),
        ({"mailbox": "doussard"}, "mailbox_invalid"),
        ({"charte_version": " "}, "version_required"),
    ],
)
async def test_what_cannot_be_written(play: Play, changed: dict[str, object], code: str) -> None:
    command = project(play, terms=replace(TERMS, **changed))  # type: ignore[arg-type] # ditto
    await play.is_refused("alice", lambda tx: conventions.create(tx, command), Invalid, code)


async def test_an_epci_reads_nothing_of_a_project(play: Play) -> None:
    """Its communes tell it of what was agreed only."""
    made = await prepared(play)
    await play.is_refused("farid", lambda tx: conventions.get(tx, made), NotFound)
    await voted(play, made)
    await play.does("alice", moving(made, ConventionStep.SIGN, play.day()))
    await play.is_refused("farid", lambda tx: conventions.get(tx, made), NotFound)
    await play.does("chloe", moving(made, ConventionStep.SIGN, play.day()))
    assert (await play.reads("farid", lambda tx: conventions.get(tx, made))).id == made


async def test_a_project_is_rewritten_until_somebody_votes(play: Play) -> None:
    made = await prepared(play)
    wider = project(play, terms=replace(TERMS, perimeter=frozenset({DOUSSARD, FAVERGES})))
    await play.does("alice", lambda tx: conventions.edit(tx, made, wider, version=1))
    row = await read(play, made)
    assert (row.perimeter, row.version) == (frozenset({DOUSSARD, FAVERGES}), 2)
    await play.is_refused(
        "alice",
        lambda tx: conventions.edit(tx, made, wider, version=1),
        Conflict,
        "stale_version",
    )
    await voted(play, made)
    await play.is_refused(
        "alice", lambda tx: conventions.edit(tx, made, wider, version=3), Conflict, "wrong_state"
    )
    await play.is_refused(
        "denis", lambda tx: conventions.edit(tx, made, wider, version=3), NotFound
    )


async def test_the_address_is_emptied_without_avenant(play: Play) -> None:
    """Art. 5.3: blank, it blocks sending."""
    made = current(play)
    await play.does("alice", lambda tx: conventions.set_mailbox(tx, made, None, version=1))
    assert (await read(play, made)).mailbox is None
    await play.is_refused(
        "chloe", lambda tx: conventions.set_mailbox(tx, made, None, version=2), Forbidden
    )


# --- Voting and signing -----------------------------------------------------------------------


async def test_a_commune_votes_transmits_then_signs(play: Play) -> None:
    """As Doussard did; the second signature makes the convention, and ends no other one."""
    made = await prepared(play)
    sign = moving(made, ConventionStep.SIGN, play.day())
    await play.is_refused("chloe", sign, Conflict, "not_deliberated")
    vote = moving(made, ConventionStep.DELIBERATE, play.day(), "n° 2026-12")
    await play.does("chloe", vote)
    await play.is_refused("chloe", sign, Conflict, "not_transmitted")
    await voted(play, made)
    row, effects = await play.performs("chloe", sign)
    assert row.state == "deliberated"
    assert effects.told == [("haute-savoie-habitat", "bailleur", "convention.sign")]
    row = await play.does("alice", moving(made, ConventionStep.SIGN, play.day(), "Directeur"))
    assert (row.state, row.starts_on) == ("signed", date(2026, 11, 23))
    assert row.reservataire_signatory == "Maire"
    assert (await read(play, current(play))).state == "signed"


async def test_each_party_makes_its_own_steps(play: Play) -> None:
    made = await prepared(play)
    vote = moving(made, ConventionStep.DELIBERATE, play.day(), "n° 1")
    await play.is_refused("alice", vote, Conflict, "not_your_step")
    await play.is_refused_to(NOT_A_PARTY, vote)
    reopen = moving(made, ConventionStep.REOPEN, play.day(), "Erreur")
    await play.is_refused("chloe", reopen, Conflict, "not_your_step")


async def test_a_convention_starts_at_the_last_signature(play: Play) -> None:
    """Art. 8 of the conventions of Publier; it takes the place of the one that was running."""
    former = current(play)
    made = await signed(play, start_rule=StartRule.SIGNATURE)
    assert (await read(play, made)).starts_on == play.day()
    before = await read(play, former)
    assert (before.state, before.ended_on) == ("replaced", play.day(-1))


async def test_a_reopened_project_is_voted_and_signed_again(play: Play) -> None:
    made = await prepared(play)
    await voted(play, made)
    await play.does("alice", moving(made, ConventionStep.REOPEN, play.day(), "Périmètre"))
    row = await read(play, made)
    assert (row.state, row.deliberated_on, row.transmitted_on) == ("draft", None, None)


async def test_somebody_else_acted_first(play: Play) -> None:
    made = await prepared(play)
    await voted(play, made)
    late = moving(made, ConventionStep.SIGN, play.day(), expected_version=1)
    await play.is_refused("alice", late, Conflict, "stale_version")


# --- One in force for one pair ----------------------------------------------------------------


async def test_two_overlapping_conventions_are_refused_by_the_act(play: Play) -> None:
    """R441-5: a second one that would start before the running one."""
    made = await prepared(play, starts_on=date(2023, 1, 1))
    await voted(play, made)
    await play.does("chloe", moving(made, ConventionStep.SIGN, play.day()))
    last = moving(made, ConventionStep.SIGN, play.day())
    await play.is_refused("alice", last, Conflict, "two_in_force")


@pytest.mark.parametrize(
    ("starts_on", "is_refused"),
    [("2026-11-22", True), ("2026-11-23", False), ("2020-11-24", True), ("2020-11-23", False)],
)
def test_the_database_refuses_two_in_force(play: Play, starts_on: str, *, is_refused: bool) -> None:
    """The running one binds from 23 November 2023 to 22 November 2026, both included."""
    insert = (
        "insert into conventions (id, bailleur_id, reservataire_id, starts_on, charte_version,"
        " model_version) values (gen_random_uuid(), %s, %s, %s, 'x', 'x')"
    )
    values = (play.tenant(HSH), play.tenant("doussard"), starts_on)
    if is_refused:
        with pytest.raises(psycopg.errors.ExclusionViolation):
            play.run(insert, *values)
    else:
        play.run(insert, *values)


async def test_of_two_signatures_at_once_one_wins(play: Play) -> None:
    """Two projects for the same three years, signed at the same instant."""
    first = await prepared(play)
    second = await prepared(play, starts_on=date(2026, 11, 24))
    for made in (first, second):
        await voted(play, made)
        await play.does("chloe", moving(made, ConventionStep.SIGN, play.day()))
    done = await asyncio.gather(
        *(
            play.does("alice", moving(one, ConventionStep.SIGN, play.day()))
            for one in (first, second)
        ),
        return_exceptions=True,
    )
    states = play.rows(
        "select state, ended_on from conventions where id = any(%s) order by starts_on",
        [first, second],
    )
    in_force = [one for one in states if one[0] == "signed"]
    refused = [one for one in done if isinstance(one, Conflict)]
    replaced = [one for one in states if one[0] == "replaced"]
    assert len(in_force) == 1
    assert len(refused) + len(replaced) == 1


# --- Ending -----------------------------------------------------------------------------------


async def test_either_denounces_until_the_eve(play: Play) -> None:
    """Domain Q11: a convention in its second year ends with it."""
    made = await signed(play)
    now = datetime(2028, 11, 22, 12, tzinfo=PARIS)
    act = moving(made, ConventionStep.DENOUNCE, date(2028, 11, 22), "Nouveau périmètre")
    row = await play.does("chloe", act, now=now)
    assert (row.state, row.ended_on) == ("denounced", date(2028, 11, 22))


async def test_the_last_year_is_not_denounced(play: Play) -> None:
    act = moving(current(play), ConventionStep.DENOUNCE, play.day(), "Essai")
    await play.is_refused("alice", act, Conflict, "no_renewal_left")


async def test_a_termination_says_why_and_when(play: Play) -> None:
    made = current(play)
    step = ConventionStep.TERMINATE
    await play.is_refused("alice", moving(made, step, play.day(), " "), Invalid, "told_required")
    await play.is_refused("alice", moving(made, step, play.day(-1)), Invalid, "day_too_early")
    row = await play.does("alice", moving(made, step, play.day(30), "Accord écrit"))
    assert (row.state, row.ended_on, row.ending_motif) == (
        "terminated",
        play.day(30),
        "Accord écrit",
    )


# --- Avenants ---------------------------------------------------------------------------------


def amending(play: Play, **changed: object) -> ProposeAmendment:
    values: dict[str, object] = {
        "convention_id": current(play),
        "reason": "substantial",
        "summary": "Le délai de réponse passe à trois jours ouvrés.",
        "terms": replace(
            TERMS, charte_version="Version non précisée par la convention", answer_days=3
        ),
    }
    return ProposeAmendment(**{**values, **changed})  # type: ignore[arg-type] # a test's own


async def test_an_avenant_changes_the_terms_once_both_have_signed(play: Play) -> None:
    """Art. 8: dated, with what changes; the réservataire signs, then the bailleur."""
    made = current(play)
    command = amending(play)
    avenant = await play.does("alice", lambda tx: conventions.propose(tx, command))
    sign = SignAmendment(convention_id=made, amendment_id=avenant, on=play.day(), signatory="Maire")

    async def act(tx: TenantTransaction) -> None:
        await conventions.sign_amendment(tx, sign)

    await play.is_refused("alice", act, Conflict, "other_first")
    await play.does("chloe", act)
    assert (await read(play, made)).answer_days == 2
    await play.is_refused("karine", act, NotFound)
    await play.does("alice", act)
    assert (await read(play, made)).answer_days == 3
    row = await read(play, made)
    (kept,) = await play.reads("chloe", lambda tx: conventions.list_amendments(tx, row))
    assert [(one.field, one.before, one.after) for one in kept.changes] == [("answer_days", 2, 3)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"reason": "annexe"}, "reason_required"),
        ({"summary": ""}, "summary_required"),
        ({"reason": "charte"}, "charte_unchanged"),
        ({"terms": replace(TERMS, charte_version="Version non précisée par la convention")},
         "nothing_changed"),
    ],
)  # fmt: skip
async def test_what_an_avenant_must_say(play: Play, changed: dict[str, object], code: str) -> None:
    """The yearly annexe 1 needs none: nothing of it is in these terms."""
    command = amending(play, **changed)
    await play.is_refused("alice", lambda tx: conventions.propose(tx, command), Invalid, code)


# --- Signed papers ----------------------------------------------------------------------------


async def test_a_scan_is_kept_for_the_parties_and_the_prefecture(play: Play) -> None:
    made = current(play)
    command = KeepScan(convention_id=made, kind="convention", content=PDF)
    scan = await play.does("chloe", lambda tx: conventions.keep(tx, command))
    for who in ("alice", "bruno", "chloe", "estelle"):
        _, _, content = await play.reads(who, lambda tx: conventions.fetch(tx, made, scan))
        assert content == PDF
    for who in ("denis", "karine", "farid"):
        await play.is_refused(who, lambda tx: conventions.fetch(tx, made, scan), NotFound)
    await play.is_refused(
        "alice", lambda tx: conventions.keep(tx, command), Conflict, "already_kept"
    )
    await play.is_refused_to(NOT_A_PARTY, lambda tx: conventions.keep(tx, command))


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("convention", b"", "file_required"),
        ("convention", b"PK\x03\x04", "not_a_pdf"),
        ("convention", PDF[:-7], "not_a_pdf"),
        ("convention", PDF + b"0" * (10 * 1024 * 1024), "file_too_large"),
        ("photo", PDF, "code_invalid"),
    ],
)
async def test_only_a_pdf_of_ten_megabytes_at_most_is_kept(
    play: Play, kind: str, content: bytes, code: str
) -> None:
    command = KeepScan(convention_id=current(play), kind=kind, content=content)
    await play.is_refused("alice", lambda tx: conventions.keep(tx, command), Invalid, code)


# --- Reminders --------------------------------------------------------------------------------


async def test_both_parties_are_reminded_once_three_months_then_one(play: Play) -> None:
    """Domain Q11: the convention of Doussard ends on 22 November 2026."""
    worker = App(play.stage.database.worker_dsn)
    question = (
        "select count(*) from notifications where template = 'convention.expiring'"
        " and subject_id = %s"
    )
    made, counts = current(play), []
    for day in (date(2026, 8, 22), date(2026, 8, 23), date(2026, 8, 24), date(2026, 10, 23)):
        play.run("delete from business_clock")
        play.run(CLOCK, datetime(day.year, day.month, day.day, 9, tzinfo=PARIS))
        await conventions.remind_due(worker)
        await conventions.remind_due(worker)
        counts.append(play.scalar(question, made))
    await worker.close()
    assert counts == [0, 2, 2, 4]


CLOCK = "insert into business_clock (shift) values (%s - now())"


# --- The papers -------------------------------------------------------------------------------


async def test_the_sheet_of_the_council_shows_droits_and_rate(play: Play) -> None:
    """The délibération of Doussard: 16 droits in stock, 29,63 % in flux."""
    paper = await play.reads("chloe", conventions.council_paper)
    grid = next(one for one in paper.blocks if isinstance(one, Grid))
    assert grid.rows == (("Haute-Savoie Habitat", "Doussard", "16", "54", "29,63\u00a0%"),)
    await play.is_refused("alice", conventions.council_paper, Forbidden)


async def test_the_paper_says_what_is_recorded(play: Play) -> None:
    made = current(play)
    paper = await play.reads("chloe", lambda tx: conventions.convention_paper(tx, made))
    said = str(paper)
    assert "2 jours ouvrés" in said
    assert "22 novembre 2026" in said
    assert paper.notice == ""
    fresh = await prepared(play)
    assert (await play.reads("alice", lambda tx: conventions.convention_paper(tx, fresh))).notice
    await play.is_refused("denis", lambda tx: conventions.convention_paper(tx, made), NotFound)


async def test_what_is_usual_is_what_the_charte_of_the_day_says(play: Play) -> None:
    """Art. 2.3, 5.3 and 7: delays, rate and indicator are dated with the charte."""
    play.run(
        "insert into charte_versions (id, code, from_on, decision, mutation_rate_bp, answer_days,"
        " candidate_days, indicator, recorded_at) values (uuidv7(), '2027', '2027-01-01',"
        " 'Essai', 750, 3, 20, 'leased', now())"
    )
    told = [
        await play.reads("alice", partial(_usual_terms, day))
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    ]
    assert told == [
        {
            "charte_version": "Version 2023, applicable depuis le 1er janvier 2023",
            "answer_days": 2,
            "candidate_days": 15,
            "mutation_rate_bp": 1000,
            "indicator": "oriented",
        },
        {
            "charte_version": "Version 2027, applicable depuis le 1er janvier 2027",
            "answer_days": 3,
            "candidate_days": 20,
            "mutation_rate_bp": 750,
            "indicator": "leased",
        },
    ]


async def _usual_terms(day: date, tx: TenantTransaction) -> dict[str, Any]:
    return await conventions.usual_terms(tx, day)
