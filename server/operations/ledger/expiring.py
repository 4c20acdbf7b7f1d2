"""What an expired convention leaves goes to the bailleur's row, stratum by stratum."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from server.db.conventions import Convention
from server.domain.conventions import ConventionFacts, ConventionState, effective_last_day


def expired(agreed: Iterable[Convention], today: date) -> dict[UUID, UUID]:
    """Réservataire → its last convention, for those whose conventions have all ended by today.

    Who has never had one keeps its row: an annexe may name it before it signs.
    """
    found: dict[UUID, tuple[date, UUID]] = {}
    for row in agreed:
        if row.state in _UNSIGNED:
            continue
        facts = ConventionFacts(
            state=ConventionState(row.state), starts_on=row.starts_on, ended_on=row.ended_on
        )
        last = effective_last_day(facts), row.id
        found[row.reservataire_id] = max(found.get(row.reservataire_id, last), last)
    return {party: row_id for party, (last, row_id) in found.items() if last < today}


_UNSIGNED = frozenset({ConventionState.DRAFT, ConventionState.DELIBERATED})
