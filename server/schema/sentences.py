"""The errors of graphql-core in French, for who writes the query.

The values that were sent are left out: the number of a household has no place in a tool's journal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_KINDS: Mapping[str, str] = {
    "Int": "il faut un entier",
    "Float": "il faut un nombre",
    "String": "il faut un texte",
    "Boolean": "il faut true ou false",
    "ID": "il faut un identifiant",
}
_TOKENS: Mapping[str, str] = {
    "<EOF>": "la fin du texte",
    "Name": "un nom",
    "Int": "un entier",
    "Float": "un nombre",
    "String": "un texte",
}
_NAMED = "'([^']*)'"
_SENTENCES: tuple[tuple[str, str], ...] = (
    ("Valeur non reconnue : (.*)", "{0}"),
    ("Syntax Error: Unterminated string", "un texte n'est pas refermé"),
    (f"Enum {_NAMED} cannot represent .*", "il faut une valeur de « {0} », sans guillemets"),
    (f"Cannot query field {_NAMED} on type {_NAMED}", "« {1} » n'a pas de champ « {0} »"),
    (f"Unknown argument {_NAMED} on \\w+ {_NAMED}", "« {1} » n'a pas d'argument « {0} »"),
    (f"Unknown type {_NAMED}", "le type « {0} » n'existe pas"),
    (f"Unknown fragment {_NAMED}", "le fragment « {0} » n'est pas défini"),
    (f"Unknown directive {_NAMED}", "la directive « {0} » n'existe pas"),
    (f"Argument {_NAMED} of type {_NAMED} is required.*", "il manque l'argument « {0} » ({1})"),
    (
        f"Field {_NAMED} of type {_NAMED} must have .*",
        "« {0} » est un objet ({1}), choisissez ses champs entre accolades",
    ),
    (
        f"Field {_NAMED} must not have a selection.*",
        "« {0} » est une valeur simple, retirez ses accolades",
    ),
    (f"Variable {_NAMED} is not defined.*", "la variable « {0} » n'est pas déclarée"),
    (f"Variable {_NAMED} is never used.*", "la variable « {0} » ne sert pas"),
    (f"Fragment {_NAMED} is never used.*", "le fragment « {0} » ne sert pas"),
    (
        f"Variable {_NAMED} of type {_NAMED} used in position expecting type {_NAMED}",
        "la variable « {0} » est du type « {1} », il faut « {2} »",
    ),
    (f"Cannot spread fragment {_NAMED} within itself.*", "le fragment « {0} » se contient"),
    ("Fragment .*cannot be spread here.*", "ce fragment porte sur un type qui n'est pas ici"),
    (
        f"Fields {_NAMED} conflict because.*",
        "« {0} » désigne deux demandes différentes, donnez-leur deux alias",
    ),
    (f"There can be only one .* named {_NAMED}", "« {0} » est donné deux fois"),
    ("This anonymous operation must .*", "une opération sans nom doit être seule"),
    ("The (\\w+) operation is not supported.*", "l'API n'a pas d'opération « {0} »"),
    (f"Value {_NAMED} does not exist in {_NAMED} enum", "« {1} » n'a pas de valeur « {0} »"),
    (
        f"Expected value of type {_NAMED} to include required field {_NAMED}",
        "« {0} » demande le champ « {1} »",
    ),
    (
        f"Expected value of type {_NAMED} not to include unknown field {_NAMED}",
        "« {0} » n'a pas de champ « {1} »",
    ),
    (f"Expected value of type {_NAMED} to be an object", "« {0} » est un objet"),
    (f"Expected a?.*value of non-null type {_NAMED}.*", "il faut une valeur ({0})"),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _SENTENCES)
_OF_VARIABLE = re.compile(r"Variable '(\$\w+)' has invalid value(?: at ([^:]*))?: (.*)", re.DOTALL)
_OF_SYNTAX = re.compile(r"Syntax Error: (?:Expected (.+), found|Unexpected) (.+)\.", re.DOTALL)
_OF_KIND = re.compile(r"(\w+) cannot represent .*", re.DOTALL)
_VALUE = re.compile(r", found: .*|(?<=value): .*", re.DOTALL)


def without_value(detail: str) -> str:
    """What graphql-core says, less the value that it quotes and its full stop."""
    if found := _OF_VARIABLE.fullmatch(detail):
        return f"{detail.removesuffix(found[3])}{without_value(found[3])}"
    return _VALUE.sub("", detail, count=1).rstrip(".")


def in_french(detail: str) -> str | None:
    """The sentence without its full stop; None for an error that is not known here."""
    if found := _OF_SYNTAX.fullmatch(detail):
        return _of_syntax(*found.groups())
    if found := _OF_VARIABLE.fullmatch(detail):
        place, said = f"{found[1]}{found[2] or ''}", in_french(found[3])
        return f"la variable « {place} » ne convient pas, {said}" if said else None
    if found := _OF_KIND.fullmatch(detail):
        return _KINDS.get(found[1])
    return _of_schema(without_value(detail))


def _of_schema(detail: str) -> str | None:
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(detail):
            return words.format(*found.groups())
    return None


def _of_syntax(expected: str | None, found: str) -> str:
    here = _token(found)
    return f"{_token(expected)} est attendu avant {here}" if expected else f"{here} est de trop"


def _token(told: str) -> str:
    """« Name 'hello' » or « '}' » as the query writes it, « Name » alone in French."""
    word = told.rpartition(" ")[2].strip("'\"")
    return _TOKENS.get(told) or f"« {word} »"
