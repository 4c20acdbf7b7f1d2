"""Offers of freed dwellings: sending, answering, and what silence does (convention, art. 5.3)."""

from server.operations.orientations.acts import (
    STALE,
    accept,
    bailleur_of,
    catch_up,
    divert,
    locked,
    perform,
    record_due,
    refuse,
    reservataire_of,
    store,
    withdraw,
)
from server.operations.orientations.reading import (
    counts,
    effective_state,
    facts_of,
    get,
    list_page,
)
from server.operations.orientations.sending import SendOrientation, preview, send

__all__ = [
    "STALE",
    "SendOrientation",
    "accept",
    "bailleur_of",
    "catch_up",
    "counts",
    "divert",
    "effective_state",
    "facts_of",
    "get",
    "list_page",
    "locked",
    "perform",
    "preview",
    "record_due",
    "refuse",
    "reservataire_of",
    "send",
    "store",
    "withdraw",
]
