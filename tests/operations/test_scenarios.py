"""What if, end to end: the base counted, changes kept, years drawn, shown, taken up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.db import scenarios as rows
from server.db.paging import PageRequest
from server.domain.flux import BAILLEUR
from server.domain.scenarios import Change, ChangeKind
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import annexes, scenarios
from server.operations.annexes import StartDraft
from server.operations.scenarios import NewScenario, ReadScenario, ShareScenario
from server.operations.scenarios import drawing as drawing_years
from server.operations.simulations import tallying
from server.tenants.transactions import Database as App
from tests.operations.play import NOT_THE_BAILLEUR, SOURCES_DU_LAC, Play

NEXT = 2027
NEW_YEAR = date(NEXT, 1, 1)
STRANGERS = {
    "denis": NotFound, "karine": NotFound, "leman machine": NotFound,
    "faverges machine": NotFound, "farid": Forbidden,
}  # fmt: skip


async def made(
    play: Play, name: str = "Plus de droits", siren: str | None = SOURCES_DU_LAC
) -> UUID:
    command = NewScenario(name=name, year=NEXT, epci_siren=siren)
    return await play.does("alice", partial(scenarios.create, command=command))


async def seen(play: Play, who: str, scenario_id: UUID) -> ReadScenario:
    return await play.reads(who, lambda tx: scenarios.get(tx, scenario_id))


def party(play: Play, slug: str = "doussard", contingent: str = "none") -> str:
    return f"{play.tenant(slug)}:{contingent}"


def rights(play: Play, droits: int, slug: str = "doussard") -> Change:
    return Change(
        kind=ChangeKind.DROITS, from_on=NEW_YEAR, epci_siren=SOURCES_DU_LAC,
        party_key=party(play, slug), droits=Decimal(droits),
    )  # fmt: skip


async def changed(play: Play, scenario_id: UUID, change: Change) -> None:
    revision = (await seen(play, "alice", scenario_id)).row.revision
    await play.does("alice", lambda tx: scenarios.add_change(tx, scenario_id, revision, change))


def mean(found: ReadScenario, key: str) -> float:
    figures = next(one for one in found.figures if scenarios.key_of(one) == key)
    return float(figures.figures["total"][0])


async def test_the_base_is_the_annexe_as_it_would_be_counted(play: Play) -> None:
    """A and C of the photograph, the rights last published, the turnover seen or the usual one."""
    found = await seen(play, "alice", await made(play))
    (place,) = found.row.tables["epcis"]
    counted = await play.reads(
        "alice", lambda tx: annexes.read(tx, play.scalar(
            "select id from annexes where epci_siren = %s and year = 2026 and bailleur_id = %s",
            SOURCES_DU_LAC, play.tenant("haute-savoie-habitat"))),
    )  # fmt: skip
    annexe = counted.computed.annexe
    assert [one["rate_bp"] for one in place["lines"]] == [one.rate_bp for one in annexe.lines]
    assert found.row.tables["dwellings"] == annexe.totals.flux
    assert found.row.counted_on == date(2026, 12, 31)
    hypotheses = scenarios.read_hypotheses(found.row.hypotheses)
    assert (hypotheses.turnover_bp, hypotheses.mutation_bp) == (740, 1000)
    total = sum(mean(found, scenarios.key_of(one)) for one in found.figures)
    assert total == pytest.approx(annexe.totals.flux * 0.074 * 0.9 / 0.828, rel=0.001)
    assert [scenarios.key_of(one) for one in found.figures][-1] == BAILLEUR


async def test_the_whole_stock_is_every_annexe(play: Play) -> None:
    whole = await seen(play, "alice", await made(play, siren=None))
    names = [one["epci_name"] for one in whole.row.tables["epcis"]]
    assert len(names) > 1
    assert whole.row.epci_name is None


async def test_a_change_is_seen_before_it_is_kept_and_taken_back(play: Play) -> None:
    scenario_id = await made(play)
    before = await seen(play, "alice", scenario_id)
    change = rights(play, 20)
    outlook = await play.reads("alice", lambda tx: scenarios.preview(tx, scenario_id, change))
    assert (await seen(play, "alice", scenario_id)).row == before.row
    await changed(play, scenario_id, change)
    after = await seen(play, "alice", scenario_id)
    key = party(play)
    expected = scenarios.figures_json(outlook, key)["total"][0]
    assert mean(after, key) == expected > mean(before, key)
    assert mean(after, party(play, "faverges-seythenex")) == mean(
        before, party(play, "faverges-seythenex")
    )
    assert after.row.revision == before.row.revision + 1
    await play.does(
        "alice", lambda tx: scenarios.remove_change(tx, scenario_id, after.row.revision, 0)
    )
    again = await seen(play, "alice", scenario_id)
    assert (again.figures, again.row.tables) == (before.figures, before.row.tables)


async def test_a_copy_is_on_the_same_base(play: Play) -> None:
    scenario_id = await made(play)
    await changed(play, scenario_id, rights(play, 20))
    copy = await play.does("alice", lambda tx: scenarios.duplicate(tx, scenario_id))
    one, other = await seen(play, "alice", scenario_id), await seen(play, "alice", copy)
    assert one.figures == other.figures
    assert (one.row.tables, one.row.changes) == (other.row.tables, other.row.changes)
    bases = await play.reads("alice", lambda tx: _bases(tx, scenario_id, copy))
    assert bases[0] == bases[1]


async def _bases(tx: Any, *ids: UUID) -> list[Any]:
    return [await rows.read_base(tx, one) for one in ids]


async def test_only_its_bailleur_changes_it(play: Play) -> None:
    scenario_id = await made(play)
    share = await shown(play, scenario_id, "doussard")
    change = rights(play, 20)
    acts: list[Any] = [
        lambda tx: scenarios.add_change(tx, scenario_id, 2, change),
        lambda tx: scenarios.remove_change(tx, scenario_id, 2, 0),
        lambda tx: scenarios.recount(tx, scenario_id, 2),
        lambda tx: scenarios.discard(tx, scenario_id, 2),
        lambda tx: scenarios.duplicate(tx, scenario_id),
        lambda tx: scenarios.ask(tx, scenario_id),
        lambda tx: scenarios.stop(tx, scenario_id),
        lambda tx: scenarios.share(tx, to(play, scenario_id, "faverges-seythenex")),
        lambda tx: scenarios.revoke(tx, scenario_id, share),
        lambda tx: scenarios.preview(tx, scenario_id, change),
        lambda tx: scenarios.take_up(tx, scenario_id, SOURCES_DU_LAC, 1),
    ]
    await play.is_refused_to(NOT_THE_BAILLEUR, acts[0])
    for act in acts[1:]:
        await play.is_refused("denis", act, NotFound)
        await play.is_refused("chloe", act, Forbidden)


async def test_what_cannot_be_asked_is_refused_at_its_field(play: Play) -> None:
    wrong = NewScenario(name=" ", year=2031, epci_siren="200000000")
    error = await play.is_refused("alice", partial(scenarios.create, command=wrong), Invalid)
    assert [one.field for one in error.motifs] == ["name", "year", "epci_siren"]
    scenario_id = await made(play)
    stale = partial(
        scenarios.add_change, scenario_id=scenario_id, revision=9, change=rights(play, 20)
    )
    await play.is_refused("alice", stale, Conflict, "stale_version")
    over = partial(
        scenarios.add_change, scenario_id=scenario_id, revision=2, change=rights(play, 54)
    )
    await play.is_refused("alice", over, Invalid, "sum_over_whole")


# --- Shown --------------------------------------------------------------------------------------


def to(play: Play, scenario_id: UUID, slug: str, capacity: str = "reservataire") -> ShareScenario:
    return ShareScenario(scenario_id=scenario_id, tenant_id=play.tenant(slug), capacity=capacity)


async def shown(play: Play, scenario_id: UUID, slug: str, capacity: str = "reservataire") -> UUID:
    command = to(play, scenario_id, slug, capacity)
    return await play.does("alice", partial(scenarios.share, command=command))


async def test_a_party_reads_its_own_lines_and_the_tables(play: Play) -> None:
    """And nobody else reads anything: not even that it exists."""
    scenario_id = await made(play)
    for who in ("chloe", "estelle"):
        await play.is_refused(who, lambda tx: scenarios.get(tx, scenario_id), NotFound)
    _, effects = await play.performs(
        "alice", partial(scenarios.share, command=to(play, scenario_id, "doussard"))
    )
    assert effects.acts == ["scenario.shared"]
    assert effects.told == [("doussard", "reservataire", "scenario.shared")]
    whole, hers = await seen(play, "alice", scenario_id), await seen(play, "chloe", scenario_id)
    assert [scenarios.key_of(one) for one in hers.figures] == [party(play)]
    assert hers.figures[0] in whole.figures
    assert hers.row == whole.row
    assert hers.draw is None
    assert await play.reads("alice", lambda tx: rows.read_base(tx, scenario_id))
    for who, error in STRANGERS.items():
        await play.is_refused(who, lambda tx: scenarios.get(tx, scenario_id), error)
        if error is NotFound:
            assert (await listed(play, who)) == []
    assert await listed(play, "chloe") == await listed(play, "doussard machine") == [scenario_id]


async def listed(play: Play, who: str) -> list[UUID]:
    page = await play.reads(who, lambda tx: scenarios.list_page(tx, PageRequest()))
    return [one.row.id for one in page.items]


async def test_the_prefecture_reads_every_line_once_shown(play: Play) -> None:
    scenario_id = await made(play)
    await shown(play, scenario_id, "prefecture", "prefecture")
    assert (await seen(play, "estelle", scenario_id)).figures == (
        await seen(play, "alice", scenario_id)
    ).figures
    await play.is_refused("chloe", lambda tx: scenarios.get(tx, scenario_id), NotFound)


async def test_a_share_is_taken_back_and_given_again(play: Play) -> None:
    scenario_id = await made(play)
    share = await shown(play, scenario_id, "doussard")
    twice = partial(scenarios.share, command=to(play, scenario_id, "doussard"))
    await play.is_refused("alice", twice, Conflict, "already_shared")
    _, effects = await play.performs("alice", lambda tx: scenarios.revoke(tx, scenario_id, share))
    assert effects.acts == ["scenario.revoked"]
    await play.is_refused("chloe", lambda tx: scenarios.get(tx, scenario_id), NotFound)
    again = partial(scenarios.revoke, scenario_id=scenario_id, share_id=share)
    await play.is_refused("alice", again, Conflict, "already_revoked")
    await shown(play, scenario_id, "doussard")
    assert len((await seen(play, "alice", scenario_id)).shares) == 2
    assert len((await seen(play, "chloe", scenario_id)).shares) == 1
    unknown = partial(
        scenarios.share, command=ShareScenario(scenario_id=scenario_id, tenant_id=uuid4())
    )
    await play.is_refused("alice", unknown, Invalid, "reader_unknown")


# --- Drawn --------------------------------------------------------------------------------------


@pytest.fixture
async def worker(play: Play) -> AsyncIterator[App]:
    opened = App(play.stage.database.worker_dsn, pool_size=2)
    yield opened
    await opened.close()


async def drawn(play: Play, worker: App, scenario_id: UUID) -> ReadScenario:
    await play.does("alice", lambda tx: scenarios.ask(tx, scenario_id))
    await scenarios.draw(worker, scenario_id)
    return await seen(play, "alice", scenario_id)


async def served(play: Play, scenario_id: UUID) -> tuple[Any, bytes]:
    return await play.reads("alice", lambda tx: rows.read_years(tx, scenario_id))


@pytest.fixture(autouse=True)
def few_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three blocks: what is proved of them holds of ten."""
    monkeypatch.setattr(drawing_years, "YEARS", 300)


