"""Posting: the journal of a bailleur becomes the moves of its ledgers, serially, once each.

A bailleur's act posts in its own transaction, the ledger's rows locked; an act of another party
queues a job, and every advice first posts what it finds. Whoever posts, and when, the moves are
the same: each event has its own day's rates and settings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from server.db import ledgers as rows
from server.db.assiette import area_on
from server.db.dwellings import Dwelling
from server.db.ledgers import LedgerEvent
from server.domain.charte import Version
from server.domain.deadlines import local_day
from server.domain.flux import BAILLEUR, Indicator
from server.domain.ledger import RULE_VERSION, Move
from server.domain.orientations import State
from server.domain.postings import (
    DUE_KINDS,
    MOVED_KINDS,
    Event,
    Kind,
    Policy,
    Refusals,
    is_counted,
    is_refusal_undone,
    postings,
    streak,
)
from server.domain.strata import AppealRule, Home, as_facts, from_facts, strata_of
from server.operations.annexe_rates import party_key, split_party_key
from server.operations.ledger.expiring import expired
from server.operations.ledger.ground import Ground
from server.operations.ledger.rating import Rates
from server.operations.ledger.rights import settle
from server.operations.ledger.settings import settings_in
from server.queue import enqueue
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A move to be posted on one basis, with where it comes from."""

    basis: str
    at: datetime
    kind: Kind
    event_id: UUID
    part: int
    vacancy_id: UUID | None
    orientation_id: UUID | None
    annexe_id: UUID | None
    settings_version: str
    move: Move


async def post(tx: TenantTransaction, ground: Ground | None = None) -> Ground:
    """Post all that is not yet, in the context of the bailleur. The droits uniques of the offers
    that ended are given back with it.

    The rows of the ledgers are held until the end of the transaction: whoever advises on the ground
    that is answered decides alone, and its act goes on from there.
    """
    owner, ground = tx.actor.tenant_id, ground or Ground(tx)
    if ground.positions is None:
        ground.positions = await rows.lock_positions(tx, owner)
        await settle(tx)
    await _write(tx, await unposted(tx, ground), ground.positions)
    await _write(tx, await _left_by_expired(tx, ground), ground.positions)
    await rows.advance(tx, owner, ground.positions, datetime.now(UTC))
    return ground


async def _write(
    tx: TenantTransaction, entries: Sequence[Entry], positions: dict[str, int]
) -> None:
    owner = tx.actor.tenant_id
    moves = list(_numbered(owner, entries, positions))
    if moves:
        await rows.insert_moves(tx, moves, list(_own_parts(moves)))
        await rows.add_balances(tx, balance_rows(owner, entries))


async def follow(tx: TenantTransaction, bailleur_id: UUID, ground: Ground | None = None) -> None:
    """An act that moves the ledger of a bailleur was just recorded: post it, or have it posted."""
    if tx.actor.capacity is Capacity.BAILLEUR:
        await post(tx, ground)
    else:
        await enqueue(tx.connection, "flux.post", bailleur_id)


async def _left_by_expired(tx: TenantTransaction, ground: Ground) -> list[Entry]:
    """The balances of those whose convention has ended, to the bailleur's row."""
    ended = expired(await ground.agreed(), local_day(tx.now))
    if not ended:
        return []
    version = (await ground.settings()).version
    left = await rows.list_left(tx, tx.actor.tenant_id, list(ended))
    return [
        Entry(
            basis=one.basis,
            at=tx.now,
            kind=Kind.EXPIRED,
            event_id=ended[one.reservataire_id],
            part=0,
            vacancy_id=None,
            orientation_id=None,
            annexe_id=None,
            settings_version=version,
            move=Move(
                strata=from_facts({one.family: one.value}),
                amounts=((one.party, -one.lag), (BAILLEUR, one.lag)),
            ),
        )
        for one in left
    ]


