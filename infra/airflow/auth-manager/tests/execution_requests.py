"""A request for each route of the execution API, with the names of one project. A new route fails until it has one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from airflow.api_fastapi.execution_api.routes import execution_api_router
from world import RUN

Kind = Literal["names a DAG", "names a row of a team", "names an asset", "own task", "no names"]

NOW = "2026-01-01T00:00:00Z"
ASSET = "?name={project}_asset"
URI = "?uri={project}_asset"
VALUE = "&key={project}_state"
RUN_BODY = {"logical_date": None, "conf": {}, "reset_dag_run": False}
OUTLET = {"name": "{project}_asset", "uri": "{project}_asset", "type": "Asset"}

# Query and body of each route, and how its names are bound to the task's team.
ROUTES: dict[tuple[str, str], tuple[Kind, str, Any]] = {
    ("GET", "/assets/by-name"): ("names an asset", ASSET, None),
    ("GET", "/assets/by-uri"): ("names an asset", URI, None),
    ("GET", "/assets/by-alias"): ("names an asset", "?alias_name={project}_alias", None),
    ("GET", "/asset-events/by-asset"): ("names an asset", f"{ASSET}&uri=", None),
    ("GET", "/asset-events/by-asset-alias"): ("names an asset", "?name={project}_alias", None),
    ("GET", "/connection-tests/{connection_test_id}/connection"): ("own task", "", None),
    ("PATCH", "/connection-tests/{connection_test_id}"): ("own task", "", {"state": "success"}),
    ("GET", "/connections/{connection_id}"): ("names a row of a team", "", None),
    ("GET", "/dag-runs/{dag_id}/previous"): ("names a DAG", "?logical_date=2027-01-01T00:00:00Z", None),
    ("GET", "/dag-runs/{dag_id}/{run_id}"): ("names a DAG", "", None),
    ("POST", "/dag-runs/{dag_id}/{run_id}"): ("names a DAG", "", RUN_BODY),
    ("POST", "/dag-runs/{dag_id}/{run_id}/clear"): ("names a DAG", "", None),
    ("GET", "/dag-runs/{dag_id}/{run_id}/state"): ("names a DAG", "", None),
    ("GET", "/dag-runs/count"): ("names a DAG", "?dag_id={project}_daily", None),
    ("GET", "/dag-runs/previous"): ("names a DAG", "?dag_id={project}_daily&logical_date=2027-01-01T00:00:00Z", None),
    ("GET", "/dags/{dag_id}"): ("names a DAG", "", None),
    ("GET", "/task-instances/count"): ("names a DAG", "?dag_id={project}_daily", None),
    ("GET", "/task-instances/previous/{dag_id}/{task_id}"): ("names a DAG", "", None),
    ("GET", "/task-instances/states"): ("names a DAG", "?dag_id={project}_daily", None),
    ("GET", "/task-instances/breadcrumbs"): ("names a DAG", "?dag_id={project}_daily&run_id={run}", None),
    ("PATCH", "/task-instances/{task_instance_id}/run"): (
        "own task", "", {"state": "running", "hostname": "h", "unixname": "u", "pid": 1, "start_date": NOW},
    ),
    ("PATCH", "/task-instances/{task_instance_id}/state"): (
        "own task", "", {"state": "success", "end_date": NOW, "task_outlets": [], "outlet_events": []},
    ),
    ("PATCH", "/task-instances/{task_instance_id}/skip-downstream"): ("own task", "", {"tasks": ["x"]}),
    ("PUT", "/task-instances/{task_instance_id}/heartbeat"): ("own task", "", {"hostname": "h", "pid": 1}),
    ("PUT", "/task-instances/{task_instance_id}/rtif"): ("own task", "", {"a": "b"}),
    ("PATCH", "/task-instances/{task_instance_id}/rendered-map-index"): ("own task", "", "x"),
    ("GET", "/task-instances/{task_instance_id}/previous-successful-dagrun"): ("own task", "", None),
    ("GET", "/task-instances/{task_instance_id}/validate-inlets-and-outlets"): ("own task", "", None),
    ("GET", "/task-reschedules/{task_instance_id}/start_date"): ("own task", "", None),
    ("GET", "/variables/keys"): ("no names", "?prefix={project}", None),
    ("GET", "/variables/{variable_key:path}"): ("names a row of a team", "", None),
    ("PUT", "/variables/{variable_key:path}"): ("names a row of a team", "", {"value": "changed", "description": None}),
    ("DELETE", "/variables/{variable_key:path}"): ("names a row of a team", "", None),
    ("GET", "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}/item/{offset}"): ("names a DAG", "", None),
    ("GET", "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}/slice"): ("names a DAG", "", None),
    ("HEAD", "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}"): ("names a DAG", "", None),
    ("GET", "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}"): ("names a DAG", "", None),
    ("POST", "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}"): ("names a DAG", "", "changed"),
    ("DELETE", "/xcoms/{dag_id}/{run_id}/{task_id}/{key:path}"): ("names a DAG", "", None),
    ("POST", "/hitlDetails/{task_instance_id}"): (
        "own task", "", {"ti_id": "{ti}", "options": ["a"], "subject": "s", "assigned_users": []},
    ),
    ("PATCH", "/hitlDetails/{task_instance_id}"): ("own task", "", {"ti_id": "{ti}", "chosen_options": ["a"]}),
    ("GET", "/hitlDetails/{task_instance_id}"): ("own task", "", None),
    ("GET", "/store/ti/{task_instance_id}/{key:path}"): ("own task", "", None),
    ("PUT", "/store/ti/{task_instance_id}/{key:path}"): ("own task", "", {"value": "changed"}),
    ("DELETE", "/store/ti/{task_instance_id}/{key:path}"): ("own task", "", None),
    ("DELETE", "/store/ti/{task_instance_id}"): ("own task", "", None),
    ("GET", "/store/asset/by-name/value"): ("names an asset", ASSET + VALUE, None),
    ("PUT", "/store/asset/by-name/value"): ("names an asset", ASSET + VALUE, {"value": "changed"}),
    ("DELETE", "/store/asset/by-name/value"): ("names an asset", ASSET + VALUE, None),
    ("DELETE", "/store/asset/by-name/clear"): ("names an asset", ASSET, None),
    ("GET", "/store/asset/by-uri/value"): ("names an asset", URI + VALUE, None),
    ("PUT", "/store/asset/by-uri/value"): ("names an asset", URI + VALUE, {"value": "changed"}),
    ("DELETE", "/store/asset/by-uri/value"): ("names an asset", URI + VALUE, None),
    ("DELETE", "/store/asset/by-uri/clear"): ("names an asset", URI, None),
}  # fmt: skip


@dataclass(frozen=True)
class ExecutionRequest:
    """One request of a task, with the names of the project that it aims at."""

    method: str
    template: str
    kind: Kind
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def execution_requests(project: str, task_instance: str) -> list[ExecutionRequest]:
    run = RUN.get(project, RUN["beta"].replace("beta", project))
    names = {
        "dag_id": f"{project}_daily", "run_id": run, "task_id": f"{project}_task", "key": f"{project}_key",
        "offset": "0", "variable_key": f"{project}_variable", "connection_id": f"{project}_connection",
        "task_instance_id": task_instance, "connection_test_id": task_instance,
        "project": project, "run": run.replace("+", "%2B"), "ti": task_instance,
    }  # fmt: skip
    return [
        ExecutionRequest(
            method, template, kind, _filled(re.sub(r":path\}", "}", template) + query, names), _filled(body, names)
        )
        for (method, template), (kind, query, body) in ROUTES.items()
    ]


def served_routes() -> set[tuple[str, str]]:
    """What Airflow serves to a task with a token."""
    routes = {(method, route.path) for route in execution_api_router.routes for method in route.methods}
    return {(method, path) for method, path in routes if not path.startswith("/health")}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: names[match[1]], value)
    if isinstance(value, list):
        return [_filled(each, names) for each in value]
    return {key: _filled(each, names) for key, each in value.items()} if isinstance(value, dict) else value
