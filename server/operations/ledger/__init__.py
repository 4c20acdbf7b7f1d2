"""The ledgers of the flux: posted from the journal, read by all the parties they concern."""

from server.operations.ledger.ground import Ground
from server.operations.ledger.posting import (
    Entry,
    balance_rows,
    derived,
    home_of,
    post,
    refusal_was_counted,
    unposted,
)
from server.operations.ledger.rating import DayRates, Rates
from server.operations.ledger.reading import (
    Book,
    TraceLine,
    balances,
    balances_on,
    book,
    entries,
    moves,
    replay,
    trace,
)
from server.operations.ledger.settings import Settings, settings_on

__all__ = [
    "Book",
    "DayRates",
    "Entry",
    "Ground",
    "Rates",
    "Settings",
    "TraceLine",
    "balance_rows",
    "balances",
    "balances_on",
    "book",
    "derived",
    "entries",
    "home_of",
    "moves",
    "post",
    "refusal_was_counted",
    "replay",
    "settings_on",
    "trace",
    "unposted",
]