async def test_drawn_years_agree_with_what_is_expected_at_once(play: Play, worker: App) -> None:
    """300 years of the rule, refusals and failures included: each mean within a third of a
    dwelling, and the bounds of nine years in ten within a dwelling and a half.
    """
    scenario_id = await made(play)
    await changed(play, scenario_id, rights(play, 20))
    found = await drawn(play, worker, scenario_id)
    assert found.draw is not None
    assert (found.draw.state, found.draw.done) == ("done", 300)
    for one in found.figures:
        expected, low, high = one.figures["total"]
        years = one.drawn or {}
        assert years["mean"] == pytest.approx(expected, abs=0.35), one.name
        assert years["low"] == pytest.approx(low, abs=1.5), one.name
        assert years["high"] == pytest.approx(high, abs=1.5), one.name
        assert sum(count for _, count in years["histogram"]) == 300
        assert years["months"][-1][0] == pytest.approx(years["mean"], abs=0.001)
        assert len(years["late"]) == 12


async def test_the_same_scenario_draws_the_same_years(play: Play, worker: App) -> None:
    """Common random numbers: a copy is identical; what falls after the year changes nothing."""
    one = await made(play)
    copy = await play.does("alice", lambda tx: scenarios.duplicate(tx, one))
    await drawn(play, worker, one)
    await drawn(play, worker, copy)
    assert await served(play, one) == await served(play, copy)
    compared = await play.reads("alice", lambda tx: scenarios.compare(tx, one, copy))
    assert compared.paired is not None
    assert {(pair.mean, pair.more, pair.less) for pair in compared.paired.values()} == {(0, 0, 0)}


