"""The yearly bilan: compiled, frozen, published, given to those who must have it (art. 7)."""

from server.operations.bilans.content import content_hash
from server.operations.bilans.dossier import Reception, compose, newest, reception
from server.operations.bilans.publishing import BilanPreview, distribute, preview, publish
from server.operations.bilans.reading import (
    content,
    deliveries,
    get,
    list_all,
    list_page,
    workbook,
)

__all__ = [
    "BilanPreview",
    "Reception",
    "compose",
    "content",
    "content_hash",
    "deliveries",
    "distribute",
    "get",
    "list_all",
    "list_page",
    "newest",
    "preview",
    "publish",
    "reception",
    "workbook",
]
