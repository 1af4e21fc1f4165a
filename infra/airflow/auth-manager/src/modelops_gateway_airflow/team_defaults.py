"""Names the team of new variables and connections, and checks their names, before Airflow authorizes the request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow.models.connection import Connection
from airflow.models.variable import Variable
from starlette.concurrency import run_in_threadpool

from modelops_gateway_airflow.caller import current_caller
from modelops_gateway_airflow.middleware import below
from modelops_gateway_airflow.name_rules import load_name_rules
from modelops_gateway_airflow.responses import deny

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from modelops_gateway_airflow.ownership import Ownership
    from modelops_gateway_airflow.settings import Settings
    from modelops_gateway_airflow.user import GatewayUser

WRITES = re.compile(r"/api/v2/(?P<kind>variables|connections)(/(?!defaults/?$).*)?")
NAME_OF = {"variables": "key", "connections": "connection_id"}
TEAM_OF = {"variables": Variable.get_team_name, "connections": Connection.get_team_name}
MAX_BYTES = 16 * 1024 * 1024


class TeamDefaultsMiddleware:
    """Airflow takes a missing `team_name` for a row of no project. A member's row belongs to the member's team."""

    def __init__(self, app: ASGIApp, ownership: Ownership, settings: Settings, base_path: str) -> None:
        self._app = app
        self._ownership = ownership
        self._names_are_free = settings.names == "free"
        self._base_path = base_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller, match = current_caller.get(), None
        if scope["type"] == "http" and scope["method"] in ("POST", "PATCH") and self._ownership.by_team:
            match = WRITES.fullmatch(below(self._base_path, scope["path"]))
        if caller is None or match is None or caller.user.sees_all_projects:
            return await self._app(scope, receive, send)
        try:
            body = await _read(receive)
            rewritten = await run_in_threadpool(self._rewrite, body, match["kind"], scope["method"], caller.user)
        except PermissionError as error:
            return await deny(scope, send, 403, str(error))
        return await self._app(_with_length(scope, len(rewritten)), _replay(rewritten, receive), send)

    def _rewrite(self, body: bytes, kind: str, method: str, user: GatewayUser) -> bytes:
        """Every row with its team. What Airflow will refuse as malformed is passed on as it is."""
        try:
            document = json.loads(body)
        except ValueError:
            return body
        for row, creates in _rows(document, method):
            self._complete(row, creates, kind, user)
        return json.dumps(document).encode()

    def _complete(self, row: dict[str, Any], creates: bool, kind: str, user: GatewayUser) -> None:
        name = row.get(NAME_OF[kind])
        teams = self._ownership.editable_teams(user)
        if not isinstance(name, str) or not teams:
            return
        current = TEAM_OF[kind](name)
        if row.get("team_name") is None:
            row["team_name"] = _default_team(current, teams)
        team = row["team_name"]
        if creates and team in teams and current != team and not self._names_are_free:
            rules = load_name_rules()
            if not rules.is_of(name, team):
                raise PermissionError(f"{NAME_OF[kind]}: expected {rules.expected(team)}, got {name!r}.")


def _default_team(current: str | None, teams: frozenset[str]) -> str:
    if current in teams:
        return str(current)
    if len(teams) == 1:
        return next(iter(teams))
    raise PermissionError(f"team_name: expected one of {', '.join(sorted(teams))}, got none.")


def _rows(document: Any, method: str) -> Iterator[tuple[dict[str, Any], bool]]:
    """The rows that a body names, and whether it may create them."""
    if not isinstance(document, dict):
        return
    actions = document.get("actions")
    if not isinstance(actions, list):
        yield document, method == "POST"
        return
    for action in actions:
        entities = action.get("entities") if isinstance(action, dict) else None
        for entity in entities if isinstance(entities, list) else ():
            if isinstance(entity, dict):
                yield entity, action.get("action") == "create"


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise PermissionError("The request ended before its body.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BYTES:
            raise PermissionError(f"body: expected at most {MAX_BYTES} bytes.")
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_length(scope: Scope, length: int) -> Scope:
    kept = [header for header in scope["headers"] if header[0] not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}
