"""Droits uniques: reserved by an offer, consumed by its lease, given back if it fails (Q8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import pytest

from server.db.ids import new_id
from server.domain.flux import BAILLEUR
from server.domain.own_share import Served
from server.errors import Conflict, Forbidden, Invalid
from server.operations import caleol, droits_uniques, ledger, orientations, urgences, vacancies
from server.operations.advice import ExplainedAdvice, advise
from server.operations.droits_uniques import GrantRights
from server.operations.orientations import SendOrientation
from server.operations.urgences import DecideUrgence, RequestUrgence
from server.schema.dwellings import advice_of
from server.tenants.transactions import TenantTransaction
from tests.operations.play import DOUSSARD, FAVERGES, NOT_THE_BAILLEUR, Play
from tests.worlds import Stage


@pytest.fixture
async def play(world: Stage) -> AsyncIterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()


OWED_TO = {DOUSSARD: "doussard", FAVERGES: "faverges-seythenex"}


def command(play: Play, granted: int = 1, insee: str = DOUSSARD) -> GrantRights:
    return GrantRights(
        reservataire_id=play.tenant(OWED_TO[insee]),
        insee=insee,
        programme="Les Tilleuls",
        origin="programme",
        granted_on=date(2026, 1, 15),
        granted=granted,
    )


async def granted(play: Play, insee: str = DOUSSARD) -> UUID:
    asked = command(play, insee=insee)
    return await play.does("alice", lambda tx: droits_uniques.grant(tx, asked))


async def counters(play: Play) -> tuple[int, int, int, int]:
    [one] = await play.reads("chloe", droits_uniques.list_all)
    return one.granted, one.reserved, one.consumed, one.remaining


async def test_reserved_then_consumed(play: Play) -> None:
    right, offer = await granted(play), await play.offer()
    await play.does("alice", lambda tx: droits_uniques.reserve(tx, right, offer))
    assert await counters(play) == (1, 1, 0, 1)
    assert await play.does("alice", lambda tx: droits_uniques.consume(tx, offer))
    assert await counters(play) == (1, 0, 1, 0)
    assert not await play.does("alice", lambda tx: droits_uniques.consume(tx, offer))
    assert await counters(play) == (1, 0, 1, 0)


async def test_no_more_than_what_was_granted(play: Play) -> None:
    right, offer = await granted(play), await play.offer()
    other = await play.offer(home=play.home(number=1))
    await play.does("alice", lambda tx: droits_uniques.reserve(tx, right, offer))
    await play.is_refused(
        "alice",
        lambda tx: droits_uniques.reserve(tx, right, other),
        Conflict,
        "droit_unique_spent",
    )


async def test_only_the_bailleur_grants_and_the_parties_read(play: Play) -> None:
    for who in ("bruno", "chloe", "karine", "estelle", "farid"):
        await play.is_refused(who, lambda tx: droits_uniques.grant(tx, command(play)), Forbidden)
    await granted(play)
    for who, number in (("chloe", 1), ("estelle", 1), ("karine", 0), ("denis", 0)):
        assert len(await play.reads(who, droits_uniques.list_all)) == number, who
    with pytest.raises(Forbidden):
        await play.reads("farid", droits_uniques.list_all)


# --- Offers on a droit unique -------------------------------------------------------------------


async def sends(play: Play, right: UUID, who: str = "alice", number: int = 0) -> UUID:
    vacancy = await play.vacancy(play.home(number=number))
    return await play.does(who, lambda tx: orientations.send(tx, on_right(play, vacancy, right)))


def on_right(
    play: Play, vacancy: UUID, right: UUID, reservataire: str = "doussard"
) -> SendOrientation:
    return SendOrientation(
        vacancy_id=vacancy,
        reservataire_id=play.tenant(reservataire),
        departure_motif="Choix pour l'essai",
        droit_unique_id=right,
    )


async def settles(play: Play) -> None:
    """What the job flux.post does after an act of the réservataire."""
    await play.does("alice", ledger.post)


def received(play: Play) -> dict[str, int]:
    """Dwellings received by party, in the total of the basis « orienté », in 1/10 000."""
    return {
        party: int(number)
        for party, number in play.rows(
            "select party, sum(received) from ledger_balances where basis = 'oriented'"
            " and family = 'total' and party <> 'pending' group by party having sum(received) <> 0"
        )
    }


async def test_a_whole_life_from_the_offer_to_the_lease(play: Play) -> None:
    """Q8: reserved, then consumed; taken on the bailleur's share (art. 4)."""
    right = await granted(play)
    offer = await sends(play, right)
    assert await counters(play) == (1, 1, 0, 1)
    assert received(play) == {"bailleur": 10_000}
    shown = await play.reads("chloe", lambda tx: orientations.get(tx, offer))
    assert (shown.droit_unique_id, shown.programme) == (right, "Les Tilleuls")
    await play.reach_candidates(offer, "chloe")
    session = await play.session(offer)
    decision = play.decision(session, offer)
    play.now += timedelta(days=8)
    await play.does("alice", lambda tx: caleol.record_decision(tx, decision))
    await leases(play, offer)
    assert await counters(play) == (1, 0, 1, 0)
    assert received(play) == {"bailleur": 10_000}
    nature = play.scalar(
        "select v.nature from vacancies v join orientations o on o.vacancy_id = v.id"
        " where o.id = %s",
        offer,
    )
    assert nature == "droit_unique"
    await settles(play)
    assert await counters(play) == (1, 0, 1, 0)


