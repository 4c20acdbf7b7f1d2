"""Look-ahead: which fields a client selected below a field, aliases and fragments merged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode


class Selection:
    """A tree of field names. @skip and @include are not read: too much is loaded, never less."""

    def __init__(self) -> None:
        self._fields: dict[str, Selection] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def at(self, *names: str) -> Selection:
        """What is selected under this path; empty if the path is not selected."""
        found = self
        for name in names:
            found = found._fields.get(name) or Selection()
        return found

    def read(self, nodes: Iterable[SelectionNode], fragments: dict[str, Any]) -> None:
        for node in nodes:
            if isinstance(node, FieldNode):
                field = self._fields.setdefault(node.name.value, Selection())
                if node.selection_set:
                    field.read(node.selection_set.selections, fragments)
            elif isinstance(node, FragmentSpreadNode):
                self.read(fragments[node.name.value].selection_set.selections, fragments)
            elif isinstance(node, InlineFragmentNode):
                self.read(node.selection_set.selections, fragments)


def selection(info: Any) -> Selection:
    """What is selected under the field being resolved; bounded by the guard of the document."""
    found = Selection()
    raw = info._raw_info  # noqa: SLF001 - strawberry wraps graphql-core's own information
    for node in raw.field_nodes:
        if node.selection_set:
            found.read(node.selection_set.selections, raw.fragments)
    return found
