"""Scalars that refuse what the portal could not store, with a French sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

FIRST_YEAR = 1900
LAST_YEAR = 2200
"""Outside of these, a date is a typing error, and the arithmetic of periods may overflow."""


def _parser(read: Callable[[str], Any], expected: str) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        if isinstance(value, str):
            try:
                return read(value)
            except (ValueError, InvalidOperation):
                pass
        raise GraphQLError(f"Valeur non reconnue : {expected}.")

    return parse


def _near(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError


def _date(text: str) -> date:
    day = date.fromisoformat(text)
    _near(day)
    return day


def _instant(text: str) -> datetime:
    """An instant without offset would mean another hour in each place: refused."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError
    _near(instant)
    return instant


def _iso(value: date | datetime) -> str:
    return value.isoformat()


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="Un jour, AAAA-MM-JJ, de la journée civile de Paris.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_iso,
        parse_value=_parser(_date, "un jour s'écrit AAAA-MM-JJ"),
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="Un instant ISO 8601 avec son décalage horaire, par exemple "
        "2026-04-30T10:00:00+02:00.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_iso,
        parse_value=_parser(_instant, "un instant s'écrit 2026-04-30T10:00:00+02:00"),
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="Un nombre décimal exact, écrit en texte avec un point : 63.50.",
        serialize=str,
        parse_value=_parser(Decimal, "un nombre décimal s'écrit avec un point"),
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="Un identifiant du portail.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=_parser(UUID, "un identifiant est un UUID"),
    ),
}