async def leases(play: Play, offer: UUID) -> None:
    today = play.now.date()
    tell = caleol.TellCandidate(orientation_id=offer, notified_on=today)
    await play.does("alice", lambda tx: caleol.tell(tx, tell))
    reply = caleol.RecordReply(orientation_id=offer, reply="accepted", replied_on=today)
    await play.does("alice", lambda tx: caleol.hear(tx, reply))
    await play.does("alice", lambda tx: caleol.record_lease(tx, offer, signed_on=today))


async def test_a_refusal_gives_it_back(play: Play) -> None:
    """By the réservataire's act and the job that follows it; the dwelling may go on."""
    right = await granted(play)
    offer = await sends(play, right)
    await play.does("chloe", lambda tx: orientations.refuse(tx, offer))
    await settles(play)
    await settles(play)
    assert await counters(play) == (1, 0, 0, 1)
    assert received(play) == {}


async def test_a_withdrawal_gives_it_back_in_its_own_transaction(play: Play) -> None:
    right = await granted(play)
    offer = await sends(play, right)
    await play.does("alice", lambda tx: orientations.withdraw(tx, offer, reason="Erreur"))
    assert await counters(play) == (1, 0, 0, 1)


async def test_a_renounced_offer_takes_it_up_again_if_it_is_still_there(play: Play) -> None:
    right = await granted(play)
    offer = await sends(play, right)
    await play.does("chloe", lambda tx: orientations.accept(tx, offer))
    await play.does("chloe", lambda tx: orientations.renounce(tx, offer, motif="Travaux"))
    await settles(play)
    assert await counters(play) == (1, 0, 0, 1)
    await play.does("alice", lambda tx: orientations.search_on_behalf(tx, offer))
    assert await counters(play) == (1, 1, 0, 1)


async def retained(play: Play, offer: UUID, *, outcome: str = "attribution") -> None:
    """The commission retains the first candidate, or none."""
    await play.reach_candidates(offer, "chloe")
    decision = play.decision(await play.session(offer), offer)
    if outcome != "attribution":
        refused = decision.decisions[-1]
        kept = [replace(refused, candidate_id=one.candidate_id) for one in decision.decisions]
        decision = replace(decision, decisions=tuple(kept))
    play.now += timedelta(days=8)
    await play.does("alice", lambda tx: caleol.record_decision(tx, decision))


async def nobody(play: Play, offer: UUID) -> None:
    await retained(play, offer, outcome="not_attributed")


async def no_lease(play: Play, offer: UUID) -> None:
    """The only candidate retained says no: its lease fails (T16)."""
    await retained(play, offer)
    tell = caleol.TellCandidate(orientation_id=offer, notified_on=play.day())
    await play.does("alice", lambda tx: caleol.tell(tx, tell))
    reply = caleol.RecordReply(orientation_id=offer, reply="refused", replied_on=play.day())
    await play.does("alice", lambda tx: caleol.hear(tx, reply))
    await play.does("alice", lambda tx: caleol.fail_lease(tx, offer, reason="Refus"))


async def diversion(play: Play, offer: UUID) -> None:
    """The préfecture takes the dwelling for a crisis (art. 2.4)."""
    crisis = RequestUrgence(vacancy_id=play.vacancy_of(offer), kind="fire", title="Incendie")
    urgence = await play.does("alice", lambda tx: urgences.request(tx, crisis))
    approval = DecideUrgence(urgence_id=urgence, is_approved=True, is_out_of_flux=True)
    await play.does("estelle", lambda tx: urgences.decide(tx, approval))
    await play.does("alice", lambda tx: urgences.apply(tx, urgence))


async def rectification(play: Play, offer: UUID) -> None:
    """It had gone to the wrong organisme."""
    command = orientations.Rectify(orientation_id=offer, mistake="addressee", reason="Erreur")
    await play.does("alice", lambda tx: orientations.rectify(tx, command))