async def unposted(tx: TenantTransaction, ground: Ground | None = None) -> list[Entry]:
    """The moves of the bailleur's own events that its ledgers have not yet."""
    events = await rows.list_unposted(tx, tx.actor.tenant_id, tx.now)
    return await _entries_of(tx, events, ground or Ground(tx))


async def derived(tx: TenantTransaction) -> list[Entry]:
    """All the moves made again from the journal, whatever was posted."""
    return await _entries_of(tx, await rows.list_events(tx, tx.actor.tenant_id), Ground(tx))


async def _entries_of(
    tx: TenantTransaction, events: Sequence[LedgerEvent], ground: Ground
) -> list[Entry]:
    """The moves of these events on each basis, in their order: those that are due by now and that
    the ledgers have not.
    """
    if not events:
        return []
    rates, versions = await ground.rates(), await ground.versions()
    return [
        entry
        for row in events
        for entry in _entries(row, rates, versions, await _history(tx, row, versions))
        if entry.part >= row.posted and entry.at <= max(tx.now, row.at)
    ]


@dataclass(frozen=True, kw_only=True)
class History:
    """What an event needs of those before it, as in `postings.Event`."""

    streak: int = 1
    was_counted: bool = False


async def _history(tx: TenantTransaction, row: LedgerEvent, versions: Sequence[Version]) -> History:
    if row.orientation_id and is_refusal_undone(row.from_state, row.to_state):
        return History(was_counted=await _was_counted(tx, row.orientation_id, versions))
    return History(streak=await _streak(tx, row, versions))


async def refusal_was_counted(tx: TenantTransaction, orientation_id: UUID) -> bool:
    """Whether the refusal of this offer is a credit of its party: the policy of its day said so."""
    return await _was_counted(tx, orientation_id, await Ground(tx).versions())


async def _was_counted(
    tx: TenantTransaction, orientation_id: UUID, versions: Sequence[Version]
) -> bool:
    refusal = await rows.find_refusal(tx, orientation_id)
    if refusal is None:
        return False
    history = History(streak=await _streak(tx, refusal, versions))
    event, policy = _judged(refusal, versions, history)
    return is_counted(event, Indicator.ORIENTED, policy)


async def _streak(tx: TenantTransaction, row: LedgerEvent, versions: Sequence[Version]) -> int:
    """Refusals of the party in a row in one stratum, this one included; 1 if nothing asks."""
    policy = settings_in(versions, local_day(row.at)).policy
    if row.to_state != State.REFUSED or policy.refusals is not Refusals.FROM_KTH:
        return 1
    answers = await rows.list_answers(tx, row)
    return streak([(is_refusal, from_facts(strata)) for is_refusal, strata in answers])


def _entries(
    row: LedgerEvent, rates: Rates, versions: Sequence[Version], history: History
) -> Iterator[Entry]:
    given = rates.at(row.insee, row.registered_at)
    event, policy = _judged(row, versions, history)
    for basis in Indicator:
        for part, one in enumerate(postings(event, basis, given.shares, policy)):
            yield Entry(
                basis=basis.value,
                at=one.at or row.at,
                kind=one.kind,
                event_id=row.id,
                part=part,
                vacancy_id=row.vacancy_id,
                orientation_id=row.orientation_id,
                annexe_id=given.annexe_id if one.kind in DUE_KINDS else None,
                settings_version=policy.version,
                move=one.move,
            )


def _judged(
    row: LedgerEvent, versions: Sequence[Version], history: History
) -> tuple[Event, Policy]:
    """The event and what it costs: the policy of its day, the appeal of the day of the vacancy."""
    rule = settings_in(versions, local_day(row.registered_at)).appeal
    return _event(row, rule, history), settings_in(versions, local_day(row.at)).policy


def _event(row: LedgerEvent, rule: AppealRule, history: History) -> Event:
    return Event(
        act=row.act,
        at=row.at,
        strata=from_facts(row.strata) if row.strata else strata_of(_home(row), rule),
        party=_party(row),
        before=State(row.from_state) if row.orientation_id and row.from_state else None,
        after=State(row.to_state) if row.orientation_id and row.to_state else None,
        streak=history.streak,
        was_counted=history.was_counted,
    )


