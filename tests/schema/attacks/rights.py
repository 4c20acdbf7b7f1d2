"""Attacks 45 to 54: who may do what, and how often; generated from the schema where it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from graphql import GraphQLInputObjectType, GraphQLNonNull, get_named_type

from server.schema import schema
from tests.operations.play import DOUSSARD, HSH, NUDS
from tests.schema.attacks.arena import JSON, Arena, Failure, expect

KINDS = schema._schema.type_map
QUERY: Any = schema._schema.query_type
MUTATION: Any = schema._schema.mutation_type

# What the server decides; a client that sends it has its call refused.
SERVER_OWNED = (
    "id", "bailleurId", "tenantId", "state", "sentAt", "answerDueAt", "candidatesDueAt",
    "acceptedOn", "acceptanceMode", "rank", "insee", "conventionId", "publishedAt", "decidedBy",
    "registeredAt", "presentedBy", "personName", "createdAt",
)  # fmt: skip
# Where such a word names the row that the act is about, and writes nothing: it is looked for among
# those that the actor may change, as `orientationId` is, and attack 48 plays it on another's row.
NAMES_ITS_ROW = {("moveConvention", "conventionId"), ("publishAnnexe", "id")}
# Nothing of another's is named: a bailleur does it for itself. Who is none is refused all the same.
FOR_ITSELF = {"publishBilan", "startAnnexe", "prepareConvention", "createScenario"}
BY_ANY_RESERVATAIRE = {"declareClosure"}


def needs_id(field: Any) -> str | None:
    """The name of the argument that names a row, if the field has one."""
    return next((name for name, one in field.args.items() if str(one.type) == "UUID!"), None)


def input_of(name: str) -> GraphQLInputObjectType:
    found = get_named_type(MUTATION.fields[name].args["input"].type)
    if not isinstance(found, GraphQLInputObjectType):
        raise Failure(name)
    return found


def filled(kind: GraphQLInputObjectType, ids: dict[str, str]) -> dict[str, Any]:
    """An input with everything that is required, its ids those of rows that exist."""
    return {
        name: _value(name, field.type, ids)
        for name, field in kind.fields.items()
        if isinstance(field.type, GraphQLNonNull) and field.default_value is not None
        and not _has_default(field)
    }  # fmt: skip


def _has_default(field: Any) -> bool:
    return "Undefined" not in repr(field.default_value)


SAMPLES: dict[str, Any] = {
    "String": "Essai",
    "Int": 2026,
    "Date": "2026-05-04",
    "DateTime": "2026-07-15T10:00:00+02:00",
    "Boolean": True,
    "Decimal": "1.0",
}


def _value(name: str, kind: Any, ids: dict[str, str]) -> Any:
    named = get_named_type(kind)
    if str(named) == "UUID":
        known = ids.get(name.removesuffix("Ids").removesuffix("Id"), str(uuid4()))
        return [known] if "[" in str(kind) else known
    if isinstance(named, GraphQLInputObjectType):
        value: Any = filled(named, ids)
    elif hasattr(named, "values"):
        value = next(iter(named.values))
    else:
        value = SAMPLES[str(named)]
    if name == "nud":
        value = NUDS[0]
    return [value] if "[" in str(kind) else value


def acts(arena: Arena) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every mutation with an input about Alice's rows."""
    play = arena.play
    orientation = str(arena.ids["orientation"])
    candidate = play.scalar("select id from candidates limit 1")
    line = play.scalar("select id from annexe_lines where annexe_id = %s", arena.ids["draft"])
    ids = {
        "orientation": orientation,
        "vacancy": str(arena.ids["vacancy"]),
        "session": str(arena.ids["caleolSession"]),
        "urgence": str(play.scalar("select id from urgences where state = 'requested'")),
        "dwelling": str(play.home(number=8)),
        "reservataire": str(play.tenant("doussard")),
        "candidate": str(candidate),
        "annexe": str(arena.ids["draft"]),
        "line": str(line),
        "scenario": str(arena.ids["scenario"]),
        "share": str(
            play.scalar(
                "select id from scenario_shares where scenario_id = %s and revoked_at is null",
                arena.ids["scenario"],
            )
        ),
        "convention": str(arena.ids["convention"]),
        "closure": str(
            play.scalar("select id from closures where tenant_id = %s", play.tenant("doussard"))
        ),
        "id": str(arena.ids["draft"]),  # the draft that is published
    }
    for name in MUTATION.fields:
        kind = input_of(name)
        document = (
            f"mutation($input: {kind.name}!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
        )
        yield name, document, filled(kind, ids)


