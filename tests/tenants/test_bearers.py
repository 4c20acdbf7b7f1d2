"""Machines at the door of the API: whom a bearer acts for, when it is refused, what is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import structlog
from joserfc import jwt

from server.app import create_app
from server.domain.machines import LONGEST
from server.errors import Conflict, Forbidden, Invalid, NotFound, ScopeMissing
from server.operations import machines, orientations
from server.operations.machines import MakeClient, MakeToken
from server.pages.visits import session_cookie
from server.settings import MachineIssuer
from server.tenants.bearers import ATTACHMENT_HEADER, Bearers
from server.tenants.permissions import Permission, require
from server.tenants.sessions import open_session
from tests.operations.play import Play
from tests.pages.browsers import ORIGIN, settings_of
from tests.tenants.issuers import Issuer, served
from tests.worlds import Stage

HERE = "192.0.2.7"
ME = "{ me { organisme { name } role } }"
CLIENT = "logiciel-metier"


def token(**changed: Any) -> MakeToken:
    today = datetime.now(UTC).date()
    values: dict[str, Any] = {
        "name": "Logiciel d'essai",
        "scopes": frozenset({"orientations:lire", "flux:lire"}),
        "last_day": today + timedelta(days=200),
        **changed,
    }
    return MakeToken(**values)


def client(issuer: str, **changed: Any) -> MakeClient:
    return MakeClient(**{**vars(token()), "issuer": issuer, "client_id": CLIENT, **changed})


async def make(play: Play, command: MakeToken, who: str = "alice") -> machines.Made:
    return await play.does(who, lambda tx: machines.make_token(tx, command))


class Api:
    """The whole application, called by tools from an address of theirs."""

    def __init__(self, stage: Stage, issuer: MachineIssuer | None = None) -> None:
        self.settings = replace(settings_of(stage.database), machine_issuer=issuer)
        self.app = create_app(self.settings)

    async def post(
        self, bearer: str | None, query: str = ME, *, address: str = HERE, **headers: str
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app, client=(address, 40_000))
        known = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as sender:
            return await sender.post(
                "/graphql", json={"query": query}, headers={**known, **headers}
            )

    async def close(self) -> None:
        await self.app.state.database.close()


@pytest.fixture
async def api(world: Stage) -> AsyncIterator[Api]:
    opened = Api(world)
    yield opened
    await opened.close()


# --- Tokens of the portal -----------------------------------------------------------------------


async def test_a_token_acts_for_its_organisme_with_its_scopes_only(api: Api, play: Play) -> None:
    made = await make(play, token())
    answer = await api.post(made.secret)
    assert answer.status_code == 200
    assert answer.json()["data"]["me"] == {
        "organisme": {"name": "Haute-Savoie Habitat"},
        "role": "machine",
    }
    read = await api.post(made.secret, "{ orientations { edges { node { id } } } }")
    assert "errors" not in read.json()
    refused = (await api.post(made.secret, "{ bilans { id } }")).json()["errors"][0]
    assert refused["extensions"]["code"] == "scope_missing"
    assert "« bilans:lire »" in refused["message"]


async def test_a_token_without_the_scope_changes_nothing(play: Play) -> None:
    """« orientations:lire » reads offers, and neither answers nor withdraws them."""
    orientation_id = await play.offer()
    made = await make(play, token())
    bearers = Bearers(database=play.stage.app)
    caller = await bearers.find(made.secret, address=HERE)
    assert caller is not None
    await play.reads(caller.actor, lambda tx: orientations.get(tx, orientation_id))
    error = await play.is_refused(
        caller.actor,
        lambda tx: orientations.withdraw(tx, orientation_id, reason="Essai"),
        ScopeMissing,
        "scope_missing",
    )
    assert "« orientations:agir »" in error.message


async def test_scopes_never_widen_the_organisme(world: Stage) -> None:
    """A machine with every scope may do what its organisme's agents may, and nothing else."""
    doussard = world.world.machine("doussard")
    require(doussard, Permission.ORIENTATION_ANSWER)
    for permission in (Permission.ORIENTATION_SEND, Permission.URGENCE_DECIDE):
        with pytest.raises(Forbidden) as caught:
            require(doussard, permission)
        assert not isinstance(caught.value, ScopeMissing)
    require(world.world.actor("alice"), Permission.MACHINES_MANAGE)
    with pytest.raises(Forbidden):
        require(world.world.machine("haute-savoie-habitat"), Permission.MACHINES_MANAGE)
    nothing = replace(doussard, scopes=None)
    with pytest.raises(ScopeMissing):
        require(nothing, Permission.FLUX_READ)


