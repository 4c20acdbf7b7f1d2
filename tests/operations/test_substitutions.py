"""The préfet in the place of a commune carencée: rights stay, offers go (L302-9-1; domain §1.3)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from server.db.paging import Page, PageRequest
from server.db.substitutions import Substitution
from server.domain.flux import UNIT
from server.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from server.operations import candidates, flux, orientations, substitutions
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.operations.substitutions import DeclareSubstitution
from tests.operations.play import NUDS, Act, Play

DECREE = "n° DDT-2026-0123 du 27 février 2026"
NOT_THE_PREFECTURE: dict[str, type[PortalError]] = {
    "alice": Forbidden,
    "bruno": Forbidden,
    "chloe": Forbidden,
    "denis": Forbidden,
    "karine": Forbidden,
    "pascal": Forbidden,  # the State, but as a réservataire: rights go by capacity
    "farid": Forbidden,
    "hsh machine": Forbidden,
}


def of_doussard(play: Play, **changed: object) -> DeclareSubstitution:
    values: dict[str, object] = {
        "tenant_id": play.tenant("doussard"),
        "decree": DECREE,
        "starts_on": play.day(),
    }
    return DeclareSubstitution(**{**values, **changed})  # type: ignore[arg-type] # a test's own


def declaring(command: DeclareSubstitution) -> Act[UUID]:
    return lambda tx: substitutions.declare(tx, command)


def listing(*, is_over: bool) -> Act[Page[Substitution]]:
    return lambda tx: substitutions.list_page(tx, PageRequest(), is_over=is_over)


async def substituted(play: Play) -> UUID:
    return await play.does("estelle", lambda tx: substitutions.declare(tx, of_doussard(play)))


# --- Declaring --------------------------------------------------------------------------------


async def test_the_prefecture_declares_and_everybody_concerned_is_told(play: Play) -> None:
    """One line of the journal for the commune, one for each bailleur of a convention with it."""
    command = of_doussard(play)
    made, effects = await play.performs("estelle", lambda tx: substitutions.declare(tx, command))
    assert effects.told == [
        ("doussard", "reservataire", "substitution.declared"),
        ("haute-savoie-habitat", "bailleur", "substitution.declared"),
    ]
    assert effects.acts == ["substitution.declared"] * 2
    assert effects.jobs == ["notifications.deliver"] * 2
    row = await play.reads("chloe", lambda tx: substitutions.get(tx, made))
    assert (row.decree, row.starts_on, row.ends_on) == (DECREE, command.starts_on, None)


async def test_nobody_else_declares_it(play: Play) -> None:
    command = of_doussard(play)
    await play.is_refused_to(NOT_THE_PREFECTURE, lambda tx: substitutions.declare(tx, command))


@pytest.mark.parametrize("slug", ["ccas-publier", "action-logement", "haute-savoie-habitat"])
async def test_only_a_commune_is_substituted(play: Play, slug: str) -> None:
    command = of_doussard(play, tenant_id=play.tenant(slug))
    await play.is_refused(
        "estelle", lambda tx: substitutions.declare(tx, command), Invalid, "not_a_commune"
    )


async def test_a_declaration_says_its_decree_and_ends_after_it_begins(play: Play) -> None:
    for changed, code in (
        ({"decree": "  "}, "decree_required"),
        ({"ends_on": play.day(-1)}, "period_invalid"),
    ):
        command = of_doussard(play, **changed)
        await play.is_refused("estelle", declaring(command), Invalid, code)


async def test_a_commune_has_one_substitution_at_a_time(play: Play) -> None:
    await substituted(play)
    command = of_doussard(play, starts_on=play.day(30), ends_on=play.day(60))
    await play.is_refused(
        "estelle",
        lambda tx: substitutions.declare(tx, command),
        Conflict,
        "already_substituted",
    )


# --- The offers -------------------------------------------------------------------------------


async def test_the_offers_of_the_line_go_to_the_state(play: Play) -> None:
    """It answers as a réservataire, contingent RS; the convention stays the commune's."""
    await substituted(play)
    offer = await play.offer("doussard")
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer))
    assert row.reservataire_id == play.tenant("prefecture")
    assert (row.contingent, row.holder_id) == ("rs", play.tenant("doussard"))
    assert row.decree == DECREE
    assert row.convention_id == play.stage.world.conventions["haute-savoie-habitat", "doussard"]
    told = play.rows(
        "select t.slug, n.contingent from notifications n join tenants t on t.id = n.recipient_id"
        " where n.template = 'orientation.sent'"
    )
    assert told == [("prefecture", "rs")]


async def test_the_state_answers_and_presents(play: Play) -> None:
    await substituted(play)
    offer = await play.offer("doussard")
    await play.reach_candidates(offer, "pascal")
    assert play.state(offer) == "candidates_complete"


async def test_the_other_contingent_sees_nothing_of_it(play: Play) -> None:
    """Hard rule 3: Rosa works for the contingent fonctionnaires."""
    await substituted(play)
    offer = await play.offer("doussard")
    await play.is_refused("rosa", lambda tx: orientations.get(tx, offer), NotFound)


async def test_the_supervisor_does_not_answer(play: Play) -> None:
    """Estelle is the préfecture as supervisor: the State answers as a réservataire only."""
    await substituted(play)
    offer = await play.offer("doussard")
    await play.is_refused("estelle", lambda tx: orientations.accept(tx, offer), Forbidden)


