"""Annexe 1, from the dwellings and last year's rights to an immutable version (art. 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from server.db import assiette
from server.domain.annexe import ExclusionCode
from server.domain.deadlines import PARIS
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import annexes
from server.operations.annexes import AddLine, ChangeLine, RecordDerogation, StartDraft
from tests.operations.play import (
    DOUSSARD,
    FAVERGES,
    HSH,
    NOT_THE_BAILLEUR,
    SOURCES_DU_LAC,
    Play,
)
from tests.worlds import Stage

JANUARY = datetime(2027, 1, 20, 9, tzinfo=PARIS)
RATES = ["4,84", "29,63", "24,40", "14,81", "5,00", "25,00"]


@pytest.fixture
async def play(world: Stage) -> AsyncIterator[Play]:
    opened = Play(world, now=JANUARY)
    yield opened
    opened.close()


async def draft(play: Play, year: int = 2027, reason: str = "") -> UUID:
    command = StartDraft(epci_siren=SOURCES_DU_LAC, year=year, reason=reason)
    return await play.does("alice", lambda tx: annexes.start(tx, command))


async def read(play: Play, annexe_id: UUID, who: str = "alice") -> annexes.ReadVersion:
    return await play.reads(who, lambda tx: annexes.read(tx, annexe_id))


async def revision(play: Play, annexe_id: UUID) -> int:
    return int(play.scalar("select revision from annexes where id = %s", annexe_id))


async def publish(play: Play, annexe_id: UUID) -> None:
    seen = await revision(play, annexe_id)
    await play.does("alice", lambda tx: annexes.publish(tx, annexe_id, seen))


async def change(play: Play, annexe_id: UUID, slug: str, **values: object) -> ChangeLine:
    """The command that changes one thing of a line, everything else as it is."""
    version = await read(play, annexe_id)
    facts = version.computed.facts
    contingent = str(values.pop("contingent", "none"))
    line = next(
        one
        for one in facts.lines
        if (one.reservataire_id, one.contingent) == (play.tenant(slug), contingent)
    )
    command = ChangeLine(
        annexe_id=annexe_id,
        line_id=line.id,
        revision=facts.revision,
        perimeter=line.perimeter,
        rate_bp=line.imposed_rate_bp,
    )
    return replace(command, **values)  # type: ignore[arg-type] # the fields of the command


# --- From the dwellings ---------------------------------------------------------------------------


async def test_the_draft_of_the_real_annexe_to_the_digit(play: Play) -> None:
    """domain §2.5: the annexe of the Sources du Lac, from dwellings and rights entered."""
    version = await read(play, await draft(play))
    annexe = version.computed.annexe
    stocks = [share.stock for share in annexe.communes]
    assert [(one.name, one.total, one.flux) for one in stocks] == [
        ("Doussard", 54, 54),
        ("Faverges-Seythenex", 586, 553),
    ]
    assert annexe.totals.exclusions[ExclusionCode.PLAN_VENTE] == annexe.totals.excluded == 33
    assert [rate.rate_bp for rate in annexe.lines] == [484, 2963, 2440, 1481, 500, 2500]
    assert [rate.denominator for rate in annexe.lines] == [640, 54, 586, 54, 640, 640]
    assert annexe.total_droits == 390
    assert [share.bailleur_share_bp for share in annexe.communes] == [2072, 4076]
    assert version.is_draft


async def counted(play: Play, year: int) -> dict[str, tuple[int, int]]:
    async def count(tx: object) -> dict[str, tuple[int, int]]:
        found = await assiette.count_photograph(
            tx,  # type: ignore[arg-type] # a transaction executes
            year,
            bailleur_id=play.tenant(HSH),
            epci_siren=SOURCES_DU_LAC,
        )
        return {one.insee: (one.total, one.excluded) for one in found}

    return await play.reads("alice", count)


async def test_the_photograph_is_that_of_31_december(play: Play) -> None:
    """Art. 2.1 and 3: delivered in N-1 enters in N; gone by then is out; a foyer never counts."""
    homes = [play.home(number=number) for number in range(5)]
    play.run("update dwellings set delivered_on = '2026-12-31' where id = %s", homes[0])
    play.run("update dwellings set delivered_on = '2027-01-01' where id = %s", homes[1])
    play.run("update dwellings set left_on = '2026-12-31' where id = %s", homes[2])
    play.run("update dwellings set left_on = '2027-01-01' where id = %s", homes[3])
    play.run("update dwellings set kind = 'foyer' where id = %s", homes[4])
    assert (await counted(play, 2027))[DOUSSARD] == (51, 0)
    assert (await counted(play, 2028))[DOUSSARD] == (51, 0)


async def test_an_exclusion_counts_on_its_days_only(play: Play) -> None:
    """Art. 2.2: what was excluded on the day of the photograph is in B, then and not after."""
    home = play.home(insee=FAVERGES)
    play.run(
        "insert into dwelling_exclusions values (%s, %s, %s, 'demolition', '2026-12-31', null)",
        uuid4(),
        home,
        play.tenant(HSH),
    )
    assert (await counted(play, 2026))[FAVERGES] == (586, 33)
    assert (await counted(play, 2027))[FAVERGES] == (586, 34)
    play.run("update dwelling_exclusions set until_on = '2027-12-31' where dwelling_id = %s", home)
    assert (await counted(play, 2028))[FAVERGES] == (586, 33)


async def test_communes_that_merge_on_1_january_are_one_in_the_annexe(play: Play) -> None:
    """The stock of 31 December in the communes of the year of the annexe."""
    play.run(
        "insert into commune_mergers values (%s, %s, '2027-01-01', 'Doussard')", DOUSSARD, FAVERGES
    )
    assert await counted(play, 2026) == {DOUSSARD: (54, 0), FAVERGES: (586, 33)}
    assert await counted(play, 2027) == {FAVERGES: (640, 33)}


async def test_a_stranger_and_a_reader_prepare_nothing(play: Play) -> None:
    command = StartDraft(epci_siren=SOURCES_DU_LAC, year=2027)
    for who in ("bruno", "chloe", "karine", "estelle", "farid"):
        await play.is_refused(who, lambda tx: annexes.start(tx, command), Forbidden)
    # another bailleur has no dwelling there
    await play.is_refused("denis", lambda tx: annexes.start(tx, command), Invalid, "epci_unknown")


async def test_only_its_bailleur_reads_a_draft(play: Play) -> None:
    annexe_id = await draft(play)
    assert (await read(play, annexe_id, "bruno")).is_draft
    for who in ("chloe", "denis", "karine", "estelle", "farid"):
        with pytest.raises(NotFound):
            await read(play, annexe_id, who)


async def test_one_draft_at_a_time(play: Play) -> None:
    await draft(play)
    command = StartDraft(epci_siren=SOURCES_DU_LAC, year=2027)
    await play.is_refused("alice", lambda tx: annexes.start(tx, command), Conflict, "draft_exists")


async def test_a_convention_without_line_is_proposed_without_right(play: Play) -> None:
    """Its perimeter comes from the convention, its rights are to be typed."""
    play.rewrite(
        "delete from annexe_line_communes c using annexe_lines l, annexes a"
        " where a.id = l.annexe_id and c.line_id = l.id and a.year = 2026"
        " and l.reservataire_id = %s",
        play.tenant("doussard"),
    )
    play.rewrite(
        "delete from annexe_lines l using annexes a where a.id = l.annexe_id and a.year = 2026"
        " and l.reservataire_id = %s",
        play.tenant("doussard"),
    )
    play.rewrite("update conventions set starts_on = '2025-01-01'")
    version = await read(play, await draft(play))
    line = next(
        one
        for one in version.computed.facts.lines
        if one.reservataire_id == play.tenant("doussard")
    )
    assert (line.source, line.droits, line.perimeter) == (
        "convention",
        Decimal(0),
        frozenset({DOUSSARD}),
    )


# --- The yearly update ----------------------------------------------------------------------------


async def test_rights_roll_from_last_year(play: Play) -> None:
    """droits(N) = droits(N-1) - expired + new, each change with its reason (art. 4)."""
    annexe_id = await draft(play)
    command = await change(
        play,
        annexe_id,
        "doussard",
        expired=Decimal(2),
        added=Decimal("0.50"),
        reason="Convention du programme Les Tilleuls échue",
    )
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    version = await read(play, annexe_id)
    rate = next(one for one in version.computed.annexe.lines if one.line.droits == Decimal("14.50"))
    assert rate.rate_bp == 2685
    assert version.comparison is not None
    moved = [one for one in version.comparison.lines if one.is_changed]
    assert [(one.reservataire, one.reason) for one in moved] == [
        ("Commune de Doussard", "Convention du programme Les Tilleuls échue")
    ]


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"expired": Decimal(2)}, "reason_required", "reason"),
        ({"expired": Decimal(17), "reason": "x"}, "expired_exceeds_previous", "expired"),
        ({"added": Decimal("0.005"), "reason": "x"}, "droits_invalid", "added"),
        ({"added": Decimal(-1), "reason": "x"}, "negative_number", "added"),
        ({"perimeter": frozenset()}, "perimeter_empty", "perimeter"),
        ({"perimeter": frozenset({"74218"})}, "perimeter_empty", "perimeter"),
        ({"origin": "cadeau"}, "origin_unknown", "origin"),
        ({"denominator": "b"}, "denominator_unknown", "denominator"),
        ({"rate_bp": 100}, "rate_not_imposed", "rate"),
    ],
)
async def test_each_fault_is_told_at_its_field(
    play: Play, values: dict[str, object], code: str, field: str
) -> None:
    annexe_id = await draft(play)
    command = await change(play, annexe_id, "doussard", **values)
    error = await play.is_refused("alice", lambda tx: annexes.change_line(tx, command), Invalid)
    assert (code, field) in [(motif.code, motif.field) for motif in error.motifs]


async def test_two_people_on_one_draft(play: Play) -> None:
    """The second one is told; what the first one wrote stays."""
    annexe_id = await draft(play)
    command = await change(play, annexe_id, "doussard", added=Decimal(1), reason="Programme neuf")
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    await play.is_refused(
        "alice", lambda tx: annexes.change_line(tx, command), Conflict, "stale_version"
    )


async def test_a_draft_is_changed_by_its_bailleur_alone(play: Play) -> None:
    annexe_id = await draft(play)
    command = await change(play, annexe_id, "doussard", added=Decimal(1), reason="Programme neuf")
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: annexes.change_line(tx, command))
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: annexes.recount(tx, annexe_id, 1))
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: annexes.discard(tx, annexe_id, 1))
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: annexes.publish(tx, annexe_id, 1))


async def test_a_line_over_c_says_so(play: Play) -> None:
    """Q2: the denominator is a field; over C, 143 rights of 553 dwellings make 25,86 %."""
    annexe_id = await draft(play)
    command = await change(play, annexe_id, "faverges-seythenex", denominator="flux")
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    rates = (await read(play, annexe_id)).computed.annexe.lines
    assert (rates[2].denominator, rates[2].rate_bp) == (553, 2586)


async def test_a_line_is_added_and_removed(play: Play) -> None:
    annexe_id = await draft(play)
    command = AddLine(
        annexe_id=annexe_id,
        revision=await revision(play, annexe_id),
        reservataire_id=play.tenant("publier"),
        perimeter=frozenset({DOUSSARD}),
        droits=Decimal(3),
        origin="garantie",
    )
    line_id = await play.does("alice", lambda tx: annexes.add_line(tx, command))
    annexe = (await read(play, annexe_id)).computed.annexe
    assert [one.droits for one in annexe.lines] == [31, 16, 143, 8, 3, 32, 160]
    assert annexe.lines[4].line.is_guarantee
    seen = await revision(play, annexe_id)
    await play.does("alice", lambda tx: annexes.remove_line(tx, annexe_id, line_id, seen))
    assert len((await read(play, annexe_id)).computed.annexe.lines) == 6


async def test_a_draft_is_thrown_away_whole(play: Play) -> None:
    before = play.dump()["annexe_lines"]
    annexe_id = await draft(play)
    await play.does("alice", lambda tx: annexes.discard(tx, annexe_id, 1))
    assert play.dump()["annexe_lines"] == before


# --- Checks ---------------------------------------------------------------------------------------


async def checks(play: Play, annexe_id: UUID) -> annexes.Checked:
    return await play.reads("alice", lambda tx: annexes.check(tx, annexe_id))


async def test_nothing_forbids_the_real_annexe(play: Play) -> None:
    found = await checks(play, await draft(play))
    assert (found.motifs, found.warnings, found.is_late) == ((), (), False)
    assert found.last_day == date(2027, 2, 27)


async def test_the_state_over_its_ceiling_needs_a_derogation(play: Play) -> None:
    """R441-5-2 I: at most 30 %, agents 5 %, but for an arrêté of one year at most."""
    annexe_id = await draft(play)
    command = await change(
        play,
        annexe_id,
        "prefecture",
        contingent="fonctionnaires",
        rate_bp=700,
        reason="Arrêté du préfet",
    )
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    blocked = await checks(play, annexe_id)
    assert [one.code for one in blocked.motifs] == [
        "state_over_ceiling",
        "fonctionnaires_over_ceiling",
    ]
    seen = await revision(play, annexe_id)
    await play.is_refused("alice", lambda tx: annexes.publish(tx, annexe_id, seen), Conflict)
    decree = RecordDerogation(
        reference="Arrêté DDT-2027-001 du 4 janvier 2027",
        starts_on=date(2027, 1, 4),
        ends_on=date(2028, 1, 3),
    )
    await play.is_refused(
        "alice",
        lambda tx: annexes.record_derogation(tx, replace(decree, ends_on=date(2028, 1, 4))),
        Invalid,
        "period_too_long",
    )
    await play.does("alice", lambda tx: annexes.record_derogation(tx, decree))
    allowed = await checks(play, annexe_id)
    assert allowed.motifs == ()
    assert all("DDT-2027-001" in one.message for one in allowed.warnings)
    await publish(play, annexe_id)


async def test_a_derogation_of_another_year_covers_nothing(play: Play) -> None:
    annexe_id = await draft(play)
    command = await change(play, annexe_id, "prefecture", contingent="rs", rate_bp=2600, reason="x")
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    decree = RecordDerogation(
        reference="Arrêté de 2026", starts_on=date(2026, 1, 20), ends_on=date(2027, 1, 19)
    )
    await play.does("alice", lambda tx: annexes.record_derogation(tx, decree))
    assert [one.code for one in (await checks(play, annexe_id)).motifs] == ["state_over_ceiling"]


async def test_more_than_the_whole_of_a_commune_blocks(play: Play) -> None:
    annexe_id = await draft(play)
    command = await change(play, annexe_id, "doussard", added=Decimal(12), reason="Essai")
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    assert [one.code for one in (await checks(play, annexe_id)).motifs] == ["sum_over_whole"]


async def changed(play: Play, command: ChangeLine) -> None:
    await play.does("alice", lambda tx: annexes.change_line(tx, command))


async def test_guarantees_over_20_percent_and_a_low_state_warn(play: Play) -> None:
    """R441-5-4 and R441-5-2 II: told, never blocking."""
    annexe_id = await draft(play)
    for slug, values in (
        ("faverges-seythenex", {"origin": "garantie"}),
        ("prefecture", {"contingent": "rs", "rate_bp": 2000, "reason": "Convention de l'État"}),
    ):
        command = await change(play, annexe_id, slug, **values)
        await changed(play, command)
    found = await checks(play, annexe_id)
    assert found.motifs == ()
    assert [one.code for one in found.warnings] == ["guarantee_over_ceiling", "state_under_floor"]


async def test_a_stock_that_moved_is_counted_again(play: Play) -> None:
    annexe_id = await draft(play)
    play.run("update dwellings set left_on = '2026-06-30' where id = %s", play.home())
    assert [one.code for one in (await checks(play, annexe_id)).motifs] == ["stock_moved"]
    seen = await revision(play, annexe_id)
    await play.does("alice", lambda tx: annexes.recount(tx, annexe_id, seen))
    found = await checks(play, annexe_id)
    assert found.motifs == ()
    assert found.version.computed.annexe.totals.total == 639


async def test_a_year_whose_photograph_is_not_taken_waits(play: Play) -> None:
    found = await checks(play, await draft(play, 2028))
    assert "photo_in_future" in [one.code for one in found.motifs]


# --- Published ------------------------------------------------------------------------------------


async def test_every_party_is_told_and_reads_it(play: Play) -> None:
    """Art. 4: before 28 February each réservataire is told the assiette and its rate."""
    annexe_id = await draft(play)
    seen = await revision(play, annexe_id)
    _, effects = await play.performs("alice", lambda tx: annexes.publish(tx, annexe_id, seen))
    assert effects.acts == ["annexe.published"]
    told = {(slug, capacity) for slug, capacity, template in effects.told}
    assert {("doussard", "reservataire"), ("action-logement", "reservataire")} <= told
    assert ("prefecture", "prefecture") in told
    assert [one for one in effects.told if one[:2] == ("prefecture", "reservataire")] == [
        ("prefecture", "reservataire", "annexe.published")
    ] * 2  # each contingent has its own people
    assert set(effects.jobs) == {"notifications.deliver"}
    for who in ("chloe", "estelle", "farid", "bruno"):
        version = await read(play, annexe_id, who)
        assert version.computed.facts.published_by == play.actor("alice").person_name
    for who in ("denis", "leman machine"):
        with pytest.raises(NotFound):
            await read(play, annexe_id, who)


FOREIGN_COMMUNE = (
    "insert into annexe_line_communes select line_id, annexe_id, bailleur_id, '74218'"
    " from annexe_line_communes limit 1"
)
LATE_RIGHT = (
    "insert into annexe_droits_uniques select id, bailleur_id, 1, bailleur_id, 'x', 1"
    " from annexes limit 1"
)


@pytest.mark.parametrize(
    "statement",
    [
        "update annexes set published_at = null",
        "update annexes set reason = 'x'",
        "delete from annexes",
        "delete from annexe_communes",
        "delete from annexe_lines",
        "delete from annexe_line_communes",
        "update annexe_communes set total = total + 1",
        "update annexe_lines set droits = 1 where droits is not null",
        "update annexe_line_communes set insee = '74218'",
        FOREIGN_COMMUNE,
        LATE_RIGHT,
    ],
)
async def test_a_published_version_never_changes(play: Play, statement: LiteralString) -> None:
    """Not even by who holds every power over the database."""
    with pytest.raises(psycopg.errors.RestrictViolation, match="never changes"):
        play.run(statement)


async def test_a_published_version_takes_no_more_acts(play: Play) -> None:
    annexe_id = await draft(play)
    await publish(play, annexe_id)
    seen = await revision(play, annexe_id)
    command = await change(play, annexe_id, "doussard", added=Decimal(1), reason="x")
    for act in (
        lambda tx: annexes.change_line(tx, command),
        lambda tx: annexes.recount(tx, annexe_id, seen),
        lambda tx: annexes.discard(tx, annexe_id, seen),
        lambda tx: annexes.publish(tx, annexe_id, seen),
    ):
        await play.is_refused("alice", act, Conflict, "annexe_published")


async def test_a_draft_that_moved_is_not_published_unseen(play: Play) -> None:
    annexe_id = await draft(play)
    await play.is_refused(
        "alice", lambda tx: annexes.publish(tx, annexe_id, 7), Conflict, "stale_version"
    )


async def test_a_rectification_is_another_version(play: Play) -> None:
    """With its reason, beside the one before; both stay."""
    first = await draft(play)
    await publish(play, first)
    command = StartDraft(epci_siren=SOURCES_DU_LAC, year=2027)
    await play.is_refused(
        "alice", lambda tx: annexes.start(tx, command), Invalid, "reason_required"
    )
    second = await draft(play, reason="Un programme avait été oublié")
    moved = await change(play, second, "doussard", added=Decimal(1), reason="Programme oublié")
    await play.does("alice", lambda tx: annexes.change_line(tx, moved))
    await publish(play, second)
    version = await read(play, second, "chloe")
    assert version.computed.facts.version == 2
    assert version.computed.facts.reason == "Un programme avait été oublié"
    assert version.comparison is not None
    assert version.comparison.before.facts.id == first
    [line] = [one for one in version.comparison.lines if one.is_changed]
    assert line.before is not None
    assert line.now is not None
    assert (line.before.rate_bp, line.now.rate_bp) == (2963, 3148)
    assert (await read(play, first)).computed.annexe.lines[1].rate_bp == 2963


async def test_a_rectification_of_a_bare_version_rolls_from_the_year_before(play: Play) -> None:
    """A version that did not say how its rights came keeps them, to the digit."""
    version = await read(play, await draft(play, 2026, reason="Rectification"))
    annexe, facts = version.computed.annexe, version.computed.facts
    assert [rate.rate_bp for rate in annexe.lines] == [484, 2963, 2440, 1481, 500, 2500]
    assert {one.previous_droits for one in facts.lines} == {31, 16, 143, 8, None}
    command = await change(play, facts.id, "doussard", added=Decimal(1), reason="Oubli")
    await play.does("alice", lambda tx: annexes.change_line(tx, command))
    assert (await read(play, facts.id)).computed.annexe.lines[1].droits == 17


async def test_the_deadline_is_27_february_24_hours(play: Play) -> None:
    """Q1: « avant le 28 février »; late from 28 February 00:00."""
    for now, late in (
        (datetime(2027, 2, 27, 23, 59, tzinfo=PARIS), False),
        (datetime(2027, 2, 28, 0, 0, tzinfo=PARIS), True),
    ):
        play.now = now
        board = await play.reads("alice", annexes.overview)
        [mine] = [one for one in board.dues if (one.epci_siren, one.year) == (SOURCES_DU_LAC, 2027)]
        assert mine.is_late is late


async def test_what_is_due_is_told_until_published(play: Play) -> None:
    due = await play.reads("alice", annexes.due)
    assert SOURCES_DU_LAC in {one.epci_siren for one in due}
    await publish(play, await draft(play))
    due = await play.reads("alice", annexes.due)
    assert SOURCES_DU_LAC not in {one.epci_siren for one in due}
