"""The stock of a bailleur, from its file: received, read in the worker, confirmed, applied."""

from server.operations.imports.analysing import analyse, give_up
from server.operations.imports.applying import apply
from server.operations.imports.deciding import ConfirmImport, choose_columns, confirm, read_again
from server.operations.imports.receiving import (
    NewImport,
    annotated,
    get,
    list_communes,
    list_page,
    proposed_contingents,
    receive,
)

__all__ = [
    "ConfirmImport",
    "NewImport",
    "analyse",
    "annotated",
    "apply",
    "choose_columns",
    "confirm",
    "get",
    "give_up",
    "list_communes",
    "list_page",
    "proposed_contingents",
    "read_again",
    "receive",
]
