"""What a document may ask, measured before validation in one pass, fragments counted once.

The limiters that walk a fragment at each of its uses double their work at each level: here every
fragment is measured once and its measure is reused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    StringValueNode,
)

from server.errors import Motif

MAX_TOKENS = 1000
MAX_MUTATIONS = 1

LIMITS = {
    "operations": (1, "too_many_operations", "une opération"),
    "fragments": (30, "too_many_fragments", "30 fragments"),
    "fields": (300, "too_many_fields", "300 champs"),
    "aliases": (15, "too_many_aliases", "15 alias"),
    "directives": (5, "too_many_directives", "5 directives"),
    "depth": (8, "too_deep", "8 niveaux"),
    "introspection": (16, "too_deep", "16 niveaux d'introspection"),
}
"""Of what, at most how many, the code and the words of the refusal."""

_FORBIDDEN_SIGN = "\x00"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """The size of a selection, fragments expanded; `introspection` is the depth under `__schema`
    and `__type`, which graphql-core bounds in its own way.
    """

    fields: int = 0
    roots: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    introspection: int = 0

    def __add__(self, other: Measure) -> Measure:
        return Measure(
            fields=self.fields + other.fields,
            roots=self.roots + other.roots,
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
            depth=max(self.depth, other.depth),
            introspection=max(self.introspection, other.introspection),
        )


NOTHING = Measure()


class _Meter:
    """Measures the selections of one document."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Measure] = {}

    def selections(self, nodes: Iterable[SelectionNode]) -> Measure:
        total = NOTHING
        for node in nodes:
            total += self._selection(node)
        return total

    def _selection(self, node: SelectionNode) -> Measure:
        directives = Measure(directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            return directives + self._field(node)
        if isinstance(node, FragmentSpreadNode):
            return directives + self._fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return directives + self.selections(node.selection_set.selections)
        return directives

    def _field(self, node: FieldNode) -> Measure:
        below = self.selections(node.selection_set.selections) if node.selection_set else NOTHING
        is_introspection = node.name.value.startswith("__")
        return Measure(
            fields=below.fields + 1,
            roots=1,
            aliases=below.aliases + (node.alias is not None),
            directives=below.directives,
            depth=1 if is_introspection else below.depth + 1,
            introspection=max(below.introspection, below.depth) + is_introspection,
        )

    def _fragment(self, name: str) -> Measure:
        """Zero while it is being measured and when unknown: validation refuses both."""
        if name not in self._known:
            self._known[name] = NOTHING
            found = self._fragments.get(name)
            if found is not None:
                self._known[name] = self.selections(found.selection_set.selections)
        return self._known[name]


def _strings(node: Node) -> Iterator[str]:
    """Every string literal of the document."""
    waiting: list[Node] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, StringValueNode):
            yield one.value
        for key in one.keys:
            value = getattr(one, key, None)
            if isinstance(value, Node):
                waiting.append(value)
            elif isinstance(value, list | tuple):
                waiting.extend(item for item in value if isinstance(item, Node))


def is_storable(text: str) -> bool:
    """PostgreSQL holds neither NUL nor a lone surrogate."""
    return _FORBIDDEN_SIGN not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def check_document(document: DocumentNode) -> Motif | None:
    """The first limit that the document passes, if any."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
    counts = (("operations", len(operations)), ("fragments", len(fragments)))
    motif = _over(counts)
    if motif is not None:
        return motif
    try:
        return _check_sizes(operations, fragments) or _check_strings(document)
    except RecursionError:
        return _motif("depth")


def _check_sizes(
    operations: list[OperationDefinitionNode], fragments: list[FragmentDefinitionNode]
) -> Motif | None:
    meter = _Meter({one.name.value: one for one in fragments})
    total = NOTHING
    for one in operations:
        measured = meter.selections(one.selection_set.selections)
        if one.operation is OperationType.MUTATION and measured.roots > MAX_MUTATIONS:
            return ONE_MUTATION
        total += measured
    unread = sum(len(one.directives or ()) for one in (*operations, *fragments))
    return _over(
        (
            ("fields", total.fields),
            ("aliases", total.aliases),
            ("directives", total.directives + unread),
            ("depth", total.depth),
            ("introspection", total.introspection),
        )
    )


def _check_strings(document: DocumentNode) -> Motif | None:
    return None if all(map(is_storable, _strings(document))) else UNSTORABLE


def _over(counts: Iterable[tuple[str, int]]) -> Motif | None:
    return next((_motif(name) for name, found in counts if found > LIMITS[name][0]), None)


def _motif(name: str) -> Motif:
    _, code, words = LIMITS[name]
    return Motif(code=code, message=f"Requête trop lourde : au plus {words}.")


ONE_MUTATION = Motif(
    code="one_mutation",
    message="Une requête ne porte qu'un acte : envoyez un acte par requête.",
)
UNSTORABLE = Motif(
    code="text_invalid",
    message="Un texte contient un caractère que le portail ne peut pas enregistrer.",
)