async def bad_credentials(arena: Arena) -> None:
    world = arena.play.stage.world
    good = world.tokens[0].plain
    arena.play.run("update api_tokens set expires_at = now() where name = %s", world.tokens[1].name)
    unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwOi8vYS5pbnZhbGlkIiwic3ViIjoiYSJ9."
    content = {"query": "{ me { now } }"}
    async with arena.site.anonymous() as client:
        for header in (
            None, "", "Bearer", "Bearer ", f"Bearer {good}x", f"Basic {good}", good,
            f"Bearer {unsigned}", f"Bearer {world.tokens[1].plain}", "Bearer " + "x" * 5000,
        ):  # fmt: skip
            headers = {**JSON} if header is None else {**JSON, "authorization": header}
            client.headers.pop("origin", None)
            answer = await client.post("/graphql", json=content, headers=headers)
            expect((header, answer.status_code), (header, 401))
        headers = {**JSON, "authorization": f"Bearer {good}"}
        expect((await client.post("/graphql", json=content, headers=headers)).status_code, 200)
    arena.api.actors["bare"] = replace(arena.play.actor("hsh machine"), scopes=frozenset())
    expect(await arena.codes("{ dwellings { id } }", "bare"), ["scope_missing"])


async def every_id_of_another(arena: Arena) -> None:
    others = [*arena.ids.values(), arena.play.home(), arena.play.tenant(HSH)]
    for name, field in QUERY.fields.items():
        argument = needs_id(field)
        if argument is None:
            continue
        query = f"query($id: UUID!) {{ {name}({argument}: $id) {{ __typename }} }}"
        for row_id in others:
            expect((name, await arena.codes(query, "denis", id=str(row_id))), (name, ["not_found"]))
        for malformed in ("", "x", 3, "' or 1=1 --", [str(others[0])], None):
            expect(await arena.codes(query, "denis", id=malformed), ["graphql_validation"])


NESTED = """{
  orientations { edges { node { dwelling { address } candidates { nud } decisions { reasonText }
    timeline { personName } } } }
  caleolSessions { edges { node { items { candidates { nud } orientation { candidates { nud }
    timeline { reason } } } invitations { tenantName } } } }
  urgences { edges { node { dwellingLabel title } } }
  notifications { edges { node { bodyText } } } }"""


async def nested_edges(arena: Arena) -> None:
    """Strangers follow every edge: not one of Alice's households, dwellings, acts comes out."""
    reference = arena.play.scalar("select address from dwellings where id = %s", arena.play.home())
    secrets = (*NUDS, "Incendie rue du Lac", reference)
    for who in ("denis", "karine"):
        answer = await arena.send({"query": NESTED}, who)
        expect(answer.json().get("errors"), None)
        expect((who, [one for one in secrets if one in answer.text]), (who, []))
    text = (await arena.send({"query": NESTED}, "alice")).text
    expect([one for one in secrets[:3] if one not in text], [])


def strangers_to(act: str) -> tuple[str, ...]:
    if act in FOR_ITSELF:
        return ("karine",)
    return ("denis",) if act in BY_ANY_RESERVATAIRE else ("denis", "karine")


async def acts_of_another(arena: Arena) -> None:
    """Every mutation, on Alice's rows, by another bailleur and another réservataire."""
    for name, document, command in acts(arena):
        for who in strangers_to(name):
            async with arena.unchanged():
                codes = await arena.codes(document, who, input=command)
                if not codes or not set(codes) <= {"not_found", "forbidden"}:
                    raise Failure(f"{name} by {who}: {codes}")


async def oracles(arena: Arena) -> None:
    """A filter or a cursor about Alice's rows says to Denis what one about nothing says."""
    play = arena.play
    own = {
        "reservataireId": str(play.tenant("doussard")),
        "bailleurId": str(play.tenant(HSH)),
        "vacancyId": str(arena.ids["vacancy"]),
        "dwellingId": str(play.home()),
    }
    for argument, value in own.items():
        query = (
            f"query($v: UUID!) {{ orientations({argument}: $v)"
            " { edges { cursor } pageInfo { hasNextPage endCursor } } }"
        )
        bodies = [await arena.data(query, "denis", v=one) for one in (value, str(uuid4()))]
        expect((argument, bodies[0]), (argument, bodies[1]))
    page = await arena.data("{ orientations(first: 1) { edges { cursor } } }", "alice")
    cursor = page["orientations"]["edges"][0]["cursor"]
    query = "query($c: String) { orientations(after: $c) { edges { cursor } } }"
    expect((await arena.data(query, "denis", c=cursor))["orientations"]["edges"], [])
    query = "query($i: String) { dwellings(insee: $i) { bailleurId } }"
    found = (await arena.data(query, "denis", i=DOUSSARD))["dwellings"]
    expect(str(play.tenant(HSH)) in str(found), False)


