"""Annexe 1: prepared from the stock and the rights, checked, published, rectified (art. 4)."""

from server.operations.annexes.comparing import Comparison, LineChange, StockChange, compare
from server.operations.annexes.editing import (
    AddLine,
    ChangeLine,
    RecordDerogation,
    add_line,
    change_line,
    discard,
    record_derogation,
    recount,
    remove_line,
)
from server.operations.annexes.preparing import StartDraft, start
from server.operations.annexes.proposing import Proposal, proposals
from server.operations.annexes.publishing import Checked, check, publish
from server.operations.annexes.reading import (
    Board,
    Due,
    ReadVersion,
    choices,
    due,
    get,
    overview,
    parties,
    read,
)

__all__ = [
    "AddLine",
    "Board",
    "ChangeLine",
    "Checked",
    "Comparison",
    "Due",
    "LineChange",
    "Proposal",
    "ReadVersion",
    "RecordDerogation",
    "StartDraft",
    "StockChange",
    "add_line",
    "change_line",
    "check",
    "choices",
    "compare",
    "discard",
    "due",
    "get",
    "overview",
    "parties",
    "proposals",
    "publish",
    "read",
    "record_derogation",
    "recount",
    "remove_line",
    "start",
]
