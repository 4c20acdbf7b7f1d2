"""Queries on orientations: the offers of freed dwellings."""

from server.db.orientations.filtering import (
    LINE_CONTINGENT,
    LINE_PARTY,
    OrientationFilter,
    counted,
    dated,
)
from server.db.orientations.in_law import acceptance_at, accepted_on_at, of_candidates, state_at
from server.db.orientations.reading import (
    SEARCH_LIMIT,
    Orientation,
    Scope,
    count_by_state,
    count_offers,
    find_orientation,
    get_orientations,
    last_sent,
    list_orientations,
    list_scope,
    refusers,
    search_orientations,
)
from server.db.orientations.writing import (
    DueOrientation,
    insert_orientation,
    list_due,
    list_to_restart,
    lock_orientation,
    update_orientation,
)

__all__ = [
    "LINE_CONTINGENT",
    "LINE_PARTY",
    "SEARCH_LIMIT",
    "DueOrientation",
    "Orientation",
    "OrientationFilter",
    "Scope",
    "acceptance_at",
    "accepted_on_at",
    "count_by_state",
    "count_offers",
    "counted",
    "dated",
    "find_orientation",
    "get_orientations",
    "insert_orientation",
    "last_sent",
    "list_due",
    "list_orientations",
    "list_scope",
    "list_to_restart",
    "lock_orientation",
    "of_candidates",
    "refusers",
    "search_orientations",
    "state_at",
    "update_orientation",
]
