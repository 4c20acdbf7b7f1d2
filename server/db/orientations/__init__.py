"""Queries on orientations: the offers of freed dwellings."""

from server.db.orientations.filtering import OrientationFilter, counted
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
    lock_orientation,
    update_orientation,
)

__all__ = [
    "SEARCH_LIMIT",
    "DueOrientation",
    "Orientation",
    "OrientationFilter",
    "Scope",
    "count_by_state",
    "count_offers",
    "counted",
    "find_orientation",
    "get_orientations",
    "insert_orientation",
    "last_sent",
    "list_due",
    "list_orientations",
    "list_scope",
    "lock_orientation",
    "refusers",
    "search_orientations",
    "update_orientation",
]
