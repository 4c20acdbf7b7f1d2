"""A request is read before anything is done for it: syntax, limits, cost, what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    is_object_type,
    parse,
)

from server.errors import Motif
from server.schema.cost import MAX_COST, PAGE_SIZE, TOO_COSTLY, cost_of
from server.schema.guard import MAX_TOKENS, check_document

CACHED_DOCUMENTS = 256


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document within the limits, its cost, and the root fields of ours that it names."""

    node: DocumentNode
    cost: int
    roots: tuple[str, ...]
    is_act: bool


class Refused(Exception):
    """Nothing is executed: the error of graphql-core, with the code of the limit if it is one."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


def refusal(motif: Motif) -> GraphQLError:
    return GraphQLError(motif.message, extensions={"code": motif.code})


TOO_LONG = Motif(
    code="too_many_tokens",
    message=f"Requête trop lourde : au plus {MAX_TOKENS} mots et signes.",
)


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _parse(query: str) -> DocumentNode | GraphQLError:
    """A text that cannot be read is remembered too."""
    try:
        return parse(query, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        is_long = error.message.startswith("Syntax Error: Document contains more")
        return refusal(TOO_LONG) if is_long else error.with_traceback(None)


class Reader:
    """Reads the documents of one schema."""

    def __init__(self, query: GraphQLObjectType, mutation: GraphQLObjectType) -> None:
        self._names = frozenset({*query.fields, *mutation.fields})
        self._pages = dict(_pages(query))

    def read(self, text: str, variables: dict[str, Any] | None) -> Document:
        """Raise Refused for what cannot be read or passes a limit."""
        node = _parse(text)
        if isinstance(node, GraphQLError):
            raise Refused(node)
        motif = check_document(node)
        if motif is not None:
            raise Refused(refusal(motif))
        cost = cost_of(node, variables, self._pages)
        if cost > MAX_COST:
            raise Refused(refusal(TOO_COSTLY))
        operations = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
        return Document(
            node=node,
            cost=cost,
            roots=self._roots(operations),
            is_act=any(one.operation is OperationType.MUTATION for one in operations),
        )

    def _roots(self, operations: list[OperationDefinitionNode]) -> tuple[str, ...]:
        """For the log: names of the schema only, never a word of the client's."""
        asked = {
            node.name.value
            for one in operations
            for node in one.selection_set.selections
            if isinstance(node, FieldNode)
        }
        return tuple(sorted(asked & self._names))


def _pages(query: GraphQLObjectType) -> Iterator[tuple[str, int]]:
    """The page size of each paged field when `first` is not given."""
    waiting, known = [query], {query.name}
    while waiting:
        kind = waiting.pop()
        for name, field in kind.fields.items():
            first = field.args.get(PAGE_SIZE)
            if first is not None:
                yield name, first.default_value
            below = _named(field.type)
            if is_object_type(below) and below.name not in known:
                known.add(below.name)
                waiting.append(below)


def _named(kind: Any) -> Any:
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return kind
