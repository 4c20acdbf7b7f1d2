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
from server.operations.orientations.following import extend, reorient, search_on_behalf
from server.operations.orientations.previewing import OfferPreview, preview_offer
from server.operations.orientations.reading import (
    caleol_of,
    counts,
    counts_in_law,
    effective_state,
    facts_of,
    get,
    list_page,
    scope,
    search,
    visible_of,
)
from server.operations.orientations.sending import SendOrientation, preview, send

__all__ = [
    "STALE",
    "OfferPreview",
    "SendOrientation",
    "accept",
    "bailleur_of",
    "caleol_of",
    "catch_up",
    "counts",
    "counts_in_law",
    "divert",
    "effective_state",
    "extend",
    "facts_of",
    "get",
    "list_page",
    "locked",
    "perform",
    "preview",
    "preview_offer",
    "record_due",
    "refuse",
    "reorient",
    "reservataire_of",
    "scope",
    "search",
    "search_on_behalf",
    "send",
    "store",
    "visible_of",
    "withdraw",
]
