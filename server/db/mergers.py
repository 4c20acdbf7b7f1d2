"""Communes that merge, inside a statement: the code of a day for a code of any day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select

from server.db.tables import commune_mergers


def code_on(insee: ColumnElement[str], on: date | ColumnElement[date]) -> ColumnElement[str]:
    """As `domain.communes.commune_at`, for a commune that merged at most twice."""
    first, second = commune_mergers.alias(), commune_mergers.alias()
    now = (
        select(func.coalesce(second.c.new_insee, first.c.new_insee))
        .select_from(
            first.outerjoin(
                second, and_(second.c.old_insee == first.c.new_insee, second.c.on_date <= on)
            )
        )
        .where(first.c.old_insee == insee, first.c.on_date <= on)
        .correlate_except(first, second)  # inside a subquery too, it is of the row that is read
        .scalar_subquery()
    )
    return func.coalesce(now, insee)


def is_in(column: ColumnElement[str], insee: str, on: date) -> ColumnElement[bool]:
    """In that commune, whatever the code it was written with; by the index of the column."""
    merged = select(commune_mergers.c.old_insee).where(
        code_on(commune_mergers.c.old_insee, on) == insee
    )
    return or_(column == insee, column.in_(merged))
