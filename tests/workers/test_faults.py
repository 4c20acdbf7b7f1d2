"""Offers under fire (security.md §7): 40 of them and 8 kills here, 10 000 and 100 in test-long.

Nights follow days: offers are sent in the morning, then the midnight that ends their two working
days falls amid the answers, which race it and the sweeps of two workers, while web, worker and
PostgreSQL are killed at drawn instants.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.domain.deadlines import PARIS
from server.domain.mail_kinds import REMINDER
from tests.clocks import counted, midnight_after
from tests.databases import Databases
from tests.workers.siege import PROBE, Siege, besieged

HSH, DOUSSARD, INSEE = "haute-savoie-habitat", "doussard", "74104"
MORNING = datetime(2026, 6, 1, 10, tzinfo=PARIS)
ANSWER_DAYS, CANDIDATE_DAYS = 2, 15
CALLERS = 6
SEND = """mutation($input: SendOrientationInput!) {
  sendOrientation(input: $input) { orientation { id } errors { code } } }"""
ACCEPT = """mutation($input: AcceptOrientationInput!) {
  acceptOrientation(input: $input) { orientation { id } errors { code } } }"""
REFUSE = """mutation($input: RefuseOrientationInput!) {
  refuseOrientation(input: $input) { orientation { id } errors { code } } }"""
# The stock and its vacancies are no act of this proof: they are there before it begins.
STOCK = """
with model as (
  select * from dwellings where insee = '74104' and exclusion is null and left_on is null
    and bailleur_id = %s order by id limit 1
), homes as (
  insert into dwellings (id, bailleur_id, reference, rpls_id, insee, address, sort_address, kind,
    typology, surface_m2, financing, built_year, delivered_on, is_qpv)
  select uuidv7(), bailleur_id, 'SIEGE-' || number, 'SIEGE-' || number, insee, address,
    sort_address, kind, typology, surface_m2, financing, built_year, delivered_on, is_qpv
  from model, generate_series(1, %s) as number returning id, bailleur_id, insee
)
insert into vacancies (id, bailleur_id, dwelling_id, insee, free_on, registered_at, registered_on)
select uuidv7(), bailleur_id, id, insee, '2026-07-01', %s, '2026-05-29' from homes returning id
"""
TESTED = """
insert into isolation_checks (id, ran_at, outcome, checks, probes, failures)
values (uuidv7(), now(), 'passed', 1, 1, 0)
"""


@dataclass(frozen=True, kw_only=True)
class Size:
    offers: int
    nights: int
    kills: int
    proved: int
    """Kills that must have landed inside a transaction."""


REDUCED = Size(offers=40, nights=1, kills=8, proved=1)
FULL = Size(offers=10_000, nights=5, kills=110, proved=30)
SIZES = [
    pytest.param(REDUCED, id="reduced", marks=pytest.mark.timeout(240)),
    pytest.param(FULL, id="full", marks=[pytest.mark.long, pytest.mark.timeout(4 * 3600)]),
]


@dataclass
class Told:
    """What the portal acknowledged: the offer of each vacancy, and the answers it took."""

    offers: dict[UUID, UUID] = field(default_factory=dict)
    answers: dict[UUID, list[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


Deed = Callable[[], Awaitable[None]]


@pytest.fixture
def seed() -> int:
    """Drawn each time, printed with the figures; PORTAIL_SEED plays the same instants again."""
    return int(os.environ.get("PORTAIL_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture
def siege(databases: Databases, seed: int) -> Iterator[Siege]:
    folder = databases.cluster.data_dir.parent / f"siege-{seed}"
    draw = random.Random(seed)  # noqa: S311 - it draws instants
    with besieged(folder, draw) as opened:
        yield opened


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_lost_doubled_early_or_misdated(
    siege: Siege, size: Size, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """Art. 5.3, whatever dies: each act once, each silence at its date, each mail at least once."""
    begun = time.monotonic()
    siege.rows(PROBE)
    siege.rows(TESTED)
    vacancies = [
        row[0] for row in siege.rows(STOCK, siege.world.tenants[HSH], size.offers, MORNING)
    ]
    siege.start()
    told, morning = Told(), MORNING
    for night in range(size.nights):
        lot = vacancies[night :: size.nights]
        await _night(siege, size, told, lot, morning)
        morning = datetime.combine(counted(morning.date(), 3), morning.time(), PARIS)
    await _settle(siege, size)
    facts = Facts(siege, told)
    for line in facts.report(seed, time.monotonic() - begun):
        record_property("size", line)
    assert siege.interrupted() >= size.proved
    assert facts.faults() == {}


async def _night(siege: Siege, size: Size, told: Told, lot: list[UUID], morning: datetime) -> None:
    """A morning of sending, then the midnight of these offers; kills during both."""
    kills = size.kills // size.nights
    await siege.sets_clock(morning)
    sending: list[Deed] = [partial(_send, siege, told, one) for one in lot]
    await _during_kills(siege, kills // 2, sending)
    await _arrived(siege, size)
    midnight = midnight_after(counted(morning.date(), ANSWER_DAYS))
    await siege.sets_clock(midnight - timedelta(hours=1))
    answers = [one for vacancy in lot for one in _answers(siege.draw, told.offers[vacancy])]
    siege.draw.shuffle(answers)
    answering: list[Deed] = [partial(_answer, siege, told, one) for one in answers]
    strikes_twelve = partial(siege.sets_clock, midnight - timedelta(seconds=0.3))
    answering.insert(len(answering) // 2, strikes_twelve)
    await _during_kills(siege, kills - kills // 2, answering)


async def _arrived(siege: Siege, size: Size) -> None:
    """The clock waits for the mails of the morning: what arrives later is counted anew (Q5)."""
    deadline = time.monotonic() + 60 + size.offers / 2
    pending = "select count(*) from orientations where delivery = 'pending'"
    while (await siege.asks(pending))[0][0]:
        assert time.monotonic() < deadline, "the mails of the morning do not go"
        siege.revive()
        await asyncio.sleep(0.2)


async def _during_kills(siege: Siege, kills: int, deeds: list[Deed]) -> None:
    """A few callers do it all between them; a kill comes after drawn deeds, amid the others'.

    Not after drawn seconds: a machine that is slow to start again would have no time to act.
    """
    left = iter(enumerate(deeds))
    fires = Counter(siege.draw.randrange(len(deeds)) for _ in range(kills))

    async def caller() -> None:
        for number, deed in left:
            await deed()
            for _ in range(fires[number]):
                await siege.fire()

    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(caller())


async def _send(siege: Siege, told: Told, vacancy_id: UUID) -> None:
    command = {
        "vacancyId": str(vacancy_id),
        "reservataireId": str(siege.world.tenants[DOUSSARD]),
        "departureMotif": "Essai",
    }
    payload = await siege.acts(HSH, SEND, command, str(uuid4()))
    assert payload["errors"] == []
    told.offers[vacancy_id] = UUID(payload["orientation"]["id"])


@dataclass(frozen=True, kw_only=True)
class Answer:
    orientation_id: UUID
    act: str
    query: str


def _answers(draw: random.Random, orientation_id: UUID) -> list[Answer]:
    """Silence twice in five, else one answer, or two people who do not say the same."""
    accept = Answer(orientation_id=orientation_id, act="accept", query=ACCEPT)
    refuse = Answer(orientation_id=orientation_id, act="refuse", query=REFUSE)
    return draw.choice([[], [], [accept], [refuse], [accept, refuse]])


async def _answer(siege: Siege, told: Told, answer: Answer) -> None:
    command = {"orientationId": str(answer.orientation_id)}
    payload = await siege.acts(DOUSSARD, answer.query, command, str(uuid4()))
    codes = [one["code"] for one in payload["errors"]]
    told.refused += codes
    if not codes:
        told.answers.setdefault(answer.orientation_id, []).append(answer.act)


async def _settle(siege: Siege, size: Size) -> None:
    """No more kills: until every silence is recorded and every mail has gone."""
    left = (
        "select (select count(*) from orientations where state = 'sent')"
        " + (select count(*) from notifications where state <> 'sent')"
    )
    deadline = time.monotonic() + 60 + size.offers / 2
    while (await siege.asks(left))[0][0]:
        assert time.monotonic() < deadline, "the workers do not finish"
        siege.revive()
        await asyncio.sleep(0.2)


class Facts:
    """What the database and the mail server hold, against what was acknowledged and the law."""

    def __init__(self, siege: Siege, told: Told) -> None:
        self.siege, self.told = siege, told
        self.journal = siege.rows(
            "select subject_id, act, at, business_at from journal left join probes"
            " on journal_id = journal.id where subject_kind = 'orientation'"
        )
        self.offers = siege.rows(
            "select id, vacancy_id, state, acceptance_mode, sent_at, accepted_on,"
            " answer_last_day, answer_due_at, candidates_last_day, answered_at from orientations"
        )
        self.mails = siege.rows(
            "select message_id, act_id, recipient_id, template from notifications"
        )

    # --- Acts -----------------------------------------------------------------------------------

    def lost(self) -> list[object]:
        """Acknowledged, and not there."""
        stored = {row[1]: row[0] for row in self.offers}
        done = {(row[0], row[1]) for row in self.journal}
        found: list[object] = [
            vacancy for vacancy, offer in self.told.offers.items() if stored.get(vacancy) != offer
        ]
        found += [
            offer for offer in self.told.offers.values() if (offer, "orientation.sent") not in done
        ]
        return found + [
            (offer, act)
            for offer, acts in self.told.answers.items()
            for act in acts
            if (offer, f"orientation.{act}") not in done
        ]

    def doubled(self) -> list[object]:
        """An offer twice for a vacancy, closed by more or less than one answer or silence, or whose
        deadline is recalled twice: no period here goes beyond its half.
        """
        acts: dict[UUID, list[str]] = {row[0]: [] for row in self.offers}
        for subject_id, act, *_ in self.journal:
            acts[subject_id].append(act.removeprefix("orientation."))
        found: list[object] = [one for one, mine in acts.items() if len(mine) != len(set(mine))]
        recalled = REMINDER.removeprefix("orientation.")
        # sent, then answered
        found += [one for one, mine in acts.items() if len({*mine} - {recalled}) != 2]
        if len({row[1] for row in self.offers}) != len(self.offers):
            found.append("two offers for a vacancy")
        return found

    def early_or_late(self) -> list[object]:
        """A silence recorded before its midnight, an answer taken after it."""
        due = {row[0]: row[7] for row in self.offers}
        return [
            row
            for row in self.journal
            if (row[1] == "orientation.tacit" and row[3] < due[row[0]])
            or (row[1] in ("orientation.accept", "orientation.refuse") and row[3] >= due[row[0]])
        ]

    def misdated(self) -> list[object]:
        """Against an independent calendar."""
        at = {(row[0], row[1]): row[2] for row in self.journal}
        return [row for row in self.offers if not _is_dated(row, at)]

    # --- Mails ----------------------------------------------------------------------------------

    def lost_mails(self) -> list[object]:
        """One for the réservataire at the sending; both at a silence; the bailleur at an answer."""
        received = self.siege.letterbox.received
        told = {act for _, act, *_ in self.mails}
        wanted = sum(2 if row[1] == "orientation.tacit" else 1 for row in self.journal)
        found: list[object] = [row for row in self.mails if row[0].lower() not in received]
        if len(self.mails) != wanted or len(told) != len(self.journal):
            found.append(f"{len(self.mails)} notifications of {wanted}")
        return found

    def faults(self) -> dict[str, list[object]]:
        """By kind, those that there are."""
        names = {row[0].lower() for row in self.mails}
        kills, doubled = len(self.siege.strikes), self.siege.letterbox.doubled
        is_named = set(self.siege.letterbox.received) == names and len(names) == len(self.mails)
        found: dict[str, list[object]] = {
            "lost": self.lost(),
            "doubled": self.doubled(),
            "early or late": self.early_or_late(),
            "misdated": self.misdated(),
            "lost mails": self.lost_mails(),
            "mails under another Message-ID": [] if is_named else [len(names)],
            "mails doubled more than killed": [doubled] if doubled > kills else [],
            "offers that nobody sent": [len(self.offers)]
            if len(self.offers) != len(self.told.offers)
            else [],
        }
        return {kind: some[:20] for kind, some in found.items() if some}

    def report(self, seed: int, seconds: float) -> list[str]:
        siege, acts = self.siege, [row[1].removeprefix("orientation.") for row in self.journal]
        kinds = {name: sum(one.victim == name for one in siege.strikes) for name in
                 ("web", "worker", "postgresql")}  # fmt: skip
        counts = {name: acts.count(name) for name in ("sent", "accept", "refuse", "tacit")}
        offered = (
            f"pannes (graine {seed}, {seconds:.0f} s) : {len(self.offers)} offres, "
            f"{counts['accept']} acceptées, {counts['refuse']} refusées, {counts['tacit']} par "
            f"silence, {len(self.told.refused)} réponses trop tard ou secondes"
        )
        killed = (
            f"  {len(siege.strikes)} kill -9 : {kinds['web']} web, {kinds['worker']} travail, "
            f"{kinds['postgresql']} PostgreSQL ; {siege.interrupted()} au milieu d'une "
            f"transaction, annulée ; {siege.repeated} demandes répétées"
        )
        acted = (
            f"  actes perdus {len(self.lost())}, doublés {len(self.doubled())}, avant ou après "
            f"l'heure {len(self.early_or_late())}, mal datés {len(self.misdated())}"
        )
        mailed = (
            f"  courriels reçus {siege.letterbox.received.total()}, perdus "
            f"{len(self.lost_mails())}, doublés {siege.letterbox.doubled} (même Message-ID)"
        )
        return [offered, killed, acted, mailed]


def _is_dated(row: tuple[Any, ...], at: dict[tuple[UUID, str], datetime]) -> bool:
    offer, _, state, mode, sent_at, accepted_on, answer_last, due_at, candidates_last, answered = (
        row
    )
    last = counted(sent_at.astimezone(PARIS).date(), ANSWER_DAYS)
    if answer_last != last or due_at != midnight_after(last):
        return False
    if state == "refused":
        return accepted_on is None and at[offer, "orientation.refuse"] == answered
    day = last if mode == "tacit" else answered.astimezone(PARIS).date()
    instant = midnight_after(last) if mode == "tacit" else answered
    act = "orientation.tacit" if mode == "tacit" else "orientation.accept"
    return (
        state == "searching"
        and accepted_on == day
        and candidates_last == counted(day, CANDIDATE_DAYS)
        and at[offer, act].astimezone(UTC) == instant.astimezone(UTC)
    )
