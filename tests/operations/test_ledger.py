"""The ledgers of the flux on real rows: zero sum, replay, one serial order (art. 5.1 and 7)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from server.db.ledgers import Balance
from server.domain.deadlines import local_day
from server.domain.flux import BAILLEUR, UNIT, Indicator
from server.domain.ledger import DEFERRED, PENDING, TOTAL
from server.errors import NotFound
from server.operations import caleol, ledger, orientations, urgences, vacancies
from server.operations.ledger.posting import post
from server.operations.orientations import SendOrientation
from server.tenants.transactions import TenantTransaction
from tests.operations.play import FAVERGES, Play, paris

BASES = tuple(Indicator)


async def history(play: Play) -> None:
    """One of everything: an attribution, a refusal, a diversion, a mutation, a dwelling kept."""
    await play.everything()
    refused = await play.offer(home=play.home(number=5))
    await play.does("chloe", lambda tx: orientations.refuse(tx, refused))
    withdrawn = await play.offer(home=play.home(number=6))
    await play.does("alice", lambda tx: orientations.withdraw(tx, withdrawn, reason="Travaux"))
    for number, nature in ((0, "mutation"), (1, "own")):
        vacancy_id = await play.vacancy(play.home(FAVERGES, number))
        await play.does(
            "alice", partial(vacancies.keep, vacancy_id=vacancy_id, nature=nature, reason="x")
        )
    await play.does("alice", post)


def lags(balances: list[Balance]) -> dict[tuple[str, str, str], int]:
    return {(one.party, one.family, one.value): one.lag for one in balances if one.lag}


async def stored(play: Play, basis: Indicator, who: str = "alice") -> list[Balance]:
    return await play.reads(who, lambda tx: ledger.balances(tx, 2026, basis=basis))


def total(balances: list[Balance]) -> dict[str, Balance]:
    return {one.party: one for one in balances if one.family == TOTAL[0]}


async def test_every_stratum_adds_up_to_zero_and_replays_to_the_digit(play: Play) -> None:
    await history(play)
    owner = play.tenant("haute-savoie-habitat")
    later = play.now + timedelta(days=1)
    for basis in BASES:
        kept = await stored(play, basis)
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        for one in kept:
            sums[one.family, one.value] += one.lag
        assert len(sums) > 10
        assert set(sums.values()) == {0}
        replayed = await play.reads(
            "alice", partial(ledger.balances_on, bailleur_id=owner, until=later, basis=basis)
        )
        assert replayed == kept
        moves = await play.reads("alice", partial(ledger.moves, bailleur_id=owner, basis=basis))
        assert [one.position for one in moves] == list(range(1, len(moves) + 1))
        assert {one.rule_version for one in moves} == {"marges-encadrees-1"}


async def test_the_journal_makes_the_same_balances_again(play: Play) -> None:
    """Whoever posted, and when: the moves made again from a finished history are the same."""
    await history(play)
    owner = play.tenant("haute-savoie-habitat")
    entries = await play.reads("alice", ledger.derived)
    again = {
        (row["basis"], row["party"], row["family"], row["value"]): row["due"] - row["received"]
        for row in ledger.balance_rows(owner, entries)
        if row["due"] - row["received"]
    }
    kept = {
        (basis.value, *key): lag
        for basis in BASES
        for key, lag in lags(await stored(play, basis)).items()
    }
    assert again == kept
    assert await play.reads("alice", ledger.unposted) == []


async def test_a_rate_published_later_rewrites_nothing(play: Play) -> None:
    """The accruals of a day keep the rates of that day (art. 4)."""
    await play.vacancy()
    before = await stored(play, Indicator.ORIENTED)
    play.rewrite(
        "with newer as (insert into annexes (id, bailleur_id, epci_siren, year, version,"
        " published_at) select uuidv7(), bailleur_id, epci_siren, year, version + 1, %s"
        " from annexes where year = 2026 and epci_siren = '247400773' returning *),"
        " stock as (insert into annexe_communes (annexe_id, bailleur_id, insee, position, total)"
        " select n.id, c.bailleur_id, c.insee, c.position, c.total from annexe_communes c"
        " join annexes a on a.id = c.annexe_id join newer n on n.epci_siren = a.epci_siren"
        " and n.year = a.year) select 1",
        play.now + timedelta(days=1),
    )
    await play.does("alice", post)
    assert await stored(play, Indicator.ORIENTED) == before
    play.now += timedelta(days=2)
    await play.vacancy(play.home(number=1))
    own = total(await stored(play, Indicator.ORIENTED))[BAILLEUR]
    assert own.due == total(before)[BAILLEUR].due + UNIT  # the new version has no line


async def test_what_fails_after_the_count_is_counted_and_owed_again(play: Play) -> None:
    """A household refused by the caleol: counted on the offers, given back on the others."""
    orientation_id = await play.complete()
    session_id = await play.session(orientation_id)
    command = caleol.RecordDecision(
        session_id=session_id,
        orientation_id=orientation_id,
        decisions=tuple(
            caleol.CandidateDecision(
                candidate_id=one, outcome="not_attributed", reason="better_ranked"
            )
            for one in play.candidates(orientation_id)
        ),
    )
    play.now += timedelta(days=8)
    await play.does("alice", lambda tx: caleol.record_decision(tx, command))
    key = f"{play.tenant('doussard')}:none"
    found = {basis: total(await stored(play, basis))[key] for basis in BASES}
    assert {basis: (one.due, one.received) for basis, one in found.items()} == {
        Indicator.ORIENTED: (2 * 2963, UNIT),
        Indicator.ATTRIBUTED: (2963, 0),
        Indicator.LEASED: (2963, 0),
    }


@pytest.mark.parametrize(
    ("is_charged", "doussard"), [(True, (2963, UNIT)), (False, (0, 0))], ids=["charged", "out"]
)
async def test_an_urgency_is_charged_or_leaves_the_flux(
    play: Play, is_charged: bool, doussard: tuple[int, int]
) -> None:
    """Art. 2.4."""
    await crisis(play, is_charged=is_charged)
    found = total(await stored(play, Indicator.ORIENTED))[f"{play.tenant('doussard')}:none"]
    assert (found.due, found.received) == doussard


async def lag_in_book(play: Play, basis: Indicator, key: str) -> int:
    """The lag of a party in total, as an advice reads it now."""

    async def read(tx: TenantTransaction) -> ledger.Book:
        return await ledger.book(tx, [TOTAL], basis, ledger.Ground(tx))

    return (await play.reads("alice", read)).ledger.lag(key)


async def crisis(play: Play, *, is_charged: bool) -> None:
    vacancy_id = await play.vacancy()
    urgence_id = await play.does(
        "alice",
        lambda tx: urgences.request(
            tx, urgences.RequestUrgence(vacancy_id=vacancy_id, kind="fire", title="Incendie")
        ),
    )
    command = urgences.DecideUrgence(
        urgence_id=urgence_id,
        is_approved=True,
        charged_reservataire_id=play.tenant("doussard") if is_charged else None,
        is_out_of_flux=not is_charged,
    )
    await play.does("estelle", lambda tx: urgences.decide(tx, command))
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))


async def test_an_urgency_is_spread_over_the_months_that_follow(play: Play) -> None:
    """Art. 2.4, as the charte of its day says: a third on 30 April, then on 1 May and 1 June; read
    before anybody posts it or after, the same; nothing else moves and every stratum adds up.
    """
    play.run("update charte_versions set urgences = 'spread', urgence_parts = 3")
    await crisis(play, is_charged=True)
    key, owner = f"{play.tenant('doussard')}:none", play.tenant("haute-savoie-habitat")
    charged = {"2026-04-30": 3334, "2026-05-02": 6667, "2026-06-20": UNIT, "2026-09-01": UNIT}
    for day, amount in charged.items():
        play.now = paris(f"{day}T10:00")
        for basis in BASES:
            assert (day, await lag_in_book(play, basis, key)) == (day, 2963 - amount)
        for _ in range(2):
            await play.does("alice", post)
        found = total(await stored(play, Indicator.ORIENTED))
        assert (found[key].received, found[key].moved) == (UNIT, UNIT - amount)
        assert found[DEFERRED].lag == amount - UNIT
        assert sum(one.lag for one in found.values()) == 0
        again = partial(
            ledger.balances_on, bailleur_id=owner, until=play.now + timedelta(seconds=1)
        )
        assert total(await play.reads("alice", again)) == found
    moves = await play.reads("alice", lambda tx: ledger.moves(tx, owner))
    assert [one.kind for one in moves] == ["freed", "oriented", "spread", "spread", "spread"]
    assert [local_day(one.at).isoformat() for one in moves[2:]] == [
        "2026-04-30", "2026-05-01", "2026-06-01"
    ]  # fmt: skip
    entries = [one for one in await play.reads("alice", ledger.derived) if one.basis == "oriented"]
    assert [(one.kind, dict(one.move.amounts)) for one in entries] == [
        (one.kind, one.amounts) for one in moves
    ]


async def test_a_refusal_is_posted_by_the_worker_and_erases_nothing(play: Play) -> None:
    orientation_id = await play.offer()
    key = f"{play.tenant('doussard')}:none"
    _, effects = await play.performs("chloe", lambda tx: orientations.refuse(tx, orientation_id))
    assert "flux.post" in effects.jobs
    assert total(await stored(play, Indicator.ORIENTED))[key].received == UNIT
    for _ in range(2):  # the same job twice
        await play.does("alice", post)
        found = total(await stored(play, Indicator.ORIENTED))
        assert (found[key].received, found[key].lag) == (0, 2963)
        assert found[PENDING].lag == -UNIT


async def test_who_reads_what(play: Play) -> None:
    """Its own lines for a réservataire, all for the bailleur and the préfecture."""
    await history(play)
    owner = play.tenant("haute-savoie-habitat")
    whole = len(await stored(play, Indicator.ORIENTED))
    own = {one.party for one in await stored(play, Indicator.ORIENTED, "chloe")}
    assert own == {f"{play.tenant('doussard')}:none"}
    assert len(await stored(play, Indicator.ORIENTED, "estelle")) == whole
    assert await stored(play, Indicator.ORIENTED, "farid") == []
    for who in ("chloe", "farid"):
        assert await play.reads(who, lambda tx: ledger.moves(tx, owner)) == []
    mine = f"{play.tenant('doussard')}:none"
    seen = await play.reads("chloe", lambda tx: ledger.entries(tx, owner, mine))
    balance = total(await stored(play, Indicator.ORIENTED, "chloe"))[mine]
    assert sum(one.amount for one in seen) == balance.lag
    for who in ("karine", "farid"):
        assert await play.reads(who, lambda tx: ledger.entries(tx, owner, mine)) == []
    for refused in (
        lambda tx: ledger.balances(tx, 2026, bailleur_id=owner),
        lambda tx: ledger.moves(tx, owner),
        lambda tx: ledger.trace(tx, owner, limit=1),
        lambda tx: ledger.entries(tx, owner, mine),
    ):
        await play.is_refused("denis", refused, NotFound)


async def test_two_vacancies_at_once_make_one_serial_ledger(play: Play) -> None:
    """The rows of the ledger are locked: each advice counts what the other has just given."""
    first, second = [await play.vacancy(play.home(number=one)) for one in (0, 1)]

    async def send(vacancy_id: UUID) -> None:
        command = SendOrientation(
            vacancy_id=vacancy_id,
            reservataire_id=play.tenant("doussard"),
            departure_motif="Essai",
        )
        await play.does("alice", lambda tx: orientations.send(tx, command))

    await asyncio.gather(send(first), send(second))
    owner = play.tenant("haute-savoie-habitat")
    moves = await play.reads("alice", lambda tx: ledger.moves(tx, owner))
    assert [one.position for one in moves] == [1, 2, 3, 4]
    assert (
        total(await stored(play, Indicator.ORIENTED))[f"{play.tenant('doussard')}:none"].lag
        == 2 * 2963 - 2 * UNIT
    )


async def test_an_expired_convention_leaves_its_balance_to_the_bailleur(play: Play) -> None:
    """Art. 8: zero sum kept, the move told; the same again when something comes in later."""
    orientation_id = await play.offer()
    key = f"{play.tenant('doussard')}:none"
    before = total(await stored(play, Indicator.ORIENTED))
    play.run(
        "update conventions set state = 'terminated', ended_on = '2026-05-10'"
        " where reservataire_id = %s and bailleur_id = %s",
        play.tenant("doussard"),
        play.tenant("haute-savoie-habitat"),
    )
    play.now += timedelta(days=30)
    for _ in range(2):
        await play.does("alice", post)
        after = total(await stored(play, Indicator.ORIENTED))
        assert after[key].lag == 0
        assert after[BAILLEUR].lag == before[BAILLEUR].lag + before[key].lag
        assert sum(one.lag for one in after.values()) == 0
    await play.does("alice", lambda tx: orientations.reorient(tx, orientation_id))
    await play.does("alice", post)
    ended = total(await stored(play, Indicator.ORIENTED))
    assert (ended[key].lag, ended[PENDING].lag) == (0, -UNIT)
    owner = play.tenant("haute-savoie-habitat")
    moves = await play.reads("alice", lambda tx: ledger.moves(tx, owner))
    assert {one.kind for one in moves} == {"freed", "oriented", "released", "expired"}


async def test_the_database_refuses_a_move_that_is_not_balanced(play: Play) -> None:
    await play.vacancy()

    with pytest.raises(psycopg.errors.CheckViolation, match="adds up to zero"):
        play.run(
            "insert into ledger_moves (bailleur_id, basis, position, at, kind, event_id, strata,"
            " amounts, rule_version, settings_version) values (%s, 'oriented', 99, now(), 'freed',"
            " uuidv7(), '{}', '{\"bailleur\": 1}', 'x', 'x')",
            play.tenant("haute-savoie-habitat"),
        )