REFUSED = {
    "unknown": "pdf_inconnu",
    "a word": "jeton",
    "empty": "",
    "too long": "pdf_" + "x" * 5_000,
    "a JWT without issuer": "e30.e30.e30",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_every_refusal_is_the_same_answer(api: Api, name: str) -> None:
    """No oracle: nothing tells an expired token from one that never was."""
    nobody = await api.post(None)
    answer = await api.post(REFUSED[name])
    assert (answer.status_code, answer.content) == (401, nobody.content)
    assert answer.headers["www-authenticate"] == nobody.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ("update api_tokens set expires_at = now()", "access_expired"),
        ("update api_tokens set revoked_at = now()", "access_revoked"),
        ("update api_tokens set networks = '{198.51.100.0/24}'", "network_refused"),
    ],
)
async def test_a_known_token_is_refused_at_the_next_call_and_its_organisme_sees_it(
    api: Api, play: Play, change: Any, outcome: str
) -> None:
    made = await make(play, token())
    assert (await api.post(made.secret)).status_code == 200
    play.run(change)
    with structlog.testing.capture_logs() as logs:
        answer = await api.post(made.secret)
    assert (answer.status_code, answer.content) == (401, (await api.post(None)).content)
    told = [one for one in logs if one["event"] == "security.token_refused"]
    assert [one["reason"] for one in told] == [outcome]
    assert made.secret not in str(logs)
    assert play.rows("select operation, outcome, call_count from api_calls order by last_at") == [
        ("me", "ok", 1),
        ("", outcome, 1),
    ]


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        (("192.0.2.0/24",), "192.0.2.200", 200),
        (("192.0.2.0/24",), "192.0.3.1", 401),
        (("192.0.2.7",), "192.0.2.7", 200),
        (("192.0.2.0/24",), "::ffff:192.0.2.7", 200),
        (("2001:db8::/48",), "2001:db8::5", 200),
        (("2001:db8::/48",), "192.0.2.7", 401),
        (("192.0.2.0/24", "2001:db8::/48"), "2001:db8:1::5", 401),
        (("192.0.2.0/24",), "testclient", 401),
        ((), "testclient", 200),
    ],
)
async def test_a_token_is_accepted_from_its_networks(
    api: Api, play: Play, networks: tuple[str, ...], address: str, expected: int
) -> None:
    made = await make(play, token(networks=networks))
    assert (await api.post(made.secret, address=address)).status_code == expected


async def test_a_session_and_a_token_together_are_a_confusion(
    api: Api, world: Stage, play: Play
) -> None:
    """Attack 7 of security.md: nobody can tell who calls, so nothing is done."""
    made = await make(play, token())
    secret = await open_session(
        world.app, person_id=world.world.people["alice"].id, id_token="", user_agent="essai"
    )
    cookie = f"{session_cookie(api.settings)}={secret}"
    answer = await api.post(made.secret, cookie=cookie, origin=ORIGIN)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "credentials_ambiguous"


async def test_last_use_is_remembered_once_a_minute(api: Api, play: Play) -> None:
    made = await make(play, token())
    last: Any = "select last_used_at from api_tokens where name = 'Logiciel d''essai'"
    assert play.scalar(last) is None
    await api.post(made.secret)
    first = play.scalar(last)
    assert first is not None
    await api.post(made.secret)
    assert play.scalar(last) == first
    play.run("update api_tokens set last_used_at = last_used_at - interval '2 minutes'")
    await api.post(made.secret)
    assert play.scalar(last) > first