def _home(row: LedgerEvent) -> Home:
    return Home(
        insee=row.insee,
        typology=row.typology,
        financing=row.financing,
        built_year=row.built_year,
        is_qpv=row.is_qpv,
        zone=row.zone,
    )


async def home_of(tx: TenantTransaction, dwelling: Dwelling, on: date) -> Home:
    """What is known of a dwelling on the day it is freed, in the commune of that day."""
    insee, zone = await area_on(tx, dwelling.insee, on)
    return Home(
        insee=insee,
        typology=dwelling.typology,
        financing=dwelling.financing,
        built_year=dwelling.built_year,
        is_qpv=dwelling.is_qpv,
        zone=zone.zone if zone else None,
    )


def _party(row: LedgerEvent) -> str | None:
    """A droit unique is taken on the bailleur's own share."""
    if row.is_droit_unique:
        return BAILLEUR
    return party_key(row.reservataire_id, row.contingent or "none") if row.reservataire_id else None


# --- Rows -----------------------------------------------------------------------------------------


def _numbered(
    owner: UUID, entries: Iterable[Entry], positions: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """One row a move; `positions` go forward."""
    for one in entries:
        positions[one.basis] += 1
        yield {
            "bailleur_id": owner,
            "basis": one.basis,
            "position": positions[one.basis],
            "at": one.at,
            "kind": one.kind.value,
            "event_id": one.event_id,
            # a balance may have to leave again, when an offer of the expired party ends later
            "part": positions[one.basis] if one.kind is Kind.EXPIRED else one.part,
            "vacancy_id": one.vacancy_id,
            "orientation_id": one.orientation_id,
            "strata": as_facts(one.move.strata),
            "amounts": dict(one.move.amounts),
            "annexe_id": one.annexe_id,
            "rule_version": RULE_VERSION,
            "settings_version": one.settings_version,
        }


_OF_MOVE = ("bailleur_id", "basis", "position", "at", "kind", "vacancy_id", "strata",
            "settings_version")  # fmt: skip


def _own_parts(moves: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The part of each réservataire, which it reads without those of the others."""
    for move in moves:
        shared = {name: move[name] for name in _OF_MOVE}
        for party, amount in move["amounts"].items():
            line = _line_of(party)
            if line["reservataire_id"] is not None and amount:
                yield {**shared, **line, "amount": amount}


_KEY = ("basis", "year", "party", "family", "value")


def balance_rows(owner: UUID, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """What these moves add to each balance, one row a key, in the order of the keys.

    Keys are always taken in the same order, so that two transactions never wait for each other.
    """
    found: defaultdict[tuple[str, int, str, str, str], dict[str, int]] = defaultdict(
        lambda: {"due": 0, "received": 0, "moved": 0}
    )
    for one in entries:
        name, sign = _column(one.kind)
        year = local_day(one.at).year
        for family, value in one.move.strata:
            for party, amount in one.move.amounts:
                found[one.basis, year, party, family.value, value][name] += sign * amount
    return [
        {
            "bailleur_id": owner,
            **dict(zip(_KEY, key, strict=True)),
            **_line_of(key[2]),
            **found[key],
        }
        for key in sorted(found)
    ]


def _column(kind: Kind) -> tuple[str, int]:
    if kind in DUE_KINDS:
        return "due", 1
    return ("moved", 1) if kind in MOVED_KINDS else ("received", -1)


def _line_of(party: str) -> dict[str, Any]:
    """The organisme of a party, if it is one: neither the bailleur's own row nor what waits."""
    if ":" not in party:
        return {"reservataire_id": None, "contingent": "none"}
    reservataire_id, contingent = split_party_key(party)
    return {"reservataire_id": reservataire_id, "contingent": contingent}
