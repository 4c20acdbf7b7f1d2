"""What a document costs: the objects it asks for, the sizes of its pages multiplied on the way.

A field with a selection counts one object; a page of `first` counts what is below it `first` times.
Each fragment is priced once. An act counts as much as a small page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    ValueNode,
    VariableNode,
)

from server.errors import Motif

MAX_COST = 5000
ACT_COST = 10
REFUSED_COST = 5
"""Of a request that is refused before any reading: it was read, measured and answered."""
MOST_DIGITS = 9
PAGE_SIZE = "first"

TOO_COSTLY = Motif(
    code="too_costly",
    message=f"Requête trop lourde : au plus {MAX_COST} objets, pages multipliées entre elles. "
    "Demandez des pages plus petites, ou moins de champs à la fois.",
)


class _Prices:
    """Prices the selections of one operation."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        defaults: Mapping[str, int],
    ) -> None:
        self._fragments = fragments
        self._variables = variables
        self._defaults = defaults
        self._known: dict[str, int] = {}

    def of(self, nodes: Iterable[SelectionNode]) -> int:
        return sum(self._selection(node) for node in nodes)

    def _selection(self, node: SelectionNode) -> int:
        if isinstance(node, FieldNode):
            below = self.of(node.selection_set.selections) if node.selection_set else None
            return 0 if below is None else 1 + self._page(node) * below
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set.selections)
        return 0

    def _fragment(self, name: str) -> int:
        """Nothing while it is being priced and when unknown: validation refuses both."""
        if name not in self._known:
            self._known[name] = 0
            found = self._fragments.get(name)
            if found is not None:
                self._known[name] = self.of(found.selection_set.selections)
        return self._known[name]

    def _page(self, node: FieldNode) -> int:
        given = next((one for one in node.arguments or () if one.name.value == PAGE_SIZE), None)
        if given is None:
            return self._defaults.get(node.name.value, 1)
        return _size(given.value, self._variables, self._defaults.get(node.name.value, 1))


def _size(value: ValueNode, variables: Mapping[str, Any], default: int) -> int:
    """How many rows are asked for; what is no number is refused by the validation."""
    if isinstance(value, VariableNode):
        known = variables.get(value.name.value, default)
        return max(1, known) if isinstance(known, int) else 1
    if not isinstance(value, IntValueNode):
        return 1
    return max(1, int(value.value)) if len(value.value) <= MOST_DIGITS else MAX_COST


def _variables(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        one.variable.name.value: _size(one.default_value, {}, 1)
        for one in operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }
    return {**defaults, **given}


def cost_of(
    document: DocumentNode, variables: Mapping[str, Any] | None, defaults: Mapping[str, int]
) -> int:
    """At least 1. `defaults`: the size of a page whose `first` is not given, by field name."""
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    total = 0
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            prices = _Prices(fragments, _variables(one, variables or {}), defaults)
            total += prices.of(one.selection_set.selections)
            total += ACT_COST if one.operation is OperationType.MUTATION else 0
    return max(1, total)
