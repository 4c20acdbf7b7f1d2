"""Fairness on real rows: the numbers of the ledger to the digit, each for its own reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any

from server.db.ledgers import Balance, FamilyBalance
from server.domain.deadlines import end_of_day
from server.domain.fairness import Share
from server.domain.flux import UNIT, Account, Indicator
from server.domain.ledger import TOTAL, Family, Stratum
from server.errors import Forbidden, NotFound
from server.operations import fairness, flux, ledger, orientations, strata
from server.operations.fairness import Fairness, Wanted
from server.operations.ledger.posting import post
from server.operations.strata import Matrix
from tests.operations.play import FAVERGES, SOURCES_DU_LAC, Play


async def history(play: Play) -> None:
    """Doussard: one attributed, one refused, one offered; one freed where it has no rate."""
    await play.attributed()
    refused = await play.offer(home=play.home(number=5))
    await play.does("chloe", lambda tx: orientations.refuse(tx, refused))
    await play.offer(home=play.home(number=6))
    await play.offer("faverges-seythenex", home=play.home(FAVERGES, 0))
    await play.does("alice", post)


async def read(play: Play, who: str = "chloe", **wanted: Any) -> Fairness:
    asked = Wanted(year=2026, **wanted)
    return await play.reads(who, partial(fairness.fairness, wanted=asked))


def by_stratum(found: Fairness) -> dict[Stratum, Share]:
    return {one.stratum: one for one in found.shares}


async def test_the_numbers_are_those_of_the_ledger(play: Play) -> None:
    await history(play)
    party = f"{play.tenant('doussard')}:none"
    for basis in Indicator:
        found = by_stratum(await read(play, basis=basis))
        kept = await play.reads("chloe", partial(ledger.balances, year=2026, basis=basis))
        assert {(one.family, one.value) for one in kept} == {
            (family.value, value) for family, value in found
        }
        for one in kept:
            assert one.party == party
            assert found[Family(one.family), one.value].account == Account(
                due=one.due, received=one.received, carried=one.carried, moved=one.moved
            )
    assert (await read(play)).totals[Indicator.LEASED].due == 3 * 2963


async def test_what_was_offered_stands_beside_the_flux(play: Play) -> None:
    """Three freed in Doussard, all three offered to the commune, one refused: it has two."""
    await history(play)
    total = by_stratum(await read(play))[TOTAL]
    assert (total.freed, total.offered, total.refused, total.others) == (3, 3, 1, 1)
    assert total.account == Account(due=3 * 2963, received=2 * UNIT)
    assert not any(one.is_secret for one in (await read(play)).shares)
    communes = {value for family, value in by_stratum(await read(play)) if family is Family.COMMUNE}
    assert communes == {"74104"}


async def test_each_number_is_followed_to_its_entries(play: Play) -> None:
    await history(play)
    for share in (await read(play)).shares:
        account = await play.reads(
            "chloe",
            partial(
                fairness.stratum_account,
                wanted=Wanted(year=2026),
                stratum=share.stratum,
                limit=100,
            ),
        )
        assert account is not None
        assert sum(one.amount for one in account.entries) == share.account.lag


async def test_a_day_of_the_past_and_the_year_after(play: Play) -> None:
    await history(play)
    first = play.now.date() - timedelta(days=8)
    before = by_stratum(await read(play, until=first))[TOTAL]
    assert (before.freed, before.offered, before.refused) == (1, 1, 0)
    assert before.account == Account(due=2963, received=UNIT)
    lag = by_stratum(await read(play))[TOTAL].account.lag
    play.rewrite("update annexes set year = 2027 where year = 2026")
    play.now = play.now.replace(year=2027, month=3)
    found = await play.reads("chloe", partial(fairness.fairness, wanted=Wanted(year=2027)))
    assert by_stratum(found)[TOTAL].account == Account(carried=lag)


async def test_who_reads_what(play: Play) -> None:
    """The line of Doussard: itself, its bailleur, the préfecture; nobody else, EPCI included."""
    await history(play)
    party = f"{play.tenant('doussard')}:none"
    expected = by_stratum(await read(play))
    for who in ("alice", "bruno", "estelle"):
        assert by_stratum(await read(play, who, party=party)) == expected
    for who in ("karine", "denis", "nadir", "pascal"):
        found = await read(play, who, party=party)
        assert party not in found.lines
        assert found.wanted.party != party
        assert (Family.COMMUNE, "74104") not in by_stratum(found) or who in ("nadir", "pascal")
    karine = by_stratum(await read(play, "karine"))[TOTAL]
    assert (karine.freed, karine.offered) == (1, 1)
    await play.is_refused("farid", lambda tx: fairness.fairness(tx, Wanted(year=2026)), Forbidden)


async def test_two_contingents_are_two_accounts(play: Play) -> None:
    """Pascal reads the RS contingent of the State, never the other one (R441-5-2)."""
    await history(play)
    found = await read(play, "pascal")
    assert [key.split(":")[1] for key in found.lines] == ["rs"]
    total = by_stratum(found)[TOTAL]
    assert total.freed == 4
    assert total.account.due == 4 * 2500


async def read_matrix(play: Play, who: str = "alice", **wanted: Any) -> Matrix:
    asked = strata.Wanted(year=2026, **wanted)
    return await play.reads(who, partial(strata.matrix, wanted=asked))


def lags(rows: Iterable[FamilyBalance | Balance]) -> dict[tuple[str, str, str], int]:
    return {(one.party, one.family, one.value): one.lag for one in rows if one.lag}


async def test_the_strata_are_those_of_the_ledger_now_and_on_a_day(play: Play) -> None:
    await history(play)
    owner, last = play.tenant("haute-savoie-habitat"), play.now.date()
    for basis in Indicator:
        for day in (None, last - timedelta(days=8)):
            found = await read_matrix(play, family=Family.COMMUNE, basis=basis, until=day)
            kept = await play.reads(
                "alice",
                partial(
                    ledger.balances_on,
                    bailleur_id=owner,
                    until=end_of_day(day or last),
                    basis=basis,
                ),
            )
            expected = [one for one in kept if one.family in ("total", "commune")]
            assert lags(found.balances) == lags(expected)
            assert sum(one.lag for one in found.balances if one.family == "total") == 0


async def test_a_reservataire_has_its_balances_of_a_day(play: Play) -> None:
    await history(play)
    owner = play.tenant("haute-savoie-habitat")
    until = end_of_day(play.now.date())
    on_day = partial(ledger.balances_on, bailleur_id=owner, until=until)
    kept = await play.reads("chloe", partial(ledger.balances, year=2026, bailleur_id=owner))
    assert lags(await play.reads("chloe", on_day)) == lags(kept) != {}
    last = partial(ledger.balances_on, bailleur_id=owner, until=end_of_day(date(2026, 12, 31)))
    assert {one.carried for one in await play.reads("alice", last)} == {0}
    hers = f"{play.tenant('faverges-seythenex')}:none"
    assert {one.party for one in await play.reads("karine", on_day)} == {hers}


async def test_the_matrix_is_for_who_reads_every_party(play: Play) -> None:
    await history(play)
    own = await read_matrix(play, family=Family.APPEAL)
    owner = own.wanted.bailleur_id
    assert lags((await read_matrix(play, "estelle", family=Family.APPEAL, bailleur_id=owner))
                .balances) == lags(own.balances)  # fmt: skip
    assert lags((await read_matrix(play, "denis", family=Family.APPEAL)).balances) == {}
    wanted = strata.Wanted(year=2026, family=Family.APPEAL, bailleur_id=owner)
    await play.is_refused("denis", lambda tx: strata.matrix(tx, wanted), NotFound)
    for who in ("chloe", "farid"):
        await play.is_refused(who, lambda tx: strata.matrix(tx, wanted), Forbidden)


async def test_the_position_of_a_day_is_that_of_its_evening(play: Play) -> None:
    """The table of the flux, as it was: from the moves, or from a réservataire's own entries."""
    await history(play)
    day = play.now.date() - timedelta(days=8)
    for who in ("alice", "chloe", "estelle"):
        boards = await play.reads(who, partial(flux.boards, year=2026, until=day))
        positions = {
            line.reservataire_name: line.position
            for board in boards
            for line in board.lines
            if line.position and board.computed.facts.epci_siren == SOURCES_DU_LAC
            and board.computed.facts.bailleur_name == "Haute-Savoie Habitat"
        }  # fmt: skip
        found = positions["Commune de Doussard"]
        assert found.account(Indicator.ORIENTED) == Account(due=2963, received=UNIT)
        assert found.oriented == UNIT
    today = await play.reads("chloe", partial(flux.boards, year=2026))
    now = await play.reads("chloe", partial(flux.boards, year=2026, until=play.now.date()))
    assert [one.lines for one in today] == [one.lines for one in now]
