"""The schema of the API that is committed is the one that the code prints."""

from __future__ import annotations

from server.schema import print_sdl
from tests.house.sources import ROOT

COMMITTED = ROOT / "server" / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_printed_one() -> None:
    """When it is not: `portail export-schema`, and read the difference before committing it."""
    assert COMMITTED.read_text(encoding="utf-8").strip() == print_sdl().strip()
