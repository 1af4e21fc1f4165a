"""Requests whose DAG Airflow reads from two places, and routes that serve no project: denied to members."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

    from modelops_gateway_airflow.user import GatewayUser

SINGLE_EVENT_LOG = re.compile(r"/api/v2/eventLogs/[^/]+/?")
DEFAULT_CONNECTIONS = re.compile(r"/api/v2/connections/defaults/?")


def check_request(user: GatewayUser, scope: Scope, path: str) -> None:
    """Raise PermissionError with a message for the caller."""
    if user.sees_all_projects or scope["type"] != "http":
        return
    if scope["method"] in ("GET", "HEAD") and _has_body(scope):
        # Backfills are authorized by a body's dag_id but listed by the query's.
        raise PermissionError("A GET request must not have a body.")
    if SINGLE_EVENT_LOG.fullmatch(path) and scope.get("query_string"):
        # An entry without a DAG would be authorized by the query's dag_id.
        raise PermissionError("An event log entry must be read without a query.")
    if DEFAULT_CONNECTIONS.fullmatch(path):
        raise PermissionError("The default connections belong to no project. Only administrators create them.")


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
