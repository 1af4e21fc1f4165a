"""A request for each route of Airflow that changes something. A route of a new release fails until it has one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.api_fastapi.core_api.routes.public import public_router
from airflow.api_fastapi.core_api.routes.ui import ui_router

DATES = {"from_date": "2026-02-01T00:00:00Z", "to_date": "2026-02-02T00:00:00Z"}
NEW_STATE = {"new_state": "failed"}
RUN_ENTITY = {"dag_id": "{dag_id}", "dag_run_id": "{plain_run_id}"}
TASK_ENTITY = {**RUN_ENTITY, "task_id": "{task_id}", **NEW_STATE}
VARIABLE = {"key": "{variable_key}", "value": "changed", "team_name": "{team}"}
CONNECTION = {"connection_id": "{connection_id}", "conn_type": "http", "host": "changed", "team_name": "{team}"}
POOL = {"name": "{pool_name}", "slots": 9, "include_deferred": False, "team_name": "{team}"}
RUN = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}"
TASK = f"{RUN}/taskInstances/{{task_id}}"


def bulk(action: str, *entities: Any, **options: Any) -> dict[str, Any]:
    return {"actions": [{"action": action, "entities": list(entities), **options}]}


# Each body that a route takes. None: the route takes no body.
BODIES: dict[tuple[str, str], list[Any]] = {
    ("POST", "/api/v2/assets/events"): [{"asset_id": "{asset_id}", "extra": {"from": "probe"}}],
    ("POST", "/api/v2/assets/{asset_id}/materialize"): [{}, None],
    ("DELETE", "/api/v2/assets/{asset_id}/queuedEvents"): [None],
    ("DELETE", "/api/v2/assets/{asset_id}/state-store"): [None],
    ("DELETE", "/api/v2/assets/{asset_id}/state-store/{key:path}"): [None],
    ("PUT", "/api/v2/assets/{asset_id}/state-store/{key:path}"): [{"value": "changed"}],
    ("POST", "/api/v2/backfills"): [{"dag_id": "{dag_id}", **DATES}],
    ("POST", "/api/v2/backfills/dry_run"): [{"dag_id": "{dag_id}", **DATES}],
    ("PUT", "/api/v2/backfills/{backfill_id}/pause"): [None],
    ("PUT", "/api/v2/backfills/{backfill_id}/unpause"): [None],
    ("PUT", "/api/v2/backfills/{backfill_id}/cancel"): [None],
    ("POST", "/api/v2/connections"): [CONNECTION, {**CONNECTION, "team_name": None}],
    ("POST", "/api/v2/connections/defaults"): [None],
    ("POST", "/api/v2/connections/test"): [CONNECTION],
    ("POST", "/api/v2/connections/enqueue-test"): [CONNECTION, {**CONNECTION, "team_name": None}],
    ("PATCH", "/api/v2/connections/{connection_id}"): [CONNECTION, {**CONNECTION, "team_name": None}],
    ("PATCH", "/api/v2/connections"): [
        bulk("update", CONNECTION),
        bulk("create", CONNECTION, action_on_existence="overwrite"),
        bulk("create", {**CONNECTION, "team_name": None}, action_on_existence="overwrite"),
        bulk("delete", "{connection_id}"),
    ],
    ("DELETE", "/api/v2/connections/{connection_id}"): [None],
    ("PATCH", "/api/v2/dags"): [{"is_paused": False}],
    ("PATCH", "/api/v2/dags/{dag_id}"): [{"is_paused": False}],
    ("POST", "/api/v2/dags/{dag_id}/favorite"): [None],
    ("POST", "/api/v2/dags/{dag_id}/unfavorite"): [None],
    ("DELETE", "/api/v2/dags/{dag_id}/assets/queuedEvents"): [None],
    ("DELETE", "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents"): [None],
    ("POST", "/api/v2/dags/{dag_id}/clearDagRuns"): [{"dry_run": False, "dag_runs": [RUN_ENTITY]}],
    ("POST", "/api/v2/dags/{dag_id}/clearPartitions"): [{"dry_run": False, "run_id": "{plain_run_id}"}],
    ("POST", "/api/v2/dags/{dag_id}/clearTaskInstances"): [
        {"dry_run": False, "only_failed": False, "dag_run_id": "{plain_run_id}"}
    ],
    ("POST", "/api/v2/dags/{dag_id}/dagRuns"): [{"logical_date": "2026-03-01T00:00:00Z"}],
    ("PATCH", "/api/v2/dags/{dag_id}/dagRuns"): [
        bulk("update", {**RUN_ENTITY, "note": "changed"}), bulk("delete", RUN_ENTITY), bulk("delete", "{plain_run_id}"),
    ],
    ("POST", "/api/v2/dags/{dag_id}/dagRuns/list"): [{"dag_ids": ["{dag_id}"]}],
    ("PATCH", RUN): [{"state": "failed", "note": "changed"}],
    ("POST", f"{RUN}/clear"): [{"dry_run": False, "only_failed": False}],
    ("PATCH", f"{RUN}/taskGroupInstances/{{group_id}}"): [NEW_STATE],
    ("PATCH", f"{RUN}/taskGroupInstances/{{group_id}}/dry_run"): [NEW_STATE],
    ("PATCH", f"{RUN}/taskInstances"): [bulk("update", TASK_ENTITY), bulk("delete", TASK_ENTITY)],
    ("POST", f"{RUN}/taskInstances/list"): [{"dag_ids": ["{dag_id}"]}],
    ("PATCH", TASK): [NEW_STATE],
    ("PATCH", f"{TASK}/dry_run"): [NEW_STATE],
    ("PATCH", f"{TASK}/{{map_index}}"): [NEW_STATE],
    ("PATCH", f"{TASK}/{{map_index}}/dry_run"): [NEW_STATE],
    ("PATCH", f"{TASK}/{{map_index}}/hitlDetails"): [{"chosen_options": ["a"], "params_input": {}}],
    ("PUT", f"{TASK}/state-store/{{key:path}}"): [{"value": "changed"}],
    ("PATCH", f"{TASK}/state-store/{{key:path}}"): [{"value": "changed again"}],
    ("DELETE", f"{TASK}/state-store/{{key:path}}"): [None],
    ("DELETE", f"{TASK}/state-store"): [None],
    ("POST", f"{TASK}/xcomEntries"): [{"key": "new_key", "value": "changed"}],
    ("PATCH", f"{TASK}/xcomEntries/{{xcom_key:path}}"): [{"value": "changed"}],
    ("DELETE", f"{TASK}/xcomEntries/{{xcom_key:path}}"): [None],
    ("DELETE", TASK): [None],
    ("DELETE", RUN): [None],
    ("PUT", "/api/v2/parseDagFile/{file_token}"): [None],
    ("POST", "/api/v2/pools"): [POOL],
    ("PATCH", "/api/v2/pools/{pool_name:path}"): [{"name": "{pool_name}", "slots": 9, "team_name": "{team}"}],
    ("PATCH", "/api/v2/pools"): [bulk("update", POOL), bulk("delete", "{pool_name}")],
    ("DELETE", "/api/v2/pools/{pool_name:path}"): [None],
    ("POST", "/api/v2/variables"): [VARIABLE, {**VARIABLE, "team_name": None}],
    ("PATCH", "/api/v2/variables/{variable_key:path}"): [VARIABLE, {**VARIABLE, "team_name": None}],
    ("PATCH", "/api/v2/variables"): [
        bulk("update", VARIABLE),
        bulk("create", VARIABLE, action_on_existence="overwrite"),
        bulk("create", {**VARIABLE, "team_name": None}, action_on_existence="overwrite"),
        bulk("delete", "{variable_key}"),
    ],
    ("DELETE", "/api/v2/variables/{variable_key:path}"): [None],
    ("DELETE", "/api/v2/dags/{dag_id}"): [None],
    ("POST", "/ui/auth/token"): [{"token_type": "api"}],
}  # fmt: skip


@dataclass(frozen=True)
class WriteRequest:
    """One request that would change something of a project."""

    method: str
    template: str
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def served_writes() -> set[tuple[str, str]]:
    """What Airflow serves beside reading."""
    routes = [*public_router.routes, *ui_router.routes]
    return {(method, each.path) for each in routes for method in each.methods - {"GET", "HEAD", "OPTIONS"}}


def write_requests(names: Mapping[str, Any], path_names: Mapping[str, Any] | None = None) -> list[WriteRequest]:
    """Every request with these names; with other ones in the path, so that body and path disagree."""
    return [
        WriteRequest(
            method, template, str(filled(re.sub(r":path\}", "}", template), path_names or names)), filled(body, names)
        )
        for (method, template), bodies in BODIES.items()
        for body in bodies
    ]


def filled(value: Any, names: Mapping[str, Any]) -> Any:
    """The value with `{name}` replaced; a value that is nothing but a name keeps that name's type."""
    if isinstance(value, str):
        if whole := re.fullmatch(r"\{(\w+)\}", value):
            return names[whole[1]]
        return re.sub(r"\{(\w+)\}", lambda match: str(names[match[1]]), value)
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    return {key: filled(each, names) for key, each in value.items()} if isinstance(value, dict) else value
