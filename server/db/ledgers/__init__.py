"""Queries on the ledgers of the flux: events to post, moves, and the balances that they make."""

from server.db.ledgers.events import (
    LedgerEvent,
    find_refusal,
    list_answers,
    list_events,
    list_unposted,
)
from server.db.ledgers.matrix import (
    FamilyBalance,
    MatrixFilter,
    list_family_balances,
    list_family_balances_on,
)
from server.db.ledgers.posting import (
    add_balances,
    advance,
    insert_moves,
    lock_positions,
)
from server.db.ledgers.reading import (
    Balance,
    LedgerEntry,
    LedgerMove,
    OwnEntry,
    list_balances,
    list_entries,
    list_lags,
    list_left,
    list_moves,
    page_entries,
    page_moves,
)
from server.db.ledgers.shares import (
    PartyLine,
    PartyShare,
    StratumEntry,
    list_party_shares,
    list_stratum_entries,
)

__all__ = [
    "Balance",
    "FamilyBalance",
    "LedgerEntry",
    "LedgerEvent",
    "LedgerMove",
    "MatrixFilter",
    "OwnEntry",
    "PartyLine",
    "PartyShare",
    "StratumEntry",
    "add_balances",
    "advance",
    "find_refusal",
    "insert_moves",
    "list_answers",
    "list_balances",
    "list_entries",
    "list_events",
    "list_family_balances",
    "list_family_balances_on",
    "list_lags",
    "list_left",
    "list_moves",
    "list_party_shares",
    "list_stratum_entries",
    "list_unposted",
    "lock_positions",
    "page_entries",
    "page_moves",
]
