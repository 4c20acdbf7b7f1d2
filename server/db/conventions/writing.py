"""A convention prepared and moved: the whole row, for its two parties and the préfecture."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor
from server.db.tables import (
    communes,
    convention_communes,
    convention_reminders,
    conventions,
    epcis,
    tenants,
)
from server.domain.conventions import RENEWALS, anniversary

_BAILLEUR = tenants.alias("record_bailleur")
_RESERVATAIRE = tenants.alias("record_reservataire")
_UNSIGNED = ("draft", "deliberated")


@dataclass(frozen=True, kw_only=True)
class ConventionRecord:
    """A convention as recorded, with what each party has done; `perimeter` holds INSEE codes."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    bailleur_siren: str
    reservataire_id: UUID
    reservataire_name: str
    category: str
    state: str
    version: int
    starts_on: date
    start_rule: str
    ended_on: date | None
    ending_motif: str | None
    mailbox: str | None
    mailbox_failed_at: datetime | None
    answer_days: int
    candidate_days: int
    mutation_rate_bp: int
    indicator: str
    management: str
    closure_rule: str
    charte_version: str
    model_version: str
    deliberated_on: date | None
    deliberation_reference: str | None
    transmitted_on: date | None
    bailleur_signed_on: date | None
    bailleur_signatory: str | None
    reservataire_signed_on: date | None
    reservataire_signatory: str | None
    perimeter: frozenset[str]


_PERIMETER = (
    select(func.array_agg(convention_communes.c.insee))
    .where(convention_communes.c.convention_id == conventions.c.id)
    .correlate(conventions)
    .scalar_subquery()
)


def _records() -> Select[Any]:
    return (
        select(
            *conventions.c,
            _BAILLEUR.c.name.label("bailleur_name"),
            _BAILLEUR.c.siren.label("bailleur_siren"),
            _RESERVATAIRE.c.name.label("reservataire_name"),
            _RESERVATAIRE.c.category,
            _PERIMETER.label("perimeter"),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == conventions.c.bailleur_id)
        .join(_RESERVATAIRE, _RESERVATAIRE.c.id == conventions.c.reservataire_id)
    )


def _record(row: Any) -> ConventionRecord:
    return ConventionRecord(**{**row._mapping, "perimeter": frozenset(row.perimeter or ())})


async def find_record(
    db: Executor, convention_id: UUID, *, lock: bool = False
) -> ConventionRecord | None:
    """With `lock`, the row is held until the act ends."""
    statement = _records().where(conventions.c.id == convention_id)
    if lock:
        statement = statement.with_for_update(of=conventions, key_share=True)
    row = (await db.execute(statement)).one_or_none()
    return _record(row) if row else None


async def list_agenda(db: Executor, on: date, *, window_days: int) -> list[ConventionRecord]:
    """The projects that the actor reads, and what may end a year within the window; by start."""
    statement = (
        _records()
        .where(or_(conventions.c.state.in_(_UNSIGNED), _turns_within(on, window_days)))
        .order_by(conventions.c.starts_on, conventions.c.id)
    )
    return [_record(row) for row in await db.execute(statement)]


def _turns_within(on: date, days: int) -> ColumnElement[bool]:
    """Signed, not ended, and a year of theirs ends within the days (a little wider than them)."""
    margin = timedelta(days=2)
    years = [
        conventions.c.starts_on.between(
            anniversary(on, -number) - margin,
            anniversary(on + timedelta(days=days), -number) + margin,
        )
        for number in range(1, RENEWALS + 2)
    ]
    is_live = and_(conventions.c.state == "signed", conventions.c.ended_on.is_(None))
    return and_(is_live, or_(*years))


async def list_signed(
    db: Executor, *, bailleur_id: UUID, reservataire_id: UUID, but: UUID, lock: bool
) -> list[ConventionRecord]:
    """The signed conventions of the pair, others than `but`; held until the act ends if `lock`."""
    statement = (
        _records()
        .where(
            conventions.c.bailleur_id == bailleur_id,
            conventions.c.reservataire_id == reservataire_id,
            conventions.c.id != but,
            conventions.c.state.not_in(_UNSIGNED),
        )
        .order_by(conventions.c.starts_on)
    )
    if lock:
        statement = statement.with_for_update(of=conventions, key_share=True)
    return [_record(row) for row in await db.execute(statement)]


