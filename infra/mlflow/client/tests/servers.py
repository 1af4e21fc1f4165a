"""An issuer and a gateway in front of a little MLflow, in one process, whose answers a test chooses."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, Any]]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""


@dataclass
class Server:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    #: Forms that reached the token endpoint.
    forms: list[dict[str, str]] = field(default_factory=list)
    #: Of the gateway's public client for people; None: it has none.
    client_id: str | None = "cli"
    #: Forms that reached the device authorization endpoint, and its answer; None: the issuer has no such endpoint.
    device_forms: list[dict[str, str]] = field(default_factory=list)
    device_answer: Answer | None = (
        200,
        {
            "device_code": "device",
            "user_code": "MKRL-PJTR",
            "verification_uri": "https://sso.example/device",
            "expires_in": 60,
            "interval": 1,
        },
    )
    token_answer: Callable[[dict[str, str]], Answer] = lambda form: (200, bearer("token-1"))
    #: Answers what is not the gateway's or the issuer's own.
    api_answer: Callable[[Asked], Answer] = lambda asked: (200, {})

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/auth/client-config":
            return 200, {
                "issuer": self.url,
                **({"client_id": self.client_id} if self.client_id else {}),
                "scopes": ["openid", "offline_access"],
                "routes": [{"name": "mlflow", "app": "mlflow", "url": f"{self.url}/mlflow"}],
            }
        if asked.path == "/.well-known/openid-configuration":
            device = {"device_authorization_endpoint": f"{self.url}/device"} if self.device_answer else {}
            return 200, {"issuer": self.url, "token_endpoint": f"{self.url}/token", **device}
        if asked.path == "/device" and self.device_answer:
            self.device_forms.append(form_of(asked))
            return self.device_answer
        if asked.path == "/token":
            form = form_of(asked)
            self.forms.append(form)
            return self.token_answer(form)
        self.asked.append(asked)
        return self.api_answer(asked)


def form_of(asked: Asked) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}


def bearer(value: str, expires_in: int = 300, **more: Any) -> dict[str, Any]:
    return {"access_token": value, "token_type": "Bearer", "expires_in": expires_in, **more}


@contextmanager
def running() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts, headers = urlsplit(self.path), {k.lower(): v for k, v in self.headers.items()}
            asked = Asked(self.command, parts.path, headers, body, parts.query)
            status, document = server.answer(asked)
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
