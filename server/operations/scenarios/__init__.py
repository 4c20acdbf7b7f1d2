"""What if: scenarios of the bailleur, expected at once, drawn in the worker, shown to a party."""

from server.operations.scenarios.changing import (
    NewScenario,
    Opened,
    add_change,
    create,
    discard,
    duplicate,
    open_own,
    preview,
    recount,
    remove_change,
    suppose,
)
from server.operations.scenarios.drawing import ask, draw, give_up, key_of, stop
from server.operations.scenarios.figuring import Outlook, figures_json, look_ahead, tables_json
from server.operations.scenarios.reading import (
    Compared,
    Listed,
    ReadScenario,
    choices,
    compare,
    get,
    last_other,
    list_page,
    read_all,
)
from server.operations.scenarios.reporting import Move, Report, check, take_up
from server.operations.scenarios.results import Paired
from server.operations.scenarios.sharing import ShareScenario, readers, revoke, share
from server.operations.scenarios.storing import read_hypotheses

__all__ = [
    "Compared",
    "Listed",
    "Move",
    "NewScenario",
    "Opened",
    "Outlook",
    "Paired",
    "ReadScenario",
    "Report",
    "ShareScenario",
    "add_change",
    "ask",
    "check",
    "choices",
    "compare",
    "create",
    "discard",
    "draw",
    "duplicate",
    "figures_json",
    "get",
    "give_up",
    "key_of",
    "last_other",
    "list_page",
    "look_ahead",
    "open_own",
    "preview",
    "read_all",
    "read_hypotheses",
    "readers",
    "recount",
    "remove_change",
    "revoke",
    "share",
    "stop",
    "suppose",
    "tables_json",
    "take_up",
]
