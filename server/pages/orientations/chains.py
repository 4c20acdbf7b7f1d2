"""The offers of one vacancy one after the other, as its bailleur reads them (art. 5.3, T7)."""

from __future__ import annotations

from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.orientations import LIVE_STATES
from server.operations import orientations
from server.pages import views
from server.pages.views import View
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction

LONGEST = 50


async def chain_of(tx: TenantTransaction, row: Orientation) -> list[View]:
    """Its links in order; none for the other parties, nor for a first offer that still lives."""
    is_alone = row.rank == 1 and orientations.effective_state(row, tx.now) in LIVE_STATES
    if tx.actor.capacity is not Capacity.BAILLEUR or is_alone:
        return []
    wanted = OrientationFilter(vacancy_id=row.vacancy_id)
    found = await orientations.list_page(tx, PageRequest(first=LONGEST), wanted)
    links = sorted(found.items, key=lambda one: one.rank)
    return [chain_link(one, tx, is_here=one.id == row.id) for one in links]


def chain_link(row: Orientation, tx: TenantTransaction, *, is_here: bool) -> View:
    state = views.shown_state(row, tx.now, tx.actor.capacity)
    return {
        "rank": row.rank,
        "href": f"/orientations/{row.id}",
        "reservataire": views.reservataire_of(row),
        "sent": labels.french_day(row.sent_on),
        "badge": views.state_badge(state),
        "why": row.refusal_motif or row.withdrawal_reason or "",
        "is_here": is_here,
    }
