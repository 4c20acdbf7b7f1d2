"""A bailleur's file of dwellings: read safely, its columns understood, its lines converted.

Pure: bytes and text in, rows and faults out; the database is the operations' affair.
"""

from server.documents.imports.converting import (
    KIND_WORDS,
    Converter,
    Fault,
    StockRow,
    Surroundings,
)
from server.documents.imports.layouts import FIELDS, Layout, Mapping, guess, map_header
from server.documents.imports.sources import MOST_BYTES, Lines, open_lines

__all__ = [
    "FIELDS",
    "KIND_WORDS",
    "MOST_BYTES",
    "Converter",
    "Fault",
    "Layout",
    "Lines",
    "Mapping",
    "StockRow",
    "Surroundings",
    "guess",
    "map_header",
    "open_lines",
]
