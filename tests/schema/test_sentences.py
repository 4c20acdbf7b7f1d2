"""What the API says of a query that cannot be run: in French, and never with the values sent."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, parse, validate
from graphql.execution.values import get_variable_values

from server.schema import schema
from server.schema.presenting import present
from server.schema.sentences import in_french

SCHEMA = schema._schema
NUD = "074042600000000123"
ACT = """mutation($input: AcceptOrientationInput!) {
  acceptOrientation(input: $input) { errors { code } } }"""

LACKING = "« AcceptOrientationInput » demande le champ « orientationId »"

QUERIES = {
    "{ nope }": "« Query » n'a pas de champ « nope »",
    "{ me }": "« me » est un objet (Me), choisissez ses champs entre accolades",
    "{ me { now { x } } }": "« now » est une valeur simple, retirez ses accolades",
    "{ orientation { id } }": "il manque l'argument « Query.orientation(id:) » (UUID!)",
    "{ orientation(id: 3) { id } }": "un identifiant est un UUID",
    "{ me(z: 1) { now } }": "« Query.me » n'a pas d'argument « z »",
    "query($i: UUID!) { me { now } }": "la variable « $i » ne sert pas",
    "{ orientation(id: $i) { id } }": "la variable « $i » n'est pas déclarée",
    "query($i: Foo) { orientation(id: $i) { id } }": "le type « Foo » n'existe pas",
    "query($i: String) { orientation(id: $i) { id } }":
        "la variable « $i » est du type « String », il faut « UUID! »",
    "{ ...F }": "le fragment « F » n'est pas défini",
    "fragment F on Query { me { now } } { me { now } }": "le fragment « F » ne sert pas",
    "{ ...F } fragment F on Query { ...F }": "le fragment « F » se contient",
    "{ ... on Dwelling { id } }": "ce fragment porte sur un type qui n'est pas ici",
    "{ orientations(states: [bad]) { edges { cursor } } }":
        "« OrientationState » n'a pas de valeur « bad »",
    '{ orientations(states: ["sent"]) { edges { cursor } } }':
        "il faut une valeur de « OrientationState », sans guillemets",
    "mutation { acceptOrientation(input: {x: 1}) { errors { code } } }": LACKING,
    "{ me @foo { now } }": "la directive « @foo » n'existe pas",
    "{ me @include(if: 3) { now } }": "il faut true ou false",
    '{ orientations(first: "a") { edges { cursor } } }': "il faut un entier",
    "{ dwellings(search: 3) { edges { cursor } } }": "il faut un texte",
    "{ a: me { now } a: orientations { edges { cursor } } }":
        "« a » désigne deux demandes différentes, donnez-leur deux alias",
    "query A { me { now } } query A { me { now } }": "« A » est donné deux fois",
    "subscription { me { now } }": "l'API n'a pas d'opération « subscription »",
    "query Q { me { now } } { me { now } }": "une opération sans nom doit être seule",
    "{ me { now": "un nom est attendu avant la fin du texte",
    "{ me { now } } }": "« } » est de trop",
    "hello": "« hello » est de trop",
    '{ me { now } "abc }': "un texte n'est pas refermé",
}  # fmt: skip
VARIABLES: list[tuple[Any, str]] = [
    (None, "la variable « $input » ne convient pas, il faut une valeur (AcceptOrientationInput!)"),
    (NUD, "la variable « $input » ne convient pas, « AcceptOrientationInput » est un objet"),
    ({"nud": NUD}, "la variable « $input » ne convient pas, " + LACKING),
    (
        {"orientationId": NUD},
        "la variable « $input.orientationId » ne convient pas, un identifiant est un UUID",
    ),
]


@pytest.mark.parametrize(("query", "wanted"), QUERIES.items())
def test_a_query_that_cannot_be_run(query: str, wanted: str) -> None:
    try:
        found = validate(SCHEMA, parse(query))
    except GraphQLError as error:
        found = [error]
    (told, *_) = present(found)
    assert told["message"].partition(" : ")[2] == f"{wanted}."


@pytest.mark.parametrize(("value", "wanted"), VARIABLES)
def test_a_variable_of_another_shape(value: Any, wanted: str) -> None:
    act: Any = parse(ACT).definitions[0]
    found: Any = get_variable_values(SCHEMA, act.variable_definitions, {"input": value})
    (told, *_) = present(found)
    assert told["message"] == f"La requête ne suit pas le schéma de l'API : {wanted}."
    assert NUD not in str(told)


def test_what_is_not_known_keeps_the_words_of_the_library() -> None:
    assert in_french("Something new about 'x'.") is None
    (told,) = present([GraphQLError("Something new about 'x'.")])
    assert told["message"].endswith(" : Something new about 'x'.")