async def reserved_fields(arena: Arena) -> None:
    orientation_id = str(arena.ids["orientation"])
    query = "query($id: UUID!) { orientation(id: $id) { departureMotif advice { year } } }"
    owner = (await arena.data(query, "alice", id=orientation_id))["orientation"]
    expect(owner["departureMotif"], "Choix pour l'essai")
    expect(owner["advice"] is not None, True)
    for who in ("chloe", "estelle"):
        other = (await arena.data(query, who, id=orientation_id))["orientation"]
        expect((who, other), (who, {"departureMotif": None, "advice": None}))
    for who in ("chloe", "farid"):
        expect(await arena.codes("{ vacancies { edges { cursor } } }", who), ["forbidden"])
    expect(await arena.codes("{ orientations { edges { cursor } } }", "farid"), ["forbidden"])


async def prefecture_reads(arena: Arena) -> None:
    """It writes its decisions on urgences, and nothing else."""
    for name, document, command in acts(arena):
        if name == "decideUrgentAllocation":
            continue
        async with arena.unchanged():
            codes = await arena.codes(document, "estelle", input=command)
            expect((name, codes), (name, ["forbidden"]))


async def replayed_key(arena: Arena) -> None:
    vacancy_id = await arena.play.vacancy(arena.play.home(number=9))
    command = {"vacancyId": str(vacancy_id), "nature": "mutation", "reason": "Essai"}
    query = "mutation($i: KeepVacancyInput!) { keepVacancy(input: $i) { vacancy { id } } }"
    content = {"query": query, "variables": {"i": command}}
    first = await arena.send(content, idempotency_key="attaque")
    async with arena.unchanged():
        second = await arena.send(content, idempotency_key="attaque")
        expect(second.content, first.content)
        expect(second.headers.get("idempotency-replayed"), "true")
        other = {"query": query, "variables": {"i": {**command, "reason": "Autre"}}}
        answer = await arena.send(other, idempotency_key="attaque")
        await arena.told(answer, 409, "idempotency_conflict")


ANSWER = "mutation($i: %s!) { %s(input: $i) { orientation { state } errors { code } } }"


async def answers_at_once(arena: Arena) -> None:
    """Two answers together: one is done. An answer at the deadline: the silence has answered."""
    play = arena.play
    orientation_id = await play.offer(home=play.home(number=10))
    command = {"orientationId": str(orientation_id)}
    accept = ANSWER % ("AcceptOrientationInput", "acceptOrientation")
    refuse = ANSWER % ("RefuseOrientationInput", "refuseOrientation")
    codes = await asyncio.gather(
        *(arena.codes(query, "chloe", i=command) for query in (accept, refuse, refuse, accept))
    )
    expect(sum(not one for one in codes), 1)
    late = await play.offer(home=play.home(number=11))
    due_at = play.scalar("select answer_due_at from orientations where id = %s", late)
    now = play.now
    arena.api.set_clock(due_at + timedelta(seconds=1))
    codes_late = await arena.codes(refuse, "chloe", i={"orientationId": str(late)})
    arena.api.set_clock(now)
    expect(bool(codes_late), True)
    expect(play.state(late) == "refused", False)


async def server_owned_fields(arena: Arena) -> None:
    for name, _document, command in acts(arena):
        kind = input_of(name)
        for owned in SERVER_OWNED:
            if owned in kind.fields and (name, owned) not in NAMES_ITS_ROW:
                raise Failure(f"{name} lets a client write {owned}")
            document = f"mutation($i: {kind.name}!) {{ {name}(input: $i) {{ errors {{ code }} }} }}"
            if owned in kind.fields:
                continue
            async with arena.unchanged():
                codes = await arena.codes(document, "alice", i={**command, owned: "x"})
                expect((name, owned, codes[:1]), (name, owned, ["graphql_validation"]))
