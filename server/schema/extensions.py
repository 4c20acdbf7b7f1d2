"""Extensions of the schema: the guard before validation, and bounded caches."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import DocumentNode, GraphQLError
from strawberry.extensions import ValidationCache

from server.errors import Motif
from server.schema.guard import check_document

CACHED_DOCUMENTS = 256


def refusal(motif: Motif) -> GraphQLError:
    return GraphQLError(motif.message, extensions={"code": motif.code})


class GuardedValidation(ValidationCache):
    """A document over the limits never reaches the rules of validation, some being quadratic."""

    def __init__(self) -> None:
        super().__init__(maxsize=CACHED_DOCUMENTS)

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        motif = check_document(document) if isinstance(document, DocumentNode) else None
        if motif is None:
            yield from super().on_validate()
        else:
            self.execution_context.pre_execution_errors = [refusal(motif)]
            yield
