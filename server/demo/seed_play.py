"""Plays the stories through the real operations, each act at its own date, in order of time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from uuid import UUID

from server.db import deliveries
from server.db.orientations import Orientation
from server.demo.seed_people import reviews
from server.demo.seed_sessions import act_urgently, publish, sit
from server.demo.seed_simulations import simulations
from server.demo.seed_stage import Acts, File, Stage
from server.demo.seed_stories import (
    COMMISSIONS,
    OF_2025,
    OF_2026,
    OPENING,
    PUBLICATIONS,
    Offer,
    Story,
)
from server.domain.calendar import add_working_days
from server.domain.deadlines import PARIS
from server.domain.flux import BAILLEUR
from server.operations import advice, candidates, flux, orientations, vacancies
from server.tenants.actors import Actor
from server.tenants.transactions import TenantTransaction

ANSWER_TIME = time(11, 30)
SEARCH_TIME = time(16, 5)
ONE_MINUTE = timedelta(minutes=1)
UNTIL_FREE = timedelta(days=30)
NUMBER_OF_CANDIDATES = {"three": 3, "dalo": 1, "two": 2, "some": 1}
CRITERIA = ("c", "d", "k", "j", None, "f", "l", None, "e")
QUARTILES = ("yes", "no", "unknown")


@dataclass(kw_only=True)
class Sent:
    """An orientation on its way: who answers it."""

    orientation_id: UUID
    answering: Actor


async def play(stage: Stage) -> None:
    """Play everything that is due before the demonstration opens, in the order of the dates."""
    waiting: list[tuple[datetime, int, Acts]] = []
    order = count()
    for acts in (
        *(_tell(stage, one) for one in (*OF_2025, *OF_2026)),
        *(sit(stage, one) for one in COMMISSIONS),
        *(publish(stage, one) for one in PUBLICATIONS),
        *reviews(stage),
        *simulations(stage),
    ):
        heapq.heappush(waiting, (await anext(acts), next(order), acts))
    while waiting and waiting[0][0] < OPENING:
        _, _, acts = heapq.heappop(waiting)
        when = await anext(acts, None)
        if when is not None:
            heapq.heappush(waiting, (when, next(order), acts))
    for _, _, acts in waiting:
        await acts.aclose()


def _working(day: datetime, days: int, at: time) -> datetime:
    on = add_working_days(day.astimezone(PARIS).date(), days) if days else day.date()
    return datetime.combine(on, at, PARIS)


# --- A vacancy ---------------------------------------------------------------------------------


async def _tell(stage: Stage, story: Story) -> Acts:
    yield story.at
    manager = stage.manager(story.bailleur)
    async with stage.db.write_transaction(manager, now=story.at) as tx:
        vacancy_id = await vacancies.register(
            tx,
            vacancies.RegisterVacancy(
                dwelling_id=stage.next_home(story.bailleur, story.insee),
                notice_on=(story.at - timedelta(days=2)).date(),
                free_on=(story.at + UNTIL_FREE).date(),
            ),
        )
        if story.mutation:
            await vacancies.keep(tx, vacancy_id, nature="mutation", reason=story.mutation)
    at = story.at + timedelta(hours=1)
    if story.urgency and story.urgency.verdict == "refused":
        async for when in act_urgently(stage, story, story.urgency, vacancy_id, at):
            yield when
        at += timedelta(days=1)
    async for when in _offer_in_turn(stage, story, vacancy_id, at):
        yield when
    if story.urgency and story.urgency.verdict != "refused":
        async for when in act_urgently(
            stage, story, story.urgency, vacancy_id, at + timedelta(days=1)
        ):
            yield when


async def _offer_in_turn(stage: Stage, story: Story, vacancy_id: UUID, at: datetime) -> Acts:
    for offer in story.offers:
        yield at
        sent = await _send(stage, story, offer, vacancy_id, at)
        if sent is None:
            return
        if story.urgency and story.urgency.verdict != "refused":
            return
        answered = at
        async for when in _answer(stage, story, offer, sent, at):
            answered = when
            yield when
        if offer.answer != "refuse":
            return
        at = _working(answered, 1, ANSWER_TIME)


async def _send(
    stage: Stage, story: Story, offer: Offer, vacancy_id: UUID, at: datetime
) -> Sent | None:
    """Follow the advice; keep the dwelling when it names the bailleur itself."""
    async with stage.db.write_transaction(stage.manager(story.bailleur), now=at) as tx:
        explained = await advice.advise(tx, await vacancies.get(tx, vacancy_id))
        first = explained.advice.first
        if offer.to is not None:
            first = flux.party_key(stage.world.tenants[offer.to], offer.contingent)
        if first == BAILLEUR:
            await vacancies.keep(tx, vacancy_id, nature="own", reason="")
            return None
        reservataire_id, contingent = flux.split_party_key(first)
        orientation_id = await orientations.send(
            tx,
            orientations.SendOrientation(
                vacancy_id=vacancy_id,
                reservataire_id=reservataire_id,
                contingent=contingent,
                departure_motif=offer.motif,
            ),
        )
        sent = await orientations.get(tx, orientation_id)
        if sent.delivery_id is not None:
            await deliveries.note_arrival(tx, sent.delivery_id, at)
    return Sent(
        orientation_id=orientation_id, answering=stage.answering(reservataire_id, contingent)
    )


# --- The answer and the candidates -------------------------------------------------------------


async def _answer(stage: Stage, story: Story, offer: Offer, sent: Sent, at: datetime) -> Acts:
    """The last instant yielded is that of the answer or of the last candidate."""
    if offer.answer == "silence":
        row = await _read(stage, sent)
        when = row.answer_due_at + ONE_MINUTE
        yield when
        await _record_due(stage, story, sent, when)
    else:
        when = max(at + timedelta(hours=2), _working(at, offer.after, ANSWER_TIME))
        yield when
        await _act_on(stage, story, offer, sent, when)
        if offer.answer != "accept":
            return
    async for later in _search(stage, story, offer, sent, when):
        yield later


async def _act_on(stage: Stage, story: Story, offer: Offer, sent: Sent, when: datetime) -> None:
    if offer.answer == "withdraw":
        async with stage.db.write_transaction(stage.manager(story.bailleur), now=when) as tx:
            await orientations.withdraw(
                tx, sent.orientation_id, reason="Dégât des eaux : travaux avant relocation."
            )
        return
    async with stage.db.write_transaction(sent.answering, now=when) as tx:
        if offer.answer == "accept":
            await orientations.accept(tx, sent.orientation_id)
        else:
            await orientations.refuse(
                tx, sent.orientation_id, motif="Aucune demande adaptée à cette taille de logement."
            )


async def _search(stage: Stage, story: Story, offer: Offer, sent: Sent, at: datetime) -> Acts:
    if offer.candidates != "none":
        when = _working(at, offer.search, SEARCH_TIME)
        yield when
        async with stage.db.write_transaction(sent.answering, now=when) as tx:
            await _present(stage, tx, offer, sent.orientation_id)
    if offer.candidates in ("two", "none", "some"):
        row = await _read(stage, sent)
        if row.candidates_due_at is not None:
            when = row.candidates_due_at + ONE_MINUTE
            yield when
            await _record_due(stage, story, sent, when)
    if offer.candidates != "none":
        file = File(orientation_id=sent.orientation_id, result=offer.result)
        stage.ready[story.bailleur].append(file)


async def _present(stage: Stage, tx: TenantTransaction, offer: Offer, orientation_id: UUID) -> None:
    is_dalo = offer.candidates == "dalo"
    presented = []
    for _ in range(NUMBER_OF_CANDIDATES[offer.candidates]):
        number = next(stage.numbers)
        month = 1 + number % 12
        presented.append(
            candidates.NewCandidate(
                nud=f"074{month:02d}{22 + number % 4}{100_000 + 7_919 * number % 900_000}74TST",
                is_dalo=is_dalo,
                dalo_origin="prefet" if is_dalo else None,
                first_quartile=QUARTILES[number % len(QUARTILES)],
                criterion=None if is_dalo else CRITERIA[number % len(CRITERIA)],
            )
        )
    await candidates.present(
        tx,
        candidates.PresentCandidates(
            orientation_id=orientation_id, candidates=tuple(presented), is_final=False
        ),
    )


async def _read(stage: Stage, sent: Sent) -> Orientation:
    async with stage.db.read_transaction(sent.answering) as tx:
        return await orientations.get(tx, sent.orientation_id)


async def _record_due(stage: Stage, story: Story, sent: Sent, when: datetime) -> None:
    async with stage.db.write_transaction(stage.portal(story.bailleur), now=when) as tx:
        await orientations.record_due(tx, sent.orientation_id)