async def test_calls_are_counted_without_what_was_said(api: Api, play: Play) -> None:
    made = await make(play, token())
    nud = "074042600000000123"
    await api.post(made.secret, f"query n{nud} {{ a: me {{ role }} }}")
    await api.post(made.secret, ME)
    await api.post(made.secret, f'{{ orientation(id: "{nud}") {{ id }} }}')
    await api.post(made.secret, "{ bilans { id } }")
    await api.post(made.secret, "{")
    rows = play.rows(
        "select operation, outcome, call_count, caller_name, day from api_calls"
        " order by operation, outcome"
    )
    counted = {(operation, outcome): number for operation, outcome, number, _, _ in rows}
    assert counted[("me", "ok")] == 2
    assert counted[("bilans", "scope_missing")] == 1
    assert counted[("", "graphql_syntax")] == 1
    assert sum(counted.values()) == 5
    assert nud not in str(rows)


async def test_a_tool_reads_what_it_was_given(api: Api, play: Play) -> None:
    made = await make(play, token(networks=("192.0.2.0/24",)))
    query = "{ machine { name kind scopes networks expiresAt pointsLimit pointsLeft } }"
    found = (await api.post(made.secret, query)).json()["data"]["machine"]
    assert found["name"] == "Logiciel d'essai"
    assert found["kind"] == "token"
    assert found["scopes"] == ["flux:lire", "orientations:lire"]
    assert found["networks"] == ["192.0.2.0/24"]
    assert 0 < found["pointsLeft"] < found["pointsLimit"]


# --- Clients of the issuer ----------------------------------------------------------------------


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with served() as opened:
        opened.add("k1")
        yield opened


@pytest.fixture
async def with_issuer(world: Stage, issuer: Issuer) -> AsyncIterator[Api]:
    opened = Api(world, MachineIssuer(issuer=issuer.address, audience=ORIGIN))
    yield opened
    await opened.close()


def signed(issuer: Issuer, client_id: str = CLIENT) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": issuer.address,
        "aud": ORIGIN,
        "sub": client_id,
        "client_id": client_id,
        "scope": "portail",
        "jti": "un",
        "iat": now,
        "exp": now + 300,
        # what an administrator of the issuer might add: the portal does not read it
        "tenant": "leman-habitat",
        "scopes": ["bilans:agir"],
    }
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
    return jwt.encode(header, claims, issuer.keys["k1"], algorithms=["ES256"])


async def test_a_client_acts_once_it_has_presented_its_code(
    with_issuer: Api, issuer: Issuer, play: Play
) -> None:
    """Our table says for which organisme; a claim of the token never does."""
    bearer = signed(issuer)
    assert (await with_issuer.post(bearer)).status_code == 401
    made = await play.does("alice", lambda tx: machines.make_client(tx, client(issuer.address)))
    assert (await with_issuer.post(bearer)).status_code == 401
    wrong = await with_issuer.post(bearer, **{ATTACHMENT_HEADER: "rat_autre"})
    assert wrong.status_code == 401
    first = await with_issuer.post(bearer, **{ATTACHMENT_HEADER: made.secret})
    assert first.json()["data"]["me"]["organisme"]["name"] == "Haute-Savoie Habitat"
    assert (await with_issuer.post(bearer)).status_code == 200
    refused = (await with_issuer.post(bearer, "{ bilans { id } }")).json()["errors"][0]
    assert refused["extensions"]["code"] == "scope_missing"
    await play.does("alice", lambda tx: machines.revoke(tx, made.machine.id))
    assert (await with_issuer.post(bearer)).status_code == 401
    again = await with_issuer.post(bearer, **{ATTACHMENT_HEADER: made.secret})
    assert again.status_code == 401


