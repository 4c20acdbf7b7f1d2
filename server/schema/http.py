"""The door of the API: one POST of JSON, one known actor, one answer in JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from server.errors import PortalError
from server.schema.context import Context
from server.schema.definition import schema
from server.schema.guard import UNSTORABLE, is_storable
from server.schema.presenting import incident, present, refused
from server.tenants.actors import Actor
from server.tenants.transactions import Database

Authenticate = Callable[[Request], Awaitable[Actor | None]]

MAX_BODY = 256_000
MAX_LIST = 100
"""Items of a list in the variables: no act of the portal is about more things at once."""

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
OPERATIONS = (OperationType.QUERY, OperationType.MUTATION)


class RequestError(Exception):
    """A request that is not one of the API; nothing is executed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A well-formed request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def _answer(content: dict[str, Any], status: int = 200, media_type: str = JSON) -> Response:
    headers = {"cache-control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "POST"
    return Response(orjson.dumps(content), status, headers, media_type)


def _check_head(request: Request) -> None:
    if request.method != "POST":
        raise RequestError(
            405, "method_not_allowed", "L'API se lit par POST, en JSON : aucune autre méthode."
        )


def _check_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != JSON:
        raise RequestError(
            415, "content_type_invalid", f"Envoyez la requête en {JSON}, et rien d'autre."
        )


async def _body(request: Request) -> bytes:
    """The body, abandoned as soon as it is too long."""
    too_large = RequestError(
        413, "body_too_large", f"La requête dépasse {MAX_BODY // 1000} kilo-octets."
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise too_large
    return bytes(body)


def _malformed(message: str) -> RequestError:
    return RequestError(400, "request_malformed", message)


def _asked(body: bytes) -> Asked:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _malformed("Le corps de la requête n'est pas du JSON lisible.") from None
    if not isinstance(content, dict):
        raise _malformed("Le corps de la requête doit être un objet JSON, un seul.")
    query, variables = content.get("query"), content.get("variables")
    name = content.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise _malformed("Le champ « query » doit contenir le texte de la requête.")
    if variables is not None and not isinstance(variables, dict):
        raise _malformed("Le champ « variables » doit être un objet.")
    if name is not None and not isinstance(name, str):
        raise _malformed("Le champ « operationName » doit être un texte.")
    _check_values([query, variables])
    return Asked(query=query, variables=variables, operation_name=name or None)


def _check_values(values: list[Any]) -> None:
    """Texts that PostgreSQL can hold, lists of a human size; without recursion."""
    waiting = list(values)
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and not is_storable(one):
            raise RequestError(400, UNSTORABLE.code, UNSTORABLE.message)
        if isinstance(one, list):
            if len(one) > MAX_LIST:
                message = f"Une liste compte au plus {MAX_LIST} éléments."
                raise RequestError(400, "list_too_long", message)
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()


async def _execute(asked: Asked, context: Context) -> ExecutionResult:
    try:
        return await schema.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            allowed_operation_types=OPERATIONS,
        )
    except CannotGetOperationTypeError:
        raise RequestError(
            400, "operation_unknown", "La requête ne contient pas l'opération demandée."
        ) from None
    except InvalidOperationTypeError:
        raise RequestError(
            400,
            "operation_not_allowed",
            "L'API accepte des lectures (query) et des actes (mutation).",
        ) from None


def _result(request: Request, result: ExecutionResult) -> Response:
    """A request that was not executed has no data; its status follows the type the client reads.

    GraphQL over HTTP: 200 in application/json, 400 in application/graphql-response+json.
    """
    media_type = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON
    content: dict[str, Any] = {}
    if result.errors:
        content["errors"] = present(result.errors)
    if result.data is not None or not result.errors:
        content["data"] = result.data
    is_refused = "data" not in content and media_type == GRAPHQL_JSON
    return _answer(content, 400 if is_refused else 200, media_type)


class GraphQLApp:
    """ASGI application of the API; `authenticate` says who sends the request, or None."""

    def __init__(self, database: Database, authenticate: Authenticate) -> None:
        self._database = database
        self._authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # refused before any exchange
            return
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except RequestError as error:
            return _answer({"errors": [refused(error.code, error.message)]}, error.status)
        except PortalError as error:
            return _answer({"errors": [refused(error.code, error.message)]}, error.status)
        except Exception as error:  # noqa: BLE001 - the last resort: an incident number, no detail
            return _answer({"errors": [incident(error)]}, 500)

    async def _handle(self, request: Request) -> Response:
        _check_head(request)
        actor = await self._authenticate(request)
        if actor is None:
            raise RequestError(
                401, "authentication_required", "Connectez-vous, ou présentez un jeton valide."
            )
        _check_type(request)
        asked = _asked(await _body(request))
        context = Context(database=self._database, actor=actor)
        return _result(request, await _execute(asked, context))


def graphql_app(database: Database, authenticate: Authenticate) -> GraphQLApp:
    return GraphQLApp(database, authenticate)
