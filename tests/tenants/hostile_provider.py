"""An OpenID provider over real HTTP: honest, until a situation bends one of its answers."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc.jwk import ECKey, Key
from joserfc.jws import JWSRegistry

from server.tenants.oidc.tokens import half_hash

CLIENT = "portail"
OURS = ECKey.generate_key("P-256", {"kid": "ours", "use": "sig"})
ABSENT = object()
"""As a change: the claim, the header or the answer is not there at all."""
ITSELF = object()
"""As a change: the address of this provider."""

Changes = dict[str, Any]


def changed(values: Changes, changes: Changes) -> Changes:
    return {name: one for name, one in {**values, **changes}.items() if one is not ABSENT}


@dataclass(kw_only=True)
class Scene:
    """What the provider answers; each field left alone is the honest answer."""

    subject: str = "alice"
    published: list[Key] = field(default_factory=lambda: [OURS])
    key: Key = field(default_factory=lambda: OURS)
    discovery: Changes = field(default_factory=dict)
    header: Changes = field(default_factory=dict)
    claims: Changes = field(default_factory=dict)
    rewrite: Callable[[str], object] = lambda token: token
    sign: Callable[[Changes], str] | None = None
    tokens: Changes = field(default_factory=dict)
    token_body: bytes | None = None
    redirect: Changes = field(default_factory=dict)
    is_userinfo_signed: bool = False
    userinfo: Changes = field(default_factory=dict)
    userinfo_header: Changes = field(default_factory=dict)
    userinfo_key: Key | None = None
    userinfo_body: tuple[str, bytes] | None = None
    failing: str = ""


@dataclass(kw_only=True)
class HostileProvider:
    """The server, what it was asked, and the scene that it plays."""

    address: str
    scene: Scene = field(default_factory=Scene)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    grants: dict[str, dict[str, str]] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    def play(self, scene: Scene) -> None:
        self.scene = scene
        self.asked.clear()

    def calls(self, path: str) -> list[dict[str, str]]:
        return [sent for asked, sent in self.asked if asked == path]

    # --- Honest answers, bent by the scene ------------------------------------------------------

    def discovery(self) -> Changes:
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        honest: Changes = {
            **{f"{name}_endpoint": f"{self.address}/{path}" for name, path in names.items()},
            "issuer": self.address,
            "jwks_uri": f"{self.address}/jwks",
            "end_session_endpoint": f"{self.address}/end",
            "claims_parameter_supported": True,
        }
        return changed(honest, self.scene.discovery)

    def grant(self, sent: dict[str, str]) -> str:
        """What the person's click does: the address of the return."""
        code = secrets.token_urlsafe(16)
        self.grants[code] = sent
        self.subjects[code] = self.scene.subject
        back = changed({"code": code, "state": sent["state"]}, self.scene.redirect)
        back = {name: self.address if one is ITSELF else one for name, one in back.items()}
        return f"{sent['redirect_uri']}?{urlencode(back)}"

    def tokens(self, sent: dict[str, str]) -> Changes:
        code = sent.get("code", "")
        grant = self.grants[code]
        access_token = f"{code}.access"
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": self.subjects[code],
            "nonce": grant["nonce"],
            "iat": now,
            "exp": now + 300,
            "at_hash": half_hash(access_token),
        }
        claims = changed(claims, {name: _moved(one) for name, one in self.scene.claims.items()})
        token = self.scene.sign(claims) if self.scene.sign else self.signed(claims)
        honest = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "id_token": self.scene.rewrite(token),
        }
        return changed(honest, self.scene.tokens)

    def signed(self, claims: Changes) -> str:
        key = self.scene.key
        header = changed({"alg": "ES256", "kid": key.kid, "typ": "JWT"}, self.scene.header)
        return sign(header, claims, key)

    def userinfo(self, access_token: str) -> tuple[str, bytes]:
        """Media type and body."""
        if self.scene.userinfo_body is not None:
            return self.scene.userinfo_body
        subject = self.subjects[access_token.removesuffix(".access")]
        if not self.scene.is_userinfo_signed:
            claims = changed({"sub": subject}, self.scene.userinfo)
            return "application/json", json.dumps(claims).encode()
        honest = {"sub": subject, "iss": self.address, "aud": CLIENT}
        key = self.scene.userinfo_key or self.scene.key
        header = changed({"alg": "ES256", "kid": key.kid}, self.scene.userinfo_header)
        token = sign(header, changed(honest, self.scene.userinfo), key)
        return "application/jwt; charset=utf-8", token.encode()


def _moved(value: Any) -> Any:
    """An instant is given in seconds from now: `Later(-60)` was a minute ago."""
    return int(time.time()) + value.seconds if isinstance(value, Later) else value


@dataclass(frozen=True)
class Later:
    seconds: int


def part(value: bytes | Changes) -> str:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def sign(header: Changes, claims: Changes, key: Key) -> str:
    """A compact JWS, whatever its header says: a library would refuse to write some of them."""
    body = f"{part(header)}.{part(claims)}"
    signature = JWSRegistry.algorithms[header["alg"]].sign(body.encode(), key)
    return f"{body}.{part(signature)}"


class Server(ThreadingHTTPServer):
    provider: HostileProvider


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    @property
    def provider(self) -> HostileProvider:
        return self.server.provider

    def do_GET(self) -> None:
        self._route(parse_qs(urlsplit(self.path).query, keep_blank_values=True))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self._route(parse_qs(body, keep_blank_values=True))

    def _route(self, query: dict[str, list[str]]) -> None:
        path = urlsplit(self.path).path
        sent = {name: values[0] for name, values in query.items()}
        self.provider.asked.append((path, sent | {"authorization": self._authorization()}))
        if path == self.provider.scene.failing:
            self._send(500, "text/plain", b"")
        elif path == "/authorize":
            self._send(302, "text/plain", b"", location=self.provider.grant(sent))
        elif path == "/end":
            back = f"{sent['post_logout_redirect_uri']}?{urlencode({'state': sent['state']})}"
            self._send(302, "text/plain", b"", location=back)
        elif path == "/userinfo":
            self._send(200, *self.provider.userinfo(self._authorization().removeprefix("Bearer ")))
        else:
            self._send(200, "application/json", self._document(path, sent))

    def _document(self, path: str, sent: dict[str, str]) -> bytes:
        if path == "/token":
            return self.provider.scene.token_body or json.dumps(self.provider.tokens(sent)).encode()
        if path == "/jwks":
            keys = [one.as_dict(private=False) for one in self.provider.scene.published]
            return json.dumps({"keys": keys}).encode()
        return json.dumps(self.provider.discovery()).encode()

    def _authorization(self) -> str:
        return str(self.headers.get("authorization", ""))

    def _send(self, status: int, kind: str, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *facts: object) -> None:
        """Nothing on the terminal."""
        del facts


@contextmanager
def serving() -> Iterator[HostileProvider]:
    """The provider on a free port of the loopback, in a thread."""
    with Server(("127.0.0.1", 0), Answer) as server:
        server.provider = HostileProvider(address=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.provider
        finally:
            server.shutdown()
            thread.join(10)