async def test_the_commune_reads_and_is_told_why_it_does_not_answer(play: Play) -> None:
    await substituted(play)
    offer = await play.offer("doussard")
    read = await play.reads("chloe", lambda tx: orientations.get(tx, offer))
    assert read.decree == DECREE
    presented = PresentCandidates(orientation_id=offer, candidates=(NewCandidate(nud=NUDS[0]),))
    for act in (
        lambda tx: orientations.accept(tx, offer),
        lambda tx: orientations.refuse(tx, offer, motif="Trop petit"),
        lambda tx: candidates.present(tx, presented),
    ):
        error = await play.is_refused("chloe", act, Conflict, "substituted")
        assert DECREE in error.message


async def test_the_commune_reads_no_candidate_of_the_state(play: Play) -> None:
    """Hard rule 1: another réservataire's candidates, even on its own line."""
    await substituted(play)
    offer = await play.offer("doussard")
    await play.reach_candidates(offer, "pascal")
    assert await play.reads("chloe", lambda tx: candidates.list_of(tx, [offer])) == {}
    assert len((await play.reads("pascal", lambda tx: candidates.list_of(tx, [offer])))[offer]) == 3


async def test_a_stranger_still_finds_nothing(play: Play) -> None:
    await substituted(play)
    offer = await play.offer("doussard")
    for who in ("karine", "manon", "denis"):
        await play.is_refused(who, lambda tx: orientations.get(tx, offer), NotFound)


async def test_a_live_offer_sent_before_stays_with_the_commune(play: Play) -> None:
    offer = await play.offer("doussard")
    await substituted(play)
    await play.does("chloe", lambda tx: orientations.accept(tx, offer))
    assert play.state(offer) == "searching"


async def test_the_offer_counts_on_the_line_of_the_commune(play: Play) -> None:
    """domain §1.3: rights stay on the commune's annexe line; the State's line is untouched."""
    before = await lines(play)
    await substituted(play)
    await play.offer("doussard")
    after = await lines(play)
    changed = {key: count - before[key] for key, count in after.items() if count != before[key]}
    assert changed == {("doussard", "none"): 1}


async def lines(play: Play) -> dict[tuple[str, str], int]:
    boards = await play.reads("alice", lambda tx: flux.boards(tx, 2026))
    slugs = {tenant: slug for slug, tenant in play.stage.world.tenants.items()}
    return {
        (slugs[line.reservataire_id], line.contingent): line.position.oriented // UNIT
        for board in boards
        for line in board.lines
        if line.position is not None
    }


async def test_who_refused_for_the_commune_refused_for_its_line(play: Play) -> None:
    """The next proposal sets the commune's line aside, not the State's own one."""
    await substituted(play)
    offer = await play.offer("doussard")
    vacancy_id = play.vacancy_of(offer)
    await play.does("pascal", lambda tx: orientations.refuse(tx, offer))
    command = SendOrientation(
        vacancy_id=vacancy_id,
        reservataire_id=play.tenant("prefecture"),
        contingent="rs",
        departure_motif="Essai",
    )
    again = await play.does("alice", lambda tx: orientations.send(tx, command))
    row = await play.reads("alice", lambda tx: orientations.get(tx, again))
    assert (row.holder_id, row.contingent) == (None, "rs")
    assert row.advice is not None
    set_aside = {one["party"] for one in row.advice["set_aside"] if one["code"] == "refused"}
    assert set_aside == {f"{play.tenant('doussard')}:none"}


async def test_the_commune_answers_again_after_the_last_day(play: Play) -> None:
    made = await substituted(play)
    last = play.day(10)
    await play.does("estelle", lambda tx: substitutions.end(tx, made, last))
    during = await play.offer("doussard")
    play.now += timedelta(days=11)
    after = await play.offer("doussard", home=play.home(number=1))
    owners = [
        play.scalar("select reservataire_id from orientations where id = %s", one)
        for one in (during, after)
    ]
    assert owners == [play.tenant("prefecture"), play.tenant("doussard")]


# --- The end ------------------------------------------------------------------------------------


async def test_an_end_is_today_or_later_and_once(play: Play) -> None:
    made = await substituted(play)
    yesterday, tomorrow = play.day(-1), play.day(1)
    await play.is_refused(
        "estelle", lambda tx: substitutions.end(tx, made, yesterday), Invalid, "period_invalid"
    )
    _, effects = await play.performs("estelle", lambda tx: substitutions.end(tx, made, tomorrow))
    assert [template for *_, template in effects.told] == ["substitution.ended"] * 2
    await play.is_refused(
        "estelle", lambda tx: substitutions.end(tx, made, tomorrow), Conflict, "already_ended"
    )


async def test_nobody_else_ends_it(play: Play) -> None:
    made = await substituted(play)
    tomorrow = play.day(1)
    await play.is_refused_to(NOT_THE_PREFECTURE, lambda tx: substitutions.end(tx, made, tomorrow))


async def test_the_list_separates_what_runs_from_what_is_over(play: Play) -> None:
    made = await substituted(play)
    await play.does("estelle", lambda tx: substitutions.end(tx, made, play.day()))
    for days, is_over, count in ((0, False, 1), (0, True, 0), (1, False, 0), (1, True, 1)):
        play.now += timedelta(days=days)
        page = await play.reads(
            "farid",
            listing(is_over=is_over),
        )
        assert len(page.items) == count, (days, is_over)
        play.now -= timedelta(days=days)


async def test_the_database_lets_no_commune_write_the_offer_of_its_line(play: Play) -> None:
    """Row-level security, whatever the code: zero rows touched."""
    await substituted(play)
    offer = await play.offer("doussard")
    actor = play.actor("chloe")
    async with play.stage.app.write_transaction(actor) as tx:
        touched = await tx.connection.exec_driver_sql(
            "update orientations set refusal_motif = 'x', version = version + 1"
        )
    assert touched.rowcount == 0
    assert play.scalar("select version from orientations where id = %s", offer) == 1
