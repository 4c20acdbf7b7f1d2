"""The schema itself, with the extensions that every execution goes through."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import assert_object_type
from strawberry.schema.config import StrawberryConfig

from server.schema.context import ReadTransaction
from server.schema.documents import Reader
from server.schema.extensions import CachedValidation, MeasuredDocument
from server.schema.root import Mutation, Query
from server.schema.scalars import SCALARS


class QuietSchema(strawberry.Schema):
    """Logs nothing by itself: the text of an error may hold what a client typed."""

    def process_errors(self, *_: Any, **__: Any) -> None:
        return


schema = QuietSchema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(disable_field_suggestions=True, scalar_map=SCALARS),
    extensions=[MeasuredDocument, CachedValidation, ReadTransaction],
)


reader = Reader(
    assert_object_type(schema._schema.query_type),  # noqa: SLF001 - graphql-core's own schema
    assert_object_type(schema._schema.mutation_type),  # noqa: SLF001 - the same
)


def print_sdl() -> str:
    """The schema as committed in schema.graphql."""
    return schema.as_str() + "\n"