async def test_a_change_moves_few_years_of_those_it_does_not_concern(
    play: Play, worker: App
) -> None:
    """As many vacancies in each year; four more rights in Doussard are for Doussard."""
    one, other = await made(play), await made(play, "Autre")
    await changed(play, other, rights(play, 20))
    await drawn(play, worker, one)
    await drawn(play, worker, other)
    compared = await play.reads("alice", lambda tx: scenarios.compare(tx, one, other))
    pairs = compared.paired or {}
    assert sum(pair.mean for pair in pairs.values()) == pytest.approx(0)
    mine = pairs[party(play)]
    assert mine.mean > 0
    assert mine.less < 30
    others = [pair for key, pair in pairs.items() if key not in (party(play), BAILLEUR)]
    assert all(abs(pair.mean) < 0.1 for pair in others)


async def test_a_worker_that_is_killed_draws_the_same_years(
    play: Play, worker: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in its second block, run again, run once more: nothing is lost, nothing doubled."""
    one = await made(play)
    copy = await play.does("alice", lambda tx: scenarios.duplicate(tx, one))
    whole = await drawn(play, worker, one)
    await play.does("alice", lambda tx: scenarios.ask(tx, copy))
    calls: list[Any] = []

    def killed(*plan: Any, **block: Any) -> Any:
        calls.append(block)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return tallying.play(*plan, **block)

    monkeypatch.setattr(drawing_years, "play", killed)
    with pytest.raises(KeyboardInterrupt):
        await scenarios.draw(worker, copy)
    halted = await seen(play, "alice", copy)
    assert halted.draw is not None
    assert (halted.draw.state, halted.draw.done) == ("running", 100)
    for _ in range(2):
        await scenarios.draw(worker, copy)
    assert await served(play, one) == await served(play, copy)
    again = await seen(play, "alice", copy)
    assert [one.drawn for one in again.figures] == [one.drawn for one in whole.figures]


async def test_a_drawing_is_stopped_and_goes_on(play: Play, worker: App) -> None:
    one = await made(play)
    await play.does("alice", lambda tx: scenarios.ask(tx, one))
    again = partial(scenarios.ask, scenario_id=one)
    await play.is_refused("alice", again, Conflict, "already_drawing")
    await play.does("alice", lambda tx: scenarios.stop(tx, one))
    await scenarios.draw(worker, one)
    stopped = await seen(play, "alice", one)
    assert stopped.draw is not None
    assert (stopped.draw.state, stopped.draw.done) == ("cancelled", 0)
    await play.is_refused("alice", partial(scenarios.stop, scenario_id=one), Conflict)
    found = await drawn(play, worker, one)
    assert found.draw is not None
    assert found.draw.state == "done"
    await changed(play, one, rights(play, 20))
    fresh = await seen(play, "alice", one)
    assert fresh.draw is None
    assert all(one.drawn is None for one in fresh.figures)


async def test_what_cannot_be_drawn_is_said(play: Play, worker: App) -> None:
    one = await made(play)
    await play.does("alice", lambda tx: scenarios.ask(tx, one))
    await scenarios.give_up(worker, one)
    found = await seen(play, "alice", one)
    assert found.draw is not None
    assert found.draw.state == "failed"
    await play.does("alice", lambda tx: scenarios.discard(tx, one, found.row.revision))
    with pytest.raises(NotFound):
        await scenarios.draw(worker, one)


# --- Taken up -----------------------------------------------------------------------------------


async def test_the_draft_of_the_annexe_takes_the_rights(play: Play) -> None:
    one = await made(play)
    await changed(play, one, rights(play, 20))
    closed = partial(scenarios.take_up, scenario_id=one, epci_siren=SOURCES_DU_LAC, revision=1)
    await play.is_refused("alice", closed, Conflict, "no_draft")
    start = StartDraft(epci_siren=SOURCES_DU_LAC, year=NEXT)
    draft = await play.does("alice", lambda tx: annexes.start(tx, start))
    told = await play.reads("alice", lambda tx: scenarios.check(tx, one, SOURCES_DU_LAC))
    assert [(move.name, move.line.droits, move.droits) for move in told.moves] == [
        ("Commune de Doussard", Decimal(16), Decimal(20))
    ]
    _, effects = await play.performs("alice", closed)
    assert effects.acts == ["scenario.reported"]
    read = await play.reads("alice", lambda tx: annexes.get(tx, draft))
    line = next(one for one in read.lines if one.reservataire_id == play.tenant("doussard"))
    assert [line.droits, line.added, line.expired] == [Decimal(20), Decimal(4), Decimal(0)]
    assert line.change_reason == "Simulation « Plus de droits »"
    done = partial(
        scenarios.take_up, scenario_id=one, epci_siren=SOURCES_DU_LAC, revision=read.revision
    )
    await play.is_refused("alice", done, Conflict, "nothing_changes")


async def test_a_draft_that_moved_meanwhile_is_left_as_it_is(play: Play) -> None:
    start = StartDraft(epci_siren=SOURCES_DU_LAC, year=NEXT)
    await play.does("alice", lambda tx: annexes.start(tx, start))
    one = await made(play)
    await changed(play, one, rights(play, 12))
    stale = partial(scenarios.take_up, scenario_id=one, epci_siren=SOURCES_DU_LAC, revision=7)
    await play.is_refused("alice", stale, Conflict, "stale_version")
