"""The schema itself, with the extensions that every execution goes through."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.extensions import MaxTokensLimiter, ParserCache
from strawberry.schema.config import StrawberryConfig

from server.schema.context import ReadTransaction
from server.schema.extensions import CACHED_DOCUMENTS, GuardedValidation
from server.schema.guard import MAX_TOKENS
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
    extensions=[
        lambda: MaxTokensLimiter(MAX_TOKENS),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        GuardedValidation,
        ReadTransaction,
    ],
)


def print_sdl() -> str:
    """The schema as committed in schema.graphql."""
    return schema.as_str() + "\n"
