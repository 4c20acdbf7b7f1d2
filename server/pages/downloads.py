"""Files that a page gives: a name that says what it is, never opened in place."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from server.documents.names import file_name

__all__ = ["archive", "calendar", "csv", "docx", "file_name", "pdf", "workbook"]

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CALENDAR = "text/calendar; charset=utf-8"
CSV = "text/csv; charset=utf-8"
ARCHIVE = "application/zip"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def workbook(content: bytes, name: str) -> Response:
    return _attached(content, WORKBOOK, f"{name}.xlsx")


def csv(content: bytes, name: str) -> Response:
    return _attached(content, CSV, f"{name}.csv")


def pdf(content: bytes, name: str) -> Response:
    return _attached(content, PDF, f"{name}.pdf")


def docx(content: bytes, name: str) -> Response:
    return _attached(content, DOCX, f"{name}.docx")


def calendar(content: str, name: str) -> Response:
    return _attached(content.encode(), CALENDAR, f"{name}.ics")


def archive(parts: Iterator[bytes], name: str) -> Response:
    """Sent as it is made: the browser begins before the last file is in."""
    headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
    return StreamingResponse(parts, media_type=ARCHIVE, headers=headers)


def _attached(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
