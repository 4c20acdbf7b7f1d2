"""An issuer of access tokens on the loopback: its discovery, its keys, and what was fetched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc.jwk import ECKey, RSAKey

WELL_KNOWN = "/.well-known/openid-configuration"


class Issuer:
    """What the issuer serves; `asked` are the paths that were fetched, in order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.keys: dict[str, ECKey | RSAKey] = {}
        self.asked: list[str] = []
        self.is_down = False
        self.named = address
        self.more: list[Any] = []

    def add(self, kid: str, key: ECKey | RSAKey | None = None) -> ECKey | RSAKey:
        self.keys[kid] = key or ECKey.generate_key("P-256")
        return self.keys[kid]

    def answer(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if path == WELL_KNOWN:
            return {"issuer": self.named, "jwks_uri": f"{self.address}/cles"}
        if path == "/cles":
            listed = [
                {**key.as_dict(private=False), "kid": kid, "use": "sig"}
                for kid, key in self.keys.items()
            ]
            return {"keys": [*listed, *self.more]}
        return None


@contextmanager
def served() -> Iterator[Issuer]:
    """A real HTTP server on 127.0.0.1, ended with the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = None if issuer.is_down else issuer.answer(self.path)
            self.send_response(503 if content is None else 200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content or {}).encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
