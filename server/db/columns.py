"""The vocabulary of columns that the tables share.

Identifiers are UUIDv7 given by the caller. Codes are short lower-case ASCII texts. An instant is
a timestamptz, a legal day a date in Europe/Paris, a deadline (`*_due_at`) an exclusive bound.
Every foreign key between two tenant tables carries the tenant's column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Text,
    Uuid,
    text,
)

from server.domain.orientations import LIVE_STATES as ENGAGING
from server.domain.orientations import State

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def identifier(name: str = "id") -> Column[Any]:
    return Column(name, Uuid, primary_key=True)


def day(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Date, nullable=optional)


def instant(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=optional)


def label(name: str, *, optional: bool = False, default: str | None = None) -> Column[Any]:
    server_default = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=optional, server_default=server_default)


def count(name: str, *, optional: bool = False, default: int | None = None) -> Column[Any]:
    server_default = None if default is None else text(str(default))
    return Column(name, Integer, nullable=optional, server_default=server_default)


def flag(name: str, *, default: bool = False) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def reference(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Uuid, nullable=optional)


def tenant(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Uuid, ForeignKey("tenants.id"), nullable=optional)


def commune() -> Column[Any]:
    return Column("insee", Text, ForeignKey("communes.insee"), nullable=False)


def code(column: str, codes: Sequence[str]) -> CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def link(table: str, *pairs: str) -> ForeignKeyConstraint:
    """A foreign key that carries the tenant's column: `link("dwellings", "dwelling_id:id", …)`."""
    local, remote = zip(*(pair.split(":") for pair in pairs), strict=True)
    return ForeignKeyConstraint(local, [f"{table}.{column}" for column in remote])


CAPACITIES = ("bailleur", "reservataire", "prefecture", "epci")
ROLES = ("responsable", "agent", "lecteur")
CONTINGENTS = ("none", "fonctionnaires", "rs")
EXCLUSIONS = (
    "defense_securite",
    "sante",
    "plan_vente",
    "demolition",
    "plai_adapte",
    "gens_du_voyage",
)
STATES = tuple(state.value for state in State)
LIVE_STATES = tuple(state.value for state in State if state in ENGAGING)
