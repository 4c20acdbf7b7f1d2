"""Files that a page gives: a name that says what it is, never opened in place."""

from __future__ import annotations

import re
import unicodedata

from starlette.responses import Response

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CALENDAR = "text/calendar; charset=utf-8"
CSV = "text/csv; charset=utf-8"


def file_name(*words: object) -> str:
    """A name of file without accent nor space: annexe-1-haute-savoie-habitat-2026."""
    text = unicodedata.normalize("NFKD", " ".join(map(str, words))).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "-", text.decode().lower()).strip("-")


def workbook(content: bytes, name: str) -> Response:
    return _attached(content, WORKBOOK, f"{name}.xlsx")


def csv(content: bytes, name: str) -> Response:
    return _attached(content, CSV, f"{name}.csv")


def calendar(content: str, name: str) -> Response:
    return _attached(content.encode(), CALENDAR, f"{name}.ics")


def _attached(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
