"""Extensions of the schema: the document is the one that was measured, its validation cached."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, validate
from strawberry.extensions import SchemaExtension

from server.schema.documents import CACHED_DOCUMENTS
from server.schema.presenting import MAX_ERRORS


class MeasuredDocument(SchemaExtension):
    """Executes the document that was read and measured, and no other one."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.execution_context.context.document
        yield


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _errors(
    schema: GraphQLSchema, document: DocumentNode, rules: tuple[Any, ...]
) -> list[GraphQLError]:
    """It stops at the errors that are told: for each, graphql-core looks for names close to it."""
    return validate(schema, document, rules, max_errors=MAX_ERRORS)


class CachedValidation(SchemaExtension):
    """A document over the limits never comes here: some rules of validation are quadratic."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        errors = _errors(
            context.schema._schema,  # noqa: SLF001 - strawberry wraps graphql-core's own schema
            context.graphql_document,
            context.validation_rules,
        )
        context.pre_execution_errors = errors or None
        yield