async def test_naming_another_s_client_takes_nothing_from_it(
    with_issuer: Api, issuer: Issuer, play: Play
) -> None:
    """Denis may name the client of Alice's tool: without its key and his code, nothing happens."""
    mine = await play.does("alice", lambda tx: machines.make_client(tx, client(issuer.address)))
    theirs = await play.does("denis", lambda tx: machines.make_client(tx, client(issuer.address)))
    await with_issuer.post(signed(issuer), **{ATTACHMENT_HEADER: mine.secret})
    for header in ({}, {ATTACHMENT_HEADER: theirs.secret}):
        answer = await with_issuer.post(signed(issuer), **header)
        assert answer.json()["data"]["me"]["organisme"]["name"] == "Haute-Savoie Habitat"
    other = await with_issuer.post(signed(issuer, "autre"), **{ATTACHMENT_HEADER: theirs.secret})
    assert other.status_code == 401
    # once Alice has ended hers, whoever holds the client's key may bind it elsewhere
    await play.does("alice", lambda tx: machines.revoke(tx, mine.machine.id))
    moved = await with_issuer.post(signed(issuer), **{ATTACHMENT_HEADER: theirs.secret})
    assert moved.json()["data"]["me"]["organisme"]["name"] == "Léman Habitat"


# --- Who makes and ends them --------------------------------------------------------------------


async def test_only_the_responsable_makes_and_ends_an_access(play: Play) -> None:
    made = await make(play, token())
    agent = play.stage.world.actor("leo", tenant="ccas-publier")
    for who in ("bruno", agent, "hsh machine"):
        await play.is_refused(who, lambda tx: machines.make_token(tx, token()), Forbidden)
        await play.is_refused(who, lambda tx: machines.revoke(tx, made.machine.id), Forbidden)
    for who in ("denis", "chloe", "karine", "farid", "estelle"):
        await play.is_refused(who, lambda tx: machines.revoke(tx, made.machine.id), NotFound)
    await play.does("alice", lambda tx: machines.revoke(tx, made.machine.id))
    await play.is_refused(
        "alice", lambda tx: machines.revoke(tx, made.machine.id), Conflict, "already_revoked"
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": ""}, "name_required"),
        ({"name": "x" * 81}, "name_required"),
        ({"scopes": frozenset()}, "scope_required"),
        ({"scopes": frozenset({"tout:faire"})}, "scope_unknown"),
        ({"last_day": None}, "expiry_invalid"),
        ({"last_day": datetime.now(UTC).date() - timedelta(days=2)}, "expiry_invalid"),
        ({"last_day": datetime.now(UTC).date() + LONGEST + timedelta(days=1)}, "expiry_invalid"),
        ({"networks": ("partout",)}, "network_invalid"),
        ({"networks": ("0.0.0.0/0",)}, "network_invalid"),
        ({"networks": ("192.0.2.1/24",)}, "network_invalid"),
        ({"networks": tuple(f"192.0.2.{one}" for one in range(21))}, "network_too_many"),
    ],
)
async def test_what_an_access_may_not_be(play: Play, changed: dict[str, Any], code: str) -> None:
    await play.is_refused(
        "alice", lambda tx: machines.make_token(tx, token(**changed)), Invalid, code
    )


async def test_an_access_has_one_name_among_those_in_force(play: Play) -> None:
    made = await make(play, token())
    await play.is_refused(
        "alice", lambda tx: machines.make_token(tx, token()), Invalid, "name_taken"
    )
    await play.does("alice", lambda tx: machines.revoke(tx, made.machine.id))
    assert (await make(play, token())).machine.id != made.machine.id


async def test_the_database_keeps_digests_and_a_year_at_most(play: Play) -> None:
    made = await make(play, token(last_day=datetime.now(UTC).date() + timedelta(days=363)))
    assert made.secret not in str(play.rows("select t::text from api_tokens t"))
    created, ends = play.rows(
        "select created_at, expires_at from api_tokens where id = %s", made.machine.id
    )[0]
    assert timedelta(days=363) < ends - created <= timedelta(days=366)


async def test_making_and_ending_are_told_to_the_security_log(play: Play) -> None:
    with structlog.testing.capture_logs() as logs:
        made = await make(play, token())
        await play.does("alice", lambda tx: machines.revoke(tx, made.machine.id))
    assert [one["event"] for one in logs if one["event"].startswith("security.")] == [
        "security.token_made",
        "security.token_revoked",
    ]
    assert made.secret not in str(logs)
