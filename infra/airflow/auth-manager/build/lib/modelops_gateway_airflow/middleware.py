"""Authentication: a request needs a valid assertion, and no other credential is passed on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from jwt import InvalidTokenError

from modelops_gateway_airflow.assertion import HEADER, AssertionVerifier
from modelops_gateway_airflow.caller import Caller, current_caller
from modelops_gateway_airflow.keys import KeysUnavailable
from modelops_gateway_airflow.request_checks import check_request
from modelops_gateway_airflow.responses import deny
from modelops_gateway_airflow.rows.scope import current_rows

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from modelops_gateway_airflow.ownership import Ownership

log = logging.getLogger(__name__)

CREDENTIALS = (b"authorization", b"cookie", HEADER)
# Health checks of load balancers. Neither response contains anything of a project.
OPEN_PATHS = frozenset({"/api/v2/monitor/health", "/api/v2/version"})
WORKER_PATH = "/execution"


class AssertionMiddleware:
    """Makes the assertion the only credential: Airflow receives it as the bearer token, and receives no cookies."""

    def __init__(self, app: ASGIApp, verifier: AssertionVerifier, ownership: Ownership, base_path: str) -> None:
        self._app = app
        self._verifier = verifier
        self._ownership = ownership
        self._base_path = base_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        path = below(self._base_path, scope["path"])
        if path == WORKER_PATH or path.startswith(f"{WORKER_PATH}/"):
            # Workers send tokens that Airflow signed for their task. An assertion is not valid there.
            return await self._app(_without(scope, (HEADER,)), receive, send)
        if path in OPEN_PATHS:
            return await self._app(_without(scope, CREDENTIALS), receive, send)
        try:
            assertion = _only_assertion(scope)
            user = await self._verifier.verify(assertion, scope)
            check_request(user, scope, path)
        except (InvalidTokenError, KeysUnavailable, PermissionError) as error:
            log.warning("Denied a request: %s", error)
            return await deny(scope, send, *_status(error))
        current_caller.set(Caller(assertion, user))
        current_rows.set(self._ownership.rows(user, path))
        authorized = _without(scope, CREDENTIALS)
        authorized["headers"].append((b"authorization", b"Bearer " + assertion.encode("ascii")))
        return await self._app(authorized, receive, send)


def below(base_path: str, path: str) -> str:
    """The path without the prefix of Airflow's `base_url`."""
    return path[len(base_path) :] if base_path and path.startswith(f"{base_path}/") else path


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


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, KeysUnavailable):
        return 503, "The gateway's keys cannot be read. Try again in a few seconds."
    if isinstance(error, PermissionError):
        return 403, str(error)
    return 401, "Not authenticated. Open Airflow through its gateway."
