"""The execution API: what a task of one project gets of another one, over every route that Airflow serves to tasks."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest
from airflow_server import JWT_SECRET
from conftest import World
from database import changes, facts, one
from execution_requests import ROUTES, ExecutionRequest, execution_requests, served_routes
from gateway import TEAM, FakeGateway
from isolation import isolation
from world import RUN


class Tasks:
    """Sends requests as the tasks of both projects, with tokens that Airflow's scheduler would sign."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.home = home
        query = "SELECT id FROM task_instance WHERE dag_id = ? AND run_id = ?"
        ids = {project: one(home, query, f"{project}_daily", RUN[project]) for project in ("alpha", "beta")}
        self.ids = {project: str(uuid.UUID(value)) for project, value in ids.items()}

    def token(self, project: str, **changes_: Any) -> str:
        now = int(time.time())
        claims = {
            "sub": self.ids[project],
            "aud": "urn:airflow.apache.org:task",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        }
        return jwt.encode({**claims, **changes_}, JWT_SECRET, algorithm="HS512")

    def send(self, project: str, request: ExecutionRequest, **changes_: Any):
        headers = {"Authorization": f"Bearer {self.token(project, **changes_)}"}
        options = {} if request.body is None else {"json": request.body}
        return self.world.server.client.request(request.method, f"/execution{request.path}", headers=headers, **options)


@pytest.fixture(scope="module")
def tasks(gateway: FakeGateway, filled, home: Path) -> Tasks:
    world = World(gateway, filled, "team")
    made = Tasks(world, home)
    for project in ("alpha", "beta"):
        state = {"value": f"{project} value"}
        path = f"/store/asset/by-name/value?name={project}_asset&key={project}_state"
        put = ExecutionRequest("PUT", "", "names an asset", path, state)
        assert made.send(project, put).status_code == 204
    return made


def test_every_route_of_the_execution_api_is_in_the_table() -> None:
    """A route of a new release needs a decision: how are its names bound to the team of the task?"""
    # Old versions of a route exist for old clients only.
    assert served_routes() == set(ROUTES)


def ids(request: ExecutionRequest) -> str:
    return str(request)


@isolation("Tasks: every route of the execution API, with the names of another project", mode="team")
@pytest.mark.parametrize("index", range(len(ROUTES)), ids=[" ".join(route) for route in ROUTES])
def test_a_task_gets_nothing_of_another_project(tasks: Tasks, index: int) -> None:
    request = execution_requests("beta", tasks.ids["beta"])[index]
    missing = execution_requests("none", str(uuid.uuid4()))[index] if request.kind != "own task" else request
    before = facts(tasks.home)
    response = tasks.send("alpha", request)
    assert changes(before, facts(tasks.home)) == []
    assert "beta value" not in response.text and TEAM["beta"] not in response.text
    if request.kind == "own task":
        assert response.status_code == 403
        return
    # The same as for names that nobody uses.
    other = tasks.send("alpha", missing)
    assert response.status_code == other.status_code < 500
    assert response.text.replace("beta", "none") == other.text
    assert response.headers.get("content-range") == other.headers.get("content-range")


OLD_CLIENTS_ONLY = {("GET", "/dag-runs/{dag_id}/previous")}


def is_destructive(request: ExecutionRequest) -> bool:
    """A cleared run has new task instances: the token's is gone."""
    return request.method == "DELETE" or request.path.endswith("/clear")


def test_a_task_keeps_what_belongs_to_its_own_project(tasks: Tasks) -> None:
    """So that a refusal above is no accident: the same requests, with own names, succeed."""
    requests = execution_requests("beta", tasks.ids["beta"])
    told = {}
    for request in sorted(
        requests, key=lambda each: (is_destructive(each), each.path.endswith("/clear") and each.method == "POST")
    ):
        if request.kind != "own task" and (request.method, request.template) not in OLD_CLIENTS_ONLY:
            told[str(request)] = tasks.send("beta", request).status_code
    failed = {name: status for name, status in told.items() if status >= 300}
    # One run exists already; a task of an asset's own DAG has cleared its state before the second deletion.
    assert failed == {"POST /dag-runs/{dag_id}/{run_id}": 409}, failed


def put_variable(key: str) -> ExecutionRequest:
    return ExecutionRequest(
        "PUT", "", "names a row of a team", f"/variables/{key}", {"value": "x", "description": None}
    )


@isolation("Tasks: variables of another project and of nobody, set and deleted", mode="team")
@pytest.mark.parametrize("key", ["beta_variable", "beta_new", "nobodys_variable", "alpha_global", "anything"])
def test_variables_of_others_are_not_set_and_not_deleted(tasks: Tasks, key: str) -> None:
    tasks.world.request("alice", "/api/v2/variables", "POST", json={"key": "alpha_global", "value": "shared"})
    before = facts(tasks.home)
    assert tasks.send("alpha", put_variable(key)).status_code == 403
    tasks.send("alpha", ExecutionRequest("DELETE", "", "names a row of a team", f"/variables/{key}", None))
    assert changes(before, facts(tasks.home)) == []


def test_own_variables_are_set_and_what_all_share_is_read(tasks: Tasks) -> None:
    assert tasks.send("alpha", put_variable("alpha_of_a_task")).status_code == 201
    created = tasks.world.request("alice", "/api/v2/variables/alpha_of_a_task").json()
    assert created["team_name"] == TEAM["alpha"]
    read = ExecutionRequest("GET", "", "names a row of a team", "/variables/nobodys_variable", None)
    assert tasks.send("alpha", read).json()["value"] == "shared"


@isolation("Tasks: assets of another project in the report of a success", mode="team")
def test_a_report_of_success_names_no_asset_of_another_project(tasks: Tasks) -> None:
    event = {"dest_asset_key": {"name": "beta_asset", "uri": "beta_asset"}, "extra": {"from": "alpha"}}
    for outlets, events in (
        ([{"name": "beta_asset", "uri": "beta_asset", "type": "Asset"}], []),
        ([{"name": "beta_asset", "type": "AssetNameRef"}], []),
        ([{"uri": "beta_asset", "type": "AssetUriRef"}], []),
        ([], [{**event, "source_alias_name": "any", "dest_asset_extra": {}}]),
    ):
        body = {
            "state": "success",
            "end_date": "2026-01-01T00:00:00Z",
            "task_outlets": outlets,
            "outlet_events": events,
        }
        path = f"/task-instances/{tasks.ids['alpha']}/state"
        before = facts(tasks.home)
        assert tasks.send("alpha", ExecutionRequest("PATCH", "", "own task", path, body)).status_code == 403
        assert changes(before, facts(tasks.home)) == []


def test_a_token_of_no_task_and_two_tokens_open_nothing(tasks: Tasks) -> None:
    request = execution_requests("alpha", tasks.ids["alpha"])[0]
    for subject in (str(uuid.uuid4()), "00000000-0000-0000-0000-000000000000"):
        assert tasks.send("alpha", request, sub=subject).status_code == 403
    doubled = [("Authorization", f"Bearer {tasks.token(project)}") for project in ("alpha", "beta")]
    path = "/execution/connections/beta_connection"
    assert tasks.world.server.client.get(path, headers=doubled).status_code in (401, 403, 404)
