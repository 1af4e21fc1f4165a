"""A fake gateway: its key set over HTTP, and its assertions."""

from __future__ import annotations

import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

ALPHA = {"id": "11111111-1111-4111-8111-111111111111", "name": "alpha", "role": "editor"}
BETA = {"id": "22222222-2222-4222-8222-222222222222", "name": "beta", "role": "editor"}

TEAM = {"alpha": ALPHA["id"], "beta": BETA["id"]}
"""Airflow's teams are named after the projects' UUIDs."""

PEOPLE: dict[str, dict[str, Any]] = {
    "alice": {"role": "admin", "groups": ["modelops-admins"]},
    "bob": {"role": "editor", "groups": ["project-alpha"], "projects": [ALPHA]},
    "carol": {"role": "editor", "groups": ["project-beta"], "projects": [BETA]},
    "dave": {"role": "editor", "groups": ["project-alpha", "project-beta"], "projects": [ALPHA, BETA]},
    "erin": {"role": "user", "groups": []},
    "vera": {"role": "viewer", "groups": ["viewers-alpha"], "projects": [{**ALPHA, "role": "viewer"}]},
}


class FakeGateway:
    """Publishes one ES256 key, as a gateway does and as the issuer it shares with Airflow."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.kid = "gateway-1"
        self.hosts: list[str | None] = []
        """The `Host` of each request."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.hosts.append(self.headers["host"])
                body = json.dumps(fake.document(self.path)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def document(self, path: str) -> dict[str, Any]:
        """The response body: the issuer's metadata, or the keys."""
        if path != "/.well-known/openid-configuration":
            return {"keys": [self.public_jwk()]}
        return {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "jwks_uri": f"{self.url}/keys"}

    def public_jwk(self) -> dict[str, Any]:
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {**jwk, "kid": self.kid, "use": "sig", "alg": "ES256"}

    def claims(self, who: str, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": "airflow", "sub": f"subject-of-{who}", "preferred_username": who,
            "email": f"{who}@example.org", "iat": now, "nbf": now, "exp": now + 60, "jti": str(uuid.uuid4()),
            **PEOPLE[who], **changes,
        }  # fmt: skip
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(self, who: str, *, key: Any = None, kid: str | None = None, **changes: Any) -> str:
        return jwt.encode(
            self.claims(who, **changes), key or self.key, algorithm="ES256", headers={"kid": kid or self.kid}
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
