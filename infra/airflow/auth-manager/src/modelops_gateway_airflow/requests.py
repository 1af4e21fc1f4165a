"""Requests whose DAG Airflow reads from two places: refused to everybody who does not see all projects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

    from modelops_gateway_airflow.user import GatewayUser

SINGLE_EVENT_LOG = re.compile(r"/api/v2/eventLogs/[^/]+/?")
DATA_DEPENDENCIES = re.compile(r"/ui/dependencies/?")


def check_request(user: GatewayUser, scope: Scope, path: str) -> None:
    """Raise PermissionError with words for the caller."""
    if user.sees_all_projects or scope["type"] != "http":
        return
    if scope["method"] in ("GET", "HEAD") and _has_body(scope):
        # Backfills are authorized by a body's dag_id but listed by the query's.
        raise PermissionError("A reading request carries no body")
    query = scope.get("query_string", b"")
    if SINGLE_EVENT_LOG.fullmatch(path) and query:
        # An entry without a DAG would be authorized by the query's dag_id.
        raise PermissionError("An event log entry is read without a query")
    if DATA_DEPENDENCIES.fullmatch(path) and b"data" in query:
        # Assets belong to no project, so their graph is for those who see all.
        raise PermissionError("The graph of assets is for administrators")


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