async def insert_convention(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(conventions).values(values))


async def update_convention(
    db: Executor, convention_id: UUID, *, version: int, **values: Any
) -> bool:
    """False if somebody else moved it since `version`."""
    changed: Any = await db.execute(
        update(conventions)
        .where(conventions.c.id == convention_id, conventions.c.version == version)
        .values(version=version + 1, **values)
    )
    return bool(changed.rowcount == 1)


async def mark_mailbox(db: Executor, convention_id: UUID, address: str, at: datetime) -> None:
    """The address of the convention sent its mail back; another one written since is spared."""
    await db.execute(
        update(conventions)
        .where(conventions.c.id == convention_id, conventions.c.mailbox == address)
        .values(mailbox_failed_at=at)
    )


async def replace_perimeter(
    db: Executor, row: ConventionRecord, insees: Collection[str], *, is_agreed: bool
) -> None:
    await db.execute(
        delete(convention_communes).where(convention_communes.c.convention_id == row.id)
    )
    party = {
        "convention_id": row.id,
        "bailleur_id": row.bailleur_id,
        "reservataire_id": row.reservataire_id,
        "is_agreed": is_agreed,
    }
    await db.execute(
        insert(convention_communes), [{**party, "insee": insee} for insee in sorted(insees)]
    )


async def agree_perimeter(db: Executor, convention_id: UUID) -> None:
    """The EPCI of these communes read the convention from now on."""
    await db.execute(
        update(convention_communes)
        .where(convention_communes.c.convention_id == convention_id)
        .values(is_agreed=True)
    )


# --- Communes, to draw a perimeter ----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CommuneChoice:
    """A commune of the département and its EPCI."""

    insee: str
    name: str
    epci_siren: str
    epci_name: str


async def list_communes(db: Executor, insees: Iterable[str] | None = None) -> list[CommuneChoice]:
    """All those of the département, or these ones, by EPCI then name."""
    statement = (
        select(
            communes.c.insee,
            communes.c.name,
            epcis.c.siren.label("epci_siren"),
            epcis.c.name.label("epci_name"),
        )
        .join(epcis, epcis.c.siren == communes.c.epci_siren)
        .order_by(epcis.c.name, communes.c.sort_name)
    )
    if insees is not None:
        statement = statement.where(communes.c.insee.in_(set(insees)))
    return [CommuneChoice(**row._mapping) for row in await db.execute(statement)]


# --- Reminders ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DueReminder:
    """A signed convention whose year may end soon, with the reminders already given of it."""

    id: UUID
    bailleur_id: UUID
    reservataire_id: UUID
    starts_on: date
    given: frozenset[tuple[date, int]]


async def list_to_remind(db: Executor, on: date, *, window_days: int) -> list[DueReminder]:
    """With what was already given of it, so that each reminder is given once."""
    rows = await db.execute(
        select(
            conventions.c.id,
            conventions.c.bailleur_id,
            conventions.c.reservataire_id,
            conventions.c.starts_on,
            convention_reminders.c.turn_on,
            convention_reminders.c.months,
        )
        .outerjoin(convention_reminders, convention_reminders.c.convention_id == conventions.c.id)
        .where(_turns_within(on, window_days))
        .order_by(conventions.c.starts_on, conventions.c.id)
    )
    found: dict[UUID, DueReminder] = {}
    for row in rows:
        before = found[row.id].given if row.id in found else frozenset()
        given = before | {(row.turn_on, row.months)} if row.turn_on else before
        found[row.id] = DueReminder(
            id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.reservataire_id,
            starts_on=row.starts_on,
            given=frozenset(given),
        )
    return list(found.values())


async def insert_reminder(
    db: Executor, row: DueReminder, *, turn_on: date, months: int, at: datetime
) -> bool:
    """False if it was given already."""
    done: Any = await db.execute(
        upsert(convention_reminders)
        .values(
            convention_id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.reservataire_id,
            turn_on=turn_on,
            months=months,
            given_at=at,
        )
        .on_conflict_do_nothing()
    )
    return bool(done.rowcount == 1)
