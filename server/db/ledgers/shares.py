"""One party in the ledgers: its strata over a year, and the entries that make one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, case, cast, func, select, true

from server.db.mergers import code_on
from server.db.orientations import LINE_CONTINGENT, LINE_PARTY
from server.db.paging import Executor
from server.db.tables import ledger_entries, orientations
from server.domain.deadlines import local_day
from server.domain.postings import DUE_KINDS, MOVED_KINDS, Kind

_DUE = tuple(DUE_KINDS)
_RECEIVED = (Kind.ORIENTED, Kind.RELEASED)
_FREED = {Kind.FREED: 1, Kind.COUNTED: 1, Kind.WITHDRAWN: -1}
AMOUNTS = ("freed", "offered", "refused", "due", "received", "moved", "carried")


@dataclass(frozen=True, kw_only=True)
class PartyLine:
    """A line of the annexes, over a period; `bailleur_id` None: at all its bailleurs."""

    reservataire_id: UUID
    contingent: str
    bailleur_id: UUID | None
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, kw_only=True)
class PartyShare:
    """The line in a stratum of one bailleur, on one basis.

    Dwellings: `freed`, `offered`, `refused`, all of the period; 1/10 000 dwelling: `due`,
    `received`, `moved` of the period, `carried` from before. `communes` are those of `freed`.
    """

    bailleur_id: UUID
    basis: str
    family: str
    value: str
    freed: int
    offered: int
    refused: int
    due: int
    received: int
    moved: int
    carried: int
    communes: list[str]


def _mine(wanted: PartyLine) -> ColumnElement[bool]:
    entry = ledger_entries.c
    conditions = [
        entry.reservataire_id == wanted.reservataire_id,
        entry.contingent == wanted.contingent,
        entry.at < wanted.until_at,
    ]
    if wanted.bailleur_id is not None:
        conditions.append(entry.bailleur_id == wanted.bailleur_id)
    return and_(*conditions)


def _insee(wanted: PartyLine) -> ColumnElement[str]:
    """The commune of an entry, by its code of the end of the year."""
    last = local_day(wanted.from_at).replace(month=12, day=31)
    return code_on(ledger_entries.c.strata["commune"].astext, last)


def _is_refused(wanted: PartyLine) -> ColumnElement[bool]:
    """The offer of this entry was refused by the party."""
    entry = ledger_entries.c
    refused = (
        select(orientations.c.id)
        .where(
            orientations.c.vacancy_id == entry.vacancy_id,
            orientations.c.bailleur_id == entry.bailleur_id,
            LINE_PARTY.element == wanted.reservataire_id,
            LINE_CONTINGENT.element == wanted.contingent,
            orientations.c.state == "refused",
            orientations.c.answered_at < wanted.until_at,
        )
        .exists()
    )
    return case((entry.kind == Kind.ORIENTED, refused), else_=False).label("is_refused")


async def list_party_shares(db: Executor, wanted: PartyLine) -> list[PartyShare]:
    """Every stratum of the line that the actor may read, on the three bases."""
    rows = await db.execute(_shares(wanted))
    return [PartyShare(**_integers(dict(row._mapping))) for row in rows]


def _integers(row: dict[str, Any]) -> dict[str, Any]:
    """Nothing counted is nothing; sums of bigints are numeric in PostgreSQL."""
    return row | {name: int(row[name] or 0) for name in AMOUNTS}


def _shares(wanted: PartyLine) -> Select[Any]:
    entry = ledger_entries.c
    names = ("bailleur_id", "basis", "at", "kind", "vacancy_id", "strata", "amount")
    own = (
        select(
            *(entry[name] for name in names),
            _insee(wanted).label("insee"),
            _is_refused(wanted),
        )
        .where(_mine(wanted))
        .subquery("own")
    )
    stratum = func.jsonb_each_text(own.c.strata).table_valued("key", "value", name="stratum")
    value = case((stratum.c.key == "commune", own.c.insee), else_=stratum.c.value)
    keys = (own.c.bailleur_id, own.c.basis, stratum.c.key, value)
    is_now, amount = own.c.at >= wanted.from_at, func.sum(own.c.amount)
    return (
        select(
            *keys[:2],
            stratum.c.key.label("family"),
            value.label("value"),
            func.sum(case(_FREED, value=own.c.kind, else_=0)).filter(is_now).label("freed"),
            func.count().filter(is_now, own.c.kind == Kind.ORIENTED).label("offered"),
            func.count(own.c.vacancy_id.distinct())
            .filter(is_now, own.c.is_refused)
            .label("refused"),
            amount.filter(is_now, own.c.kind.in_(_DUE)).label("due"),
            (-amount.filter(is_now, own.c.kind.in_(_RECEIVED))).label("received"),
            amount.filter(is_now, own.c.kind.in_(tuple(MOVED_KINDS))).label("moved"),
            amount.filter(own.c.at < wanted.from_at).label("carried"),
            func.coalesce(
                func.array_agg(own.c.insee.distinct()).filter(is_now, own.c.kind.in_(_DUE)),
                cast([], ARRAY(Text)),
            ).label("communes"),
        )
        .select_from(own.join(stratum, true()))
        .group_by(*keys)
        .order_by(*keys)
    )


@dataclass(frozen=True, kw_only=True)
class StratumEntry:
    """An entry of the line in a stratum; `position` is its rank in the ledger of the bailleur."""

    bailleur_id: UUID
    position: int
    at: datetime
    kind: str
    strata: dict[str, str]
    amount: int


async def list_stratum_entries(
    db: Executor, wanted: PartyLine, basis: str, stratum: tuple[str, str], *, limit: int
) -> list[StratumEntry]:
    """What makes the account of the line in the stratum, the newest first, those of before the
    period included.
    """
    entry = ledger_entries.c
    family, value = stratum
    stored = _insee(wanted) if family == "commune" else entry.strata[family].astext
    rows = await db.execute(
        select(*(entry[name] for name in StratumEntry.__dataclass_fields__))
        .where(_mine(wanted), entry.basis == basis, stored == value)
        .order_by(entry.at.desc(), entry.bailleur_id, entry.position.desc())
        .limit(limit)
    )
    return [StratumEntry(**row._mapping) for row in rows]
