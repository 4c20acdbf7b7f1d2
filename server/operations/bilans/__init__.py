"""The yearly bilan: compiled, frozen, published, given to those who must have it (art. 7)."""

from server.operations.bilans.content import content_hash
from server.operations.bilans.publishing import distribute, publish
from server.operations.bilans.reading import (
    content,
    deliveries,
    get,
    list_all,
    list_page,
    workbook,
)

__all__ = [
    "content",
    "content_hash",
    "deliveries",
    "distribute",
    "get",
    "list_all",
    "list_page",
    "publish",
    "workbook",
]
