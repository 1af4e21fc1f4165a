"""The door: a request without a valid assertion goes no further, and no other credential gets in."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from jwt import InvalidTokenError

from modelops_gateway_airflow.assertion import HEADER, AssertionVerifier
from modelops_gateway_airflow.keys import KeysUnavailable
from modelops_gateway_airflow.requests import check_request

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

CREDENTIALS = (b"authorization", b"cookie", HEADER)
# Probes of load balancers; both answers hold nothing of any project.
OPEN_PATHS = frozenset({"/api/v2/monitor/health", "/api/v2/version"})
WORKER_PATH = "/execution"


class AssertionMiddleware:
    """Makes the assertion Airflow's only credential: it arrives below as the bearer token, cookies do not arrive."""

    def __init__(self, app: ASGIApp, verifier: AssertionVerifier, base_path: str) -> None:
        self._app = app
        self._verifier = verifier
        self._base_path = base_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        path = self._below_base(scope["path"])
        if path == WORKER_PATH or path.startswith(f"{WORKER_PATH}/"):
            # Workers bring tokens that Airflow signed for their task; an assertion opens nothing there.
            return await self._app(_without(scope, (HEADER,)), receive, send)
        if path in OPEN_PATHS:
            return await self._app(_without(scope, CREDENTIALS), receive, send)
        try:
            assertion = _only_assertion(scope)
            check_request(await self._verifier.verify(assertion), scope, path)
        except (InvalidTokenError, KeysUnavailable, PermissionError) as error:
            log.warning("Refused a request: %s", error)
            return await _refuse(scope, send, error)
        below = _without(scope, CREDENTIALS)
        below["headers"].append((b"authorization", b"Bearer " + assertion.encode("ascii")))
        return await self._app(below, receive, send)

    def _below_base(self, path: str) -> str:
        base = self._base_path
        return path[len(base) :] if base and path.startswith(f"{base}/") else path


def _only_assertion(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == HEADER]
    if len(values) != 1:
        raise InvalidTokenError(f"X-Gateway-Assertion: expected once, got {len(values)}")
    try:
        return str(values[0], "ascii")
    except UnicodeDecodeError as error:
        raise InvalidTokenError("X-Gateway-Assertion: expected a JWT") from error


def _without(scope: Scope, names: tuple[bytes, ...]) -> Scope:
    return {**scope, "headers": [header for header in scope["headers"] if header[0] not in names]}


async def _refuse(scope: Scope, send: Send, error: Exception) -> None:
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008})
    status, detail = 401, "Not authenticated: this Airflow is reached through its gateway only"
    if isinstance(error, KeysUnavailable):
        status, detail = 503, "The gateway's keys cannot be read"
    if isinstance(error, PermissionError):
        status, detail = 403, str(error)
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
