"""How errors leave: in French for those that are ours, masked for those that nobody foresaw."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterable
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from server.errors import PortalError
from server.schema.errors import field_path
from server.schema.sentences import in_french, without_value

logger = structlog.get_logger()

MAX_ERRORS = 5


def incident(error: BaseException) -> dict[str, Any]:
    """Tell the log where it happened, never with what values: they may be of a household."""
    number = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    logger.error(
        "graphql_incident",
        incident=number,
        error=type(error).__name__,
        at=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return {
        "message": f"Une erreur inattendue est survenue (incident {number}).",
        "extensions": {"code": "unexpected", "incident": number},
    }


def refused(code: str, message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _refusals(error: PortalError) -> list[dict[str, Any]]:
    return [
        {
            "message": motif.message,
            "extensions": {"code": motif.code, "field": field_path(motif.field)},
        }
        for motif in error.motifs
    ]


def _cause(error: GraphQLError) -> BaseException | None:
    """What a resolver raised, under the wrappers of graphql-core and strawberry."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _present_one(error: GraphQLError) -> list[dict[str, Any]]:
    cause = _cause(error)
    if isinstance(cause, PortalError):
        told = _refusals(cause)
    elif cause is None or isinstance(cause, GraphQLError):
        told = [_of_the_client(error)]
    else:
        told = [incident(cause)]
    where = {
        "locations": [{"line": one.line, "column": one.column} for one in error.locations or ()],
        "path": error.path,
    }
    return [{**one, **{key: value for key, value in where.items() if value}} for one in told]


def _without_suggestion(message: str) -> str:
    """graphql-core proposes names close to the one typed, of arguments and enumerations too."""
    return message.split(" Did you mean ", maxsplit=1)[0]


def _of_the_client(error: GraphQLError) -> dict[str, Any]:
    """A sentence in French; `detail` keeps the words of graphql-core, without any value."""
    detail = _without_suggestion(error.message)
    if error.extensions:  # one of our limits: a sentence of ours
        return {"message": detail, "extensions": error.extensions}
    if isinstance(error, GraphQLSyntaxError):
        return _technical("graphql_syntax", "La requête n'est pas du GraphQL lisible", detail)
    sentence = "La requête ne suit pas le schéma de l'API"
    return _technical("graphql_validation", sentence, detail)


def _technical(code: str, sentence: str, detail: str) -> dict[str, Any]:
    told = without_value(detail)
    message = f"{sentence} : {in_french(detail) or told}."
    return {"message": message, "extensions": {"code": code, "detail": f"{told}."}}


def present(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The first five, ready for JSON."""
    found: list[dict[str, Any]] = []
    for error in errors:
        found += _present_one(error)
        if len(found) >= MAX_ERRORS:
            break
    return found[:MAX_ERRORS]
