"""Legal periods, told so that anybody can count them again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry

from server.db.orientations import Orientation
from server.documents.receipts import read_receipt
from server.domain.calendar import Closures
from server.domain.closures import read_kept
from server.domain.deadlines import is_over, last_day, working_days_left
from server.domain.labels import french_deadline
from server.domain.orientations import caught_up
from server.operations.orientations import facts_of
from server.operations.orientations.receipts import candidates_receipt
from server.schema.codes import RestartCode


@strawberry.type(description="Un jour qui n'a pas compté.")
class SkippedDay:
    day: date = strawberry.field(description="Le jour.")
    reason: str = strawberry.field(
        description="Pourquoi : samedi, dimanche, jour férié, fermeture."
    )


@strawberry.type(description="Le compte d'un délai, jour par jour.")
class DeadlineReceipt:
    start_on: date = strawberry.field(description="Jour de l'événement, qui ne compte pas.")
    last_day: date = strawberry.field(description="Dernier jour, compris.")
    days: int = strawberry.field(description="Nombre de jours ouvrés.")
    skipped: list[SkippedDay] = strawberry.field(description="Les jours qui n'ont pas compté.")
    calendar_version: str = strawberry.field(description="Version du calendrier employé.")
    restart: str | None = strawberry.field(
        description="Pourquoi ce délai en remplace un autre, s'il a recommencé.",
        graphql_type=RestartCode | None,
        default=None,
    )


@strawberry.type(description="Une échéance, à 24 h de son dernier jour, heure de Paris.")
class Deadline:
    due_at: datetime = strawberry.field(
        description="Borne exclusive : à cet instant il est trop tard."
    )
    last_day: date = strawberry.field(description="Dernier jour, compris.")
    text: str = strawberry.field(description="En toutes lettres : mardi 5 mai 2026 à 24 h.")
    working_days_left: int = strawberry.field(
        description="Jours ouvrés restants après aujourd'hui ; 0 le dernier jour et ensuite."
    )
    is_over: bool = strawberry.field(description="Si elle est passée.")
    receipt: DeadlineReceipt | None = strawberry.field(
        description="Le compte ; absent après un délai supplémentaire."
    )


def _deadline(
    due_at: datetime, now: datetime, receipt: DeadlineReceipt | None, closures: Closures
) -> Deadline:
    return Deadline(
        due_at=due_at,
        last_day=last_day(due_at),
        text=french_deadline(due_at),
        working_days_left=working_days_left(now, due_at, closures=closures),
        is_over=is_over(now, due_at),
        receipt=receipt,
    )


def _stored(kept: Mapping[str, Any]) -> DeadlineReceipt | None:
    """What was kept with the offer when its period began."""
    if not kept:
        return None
    period = read_receipt(kept)
    return DeadlineReceipt(
        start_on=period.start_on,
        last_day=period.last_day,
        days=period.days,
        skipped=[SkippedDay(day=day, reason=reason) for day, reason in period.skipped],
        calendar_version=period.calendar_version,
        restart=kept.get("restart"),
    )


def answer(row: Orientation, now: datetime) -> Deadline:
    return _deadline(row.answer_due_at, now, _stored(row.answer_receipt), read_kept(row.closures))


def candidates(row: Orientation, now: datetime) -> Deadline | None:
    """The period in law: a silence opens it at its date, whether or not it is recorded yet."""
    facts = caught_up(facts_of(row), now)
    if facts.candidates_due_at is None:
        return None
    kept = candidates_receipt(row, facts)
    return _deadline(facts.candidates_due_at, now, _stored(kept or {}), facts.closures)
