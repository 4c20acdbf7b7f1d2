"""The door of the API: one POST of JSON, one known actor, one answer in JSON."""

from __future__ import annotations

import asyncio
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

from server.errors import PortalError, TooMany
from server.logs import note, security
from server.schema.context import Context
from server.schema.cost import REFUSED_COST
from server.schema.definition import reader, schema
from server.schema.documents import Document, Refused
from server.schema.guard import UNSTORABLE, is_storable
from server.schema.presenting import incident, present, refused
from server.schema.repeats import REPLAYED, act_once, key_of
from server.tenants.actors import Actor
from server.tenants.metering import Budget, Charge, Meter, OverBudget, Turnstile
from server.tenants.transactions import Database

Authenticate = Callable[[Request], Awaitable[Actor | None]]

MAX_BODY = 256_000
BODY_SECONDS = 10
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


@dataclass(kw_only=True)
class Call:
    """What is known of a call as it goes, for the headers of its answer and for the log."""

    actor: Actor
    charge: Charge | None = None
    cost: int = REFUSED_COST
    roots: tuple[str, ...] = ()
    is_replayed: bool = False


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
    """The body, abandoned as soon as it is too long, or too slow to come."""
    too_large = RequestError(
        413, "body_too_large", f"La requête dépasse {MAX_BODY // 1000} kilo-octets."
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise too_large
    except TimeoutError:
        raise RequestError(408, "body_too_slow", "La requête n'arrive pas assez vite.") from None
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


async def _execute(asked: Asked, context: Context) -> dict[str, Any]:
    """A request that was not executed has errors, and no data."""
    result = await _result(asked, context)
    content: dict[str, Any] = {}
    if result.errors:
        content["errors"] = present(result.errors)
    if result.data is not None or not result.errors:
        content["data"] = result.data
    return content


async def _result(asked: Asked, context: Context) -> ExecutionResult:
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


def _respond(request: Request, content: dict[str, Any]) -> Response:
    """The status of a request that was not executed follows the type that the client reads.

    GraphQL over HTTP: 200 in application/json, 400 in application/graphql-response+json.
    """
    media_type = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON
    is_refused = "data" not in content and media_type == GRAPHQL_JSON
    return _answer(content, 400 if is_refused else 200, media_type)


def _refusal(error: RequestError | PortalError) -> Response:
    response = _answer({"errors": [refused(error.code, error.message)]}, error.status)
    if isinstance(error, TooMany):
        security("limit_hit", code=error.code)
        response.headers["retry-after"] = str(error.retry_after)
    if isinstance(error, OverBudget):
        response.headers.update(error.charge.headers)
    return response


class GraphQLApp:
    """ASGI application of the API; `authenticate` says who sends the request, or None."""

    def __init__(self, database: Database, authenticate: Authenticate, budget: Budget) -> None:
        self._database = database
        self._authenticate = authenticate
        self._meter = Meter(database, budget)
        self._turnstile = Turnstile(budget)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # refused before any exchange
            return
        request = Request(scope, receive)
        response = await self._answer_safely(request)
        await response(scope, receive, send)

    async def _answer_safely(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except (RequestError, PortalError) as error:
            note(decision=error.code)
            return _refusal(error)
        except Exception as error:  # noqa: BLE001 - the last resort: an incident number, no detail
            return _answer({"errors": [incident(error)]}, 500)

    async def _handle(self, request: Request) -> Response:
        _check_head(request)
        actor = await self._authenticate(request)
        if actor is None:
            raise RequestError(
                401, "authentication_required", "Connectez-vous, ou présentez un jeton valide."
            )
        note(person=actor.client, tenant=str(actor.tenant_id))
        _check_type(request)
        asked = _asked(await _body(request))
        key = key_of(request)
        call = Call(actor=actor)
        async with self._turnstile.enter(actor.tenant_id):
            content = await self._perform(asked, call, key)
        response = _respond(request, content)
        response.headers.update(call.charge.headers if call.charge else {})
        if call.is_replayed:
            response.headers[REPLAYED] = "true"
        return response

    async def _perform(self, asked: Asked, call: Call, key: str | None) -> dict[str, Any]:
        """Read, charge, execute: what cannot be read is charged too, what cannot pay is not run."""
        try:
            document = reader.read(asked.query, asked.variables)
        except Refused as refusal:
            call.charge = await self._meter.charge(call.actor, call.cost)
            content = {"errors": present([refusal.error])}
            note(cost=call.cost, decision=content["errors"][0]["extensions"]["code"])
            return content
        call.cost, call.roots = document.cost, document.roots
        note(cost=call.cost, operation=" ".join(call.roots))
        call.charge = await self._meter.charge(call.actor, call.cost)
        return await self._run(asked, call, document, key)

    async def _run(
        self, asked: Asked, call: Call, document: Document, key: str | None
    ) -> dict[str, Any]:
        context = Context(
            database=self._database,
            actor=call.actor,
            document=document.node,
            charge=call.charge,
        )

        async def execute() -> dict[str, Any]:
            return await _execute(asked, context)

        if key is None or not document.is_act:
            content = await execute()
        else:
            named = (asked.query, asked.variables, asked.operation_name)
            content, call.is_replayed = await act_once(context, key, named, execute)
        note(decision=_decision(content))
        return content


def _decision(content: dict[str, Any]) -> str:
    """For the log: done, or the code of the first error, in the answer or in its payload."""
    errors = list(content.get("errors", ()))
    if errors:
        return str(errors[0]["extensions"]["code"])
    payloads = (content.get("data") or {}).values()
    refusals = [one for found in payloads if isinstance(found, dict) for one in _told(found)]
    return str(refusals[0]) if refusals else "done"


def _told(payload: dict[str, Any]) -> list[str]:
    errors = payload.get("errors")
    return [one.get("code", "refused") for one in errors] if isinstance(errors, list) else []


def graphql_app(
    database: Database, authenticate: Authenticate, budget: Budget | None = None
) -> GraphQLApp:
    return GraphQLApp(database, authenticate, budget or Budget())