@pytest.mark.parametrize(
    ("end", "own"),
    [(nobody, 10_000), (no_lease, 10_000), (diversion, None), (rectification, None)],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_every_other_end_gives_it_back(
    play: Play, end: Callable[[Play, UUID], Awaitable[None]], own: int | None
) -> None:
    """In the transaction of the act. What fails after the count stays on the bailleur's share, on
    the basis « orienté »: no line of the annexe ever has it.
    """
    right = await granted(play)
    offer = await sends(play, right)
    await end(play, offer)
    assert await counters(play) == (1, 0, 0, 1)
    assert received(play) == ({BAILLEUR: own} if own else {})
    await settles(play)
    assert await counters(play) == (1, 0, 0, 1)
    await sends(play, right, number=1)
    assert await counters(play) == (1, 1, 0, 1)


async def test_what_was_given_to_another_is_not_taken_up_again(play: Play) -> None:
    right = await granted(play)
    offer = await sends(play, right)
    await play.does("chloe", lambda tx: orientations.accept(tx, offer))
    await play.does("chloe", lambda tx: orientations.renounce(tx, offer, motif="Travaux"))
    await sends(play, right, number=1)
    await play.is_refused(
        "alice",
        lambda tx: orientations.search_on_behalf(tx, offer),
        Conflict,
        "droit_unique_spent",
    )


async def test_an_offer_on_a_right_that_it_may_not_have(play: Play) -> None:
    right = await granted(play)
    vacancy = await play.vacancy(play.home(number=1))
    for wrong in (
        on_right(play, vacancy, right, "action-logement"),
        on_right(play, vacancy, new_id()),
    ):
        await play.is_refused(
            "alice",
            partial(orientations.send, command=wrong),
            Invalid,
            "droit_unique_unknown",
        )
    good = on_right(play, vacancy, right)
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: orientations.send(tx, good))
    await sends(play, right)
    error = await play.is_refused(
        "alice", lambda tx: orientations.send(tx, good), Conflict, "droit_unique_spent"
    )
    assert [one.field for one in error.motifs] == ["droit_unique_id"]


async def test_the_last_right_goes_to_one_of_two_offers_at_once(play: Play) -> None:
    right = await granted(play)
    vacancies = [await play.vacancy(play.home(number=number)) for number in (0, 1)]
    ends = await asyncio.gather(
        *(
            play.does("alice", partial(orientations.send, command=on_right(play, one, right)))
            for one in vacancies
        ),
        return_exceptions=True,
    )
    refused = [one for one in ends if isinstance(one, Conflict)]
    assert [one.motifs[0].code for one in refused] == ["droit_unique_spent"]
    assert sum(isinstance(one, UUID) for one in ends) == 1
    assert await counters(play) == (1, 1, 0, 1)


async def proposed(play: Play, insee: str = DOUSSARD, number: int = 2) -> ExplainedAdvice:
    vacancy_id = await play.vacancy(play.home(insee, number))

    async def read(tx: TenantTransaction) -> ExplainedAdvice:
        return await advise(tx, await vacancies.get(tx, vacancy_id))

    return await play.reads("alice", read)


async def test_the_choices_are_those_still_available(play: Play) -> None:
    """Of those whose convention allows the dwelling, while one letting is left."""
    right = await granted(play)
    elsewhere = await granted(play, FAVERGES)
    assert [one.id for one in (await proposed(play)).rights] == [right]
    assert [one.id for one in (await proposed(play, FAVERGES)).rights] == [elsewhere]
    await sends(play, right)
    assert (await proposed(play, number=3)).rights == ()


async def test_the_own_share_names_the_right_to_serve(play: Play) -> None:
    """The second level speaks once the first has named the bailleur, and not before: what is kept
    with the decision says why, and following it asks for no motif.
    """
    await granted(play)
    right = await granted(play, FAVERGES)
    commune = await proposed(play)
    assert (commune.advice.first == BAILLEUR, commune.served) == (False, None)
    own = await proposed(play, FAVERGES)
    assert own.advice.first == BAILLEUR
    assert own.served == Served(
        key=str(right),
        sentence="Sur cette part, un droit unique est attendu : Commune de Faverges-Seythenex, "
        "programme Les Tilleuls (1 logement encore à offrir, pour 1 attendu sur votre part d'ici "
        "la fin de l'année ; retard de 0,50 logement).",
    )
    shown = advice_of(own)
    assert (shown.droit_unique_id, shown.own_share) == (right, own.served.sentence)
    vacancy_id = await play.vacancy(play.home(FAVERGES, 3))
    follows = on_right(play, vacancy_id, right, "faverges-seythenex")
    offer = await play.does(
        "alice",
        lambda tx: orientations.send(tx, replace(follows, departure_motif=None)),
    )
    kept = play.scalar("select advice from orientations where id = %s", offer)
    assert (kept["droit_unique"], kept["own_share"]) == (own.served.key, own.served.sentence)
