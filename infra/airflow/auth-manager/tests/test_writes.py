"""Who changes what, over every route of Airflow that changes something: generated from Airflow's routers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import World
from database import Facts, Row, changes, facts, one
from gateway import ALPHA, BETA, TEAM, FakeGateway
from isolation import isolation
from routes import names_of
from world import RUN
from write_requests import BODIES, WriteRequest, served_writes, write_requests

READER_OF_BETA = {"projects": [ALPHA, {**BETA, "role": "viewer"}]}
"""An editor of alpha who may read beta: she knows every name, and may change none."""


@pytest.fixture(scope="module")
def world(gateway: FakeGateway, filled) -> World:
    made = World(gateway, filled, "team")
    task = f"/api/v2/dags/beta_daily/dagRuns/{RUN['beta']}/taskInstances/beta_task/state-store/beta_state"
    assert made.request("alice", task, "PUT", json={"value": "beta value"}).status_code == 204
    asset = int(made.request("alice", "/api/v2/assets?name_pattern=beta_asset").json()["assets"][0]["id"])
    assert made.request("alice", f"/api/v2/assets/{asset}/state-store/k", "PUT", json={"value": "b"}).status_code == 204
    return made


def names(world: World, home: Path, project: str) -> dict[str, Any]:
    """Everything that a request can name, with the ids that Airflow gave."""
    asset = one(home, "SELECT id FROM asset WHERE name = ?", f"{project}_asset")
    dag = world.request("alice", f"/api/v2/dags/{project}_daily").json()
    return {
        **names_of(project), "plain_run_id": RUN[project], "team": TEAM[project], "asset_id": int(asset),
        "backfill_id": 1, "group_id": f"{project}_group", "file_token": dag["file_token"],
    }  # fmt: skip


def test_every_route_that_changes_something_has_a_request() -> None:
    """A route of a new release needs a decision: which body would change another project?"""
    assert served_writes() == set(BODIES)


REQUESTS = [(method, path, body) for (method, path), bodies in BODIES.items() for body in bodies]
KINDS = ["its names", "own path, its names in the body", "all DAGs, its names in the body"]
# Who has no right to change which project. An own path is of use to those only who have one.
TARGETS = {"bob": "beta", "reader": "beta", "vera": "alpha", "erin": "alpha"}
READERS = ("reader", "vera")
CASES = [
    pytest.param(who, kind, index, id=f"{who}, {kind}: {method} {path}")
    for who in TARGETS
    for kind in (KINDS if TARGETS[who] == "beta" else KINDS[:1])
    for index, (method, path, body) in enumerate(REQUESTS)
    # Without a body, an own path names nothing of another project.
    if kind == KINDS[0] or body is not None
]
# Names of their rows are taken for all projects; a row without a team is everybody's.
WITH_TEAM = ("variable", "connection", "slot_pool")


def attack(kind: str, project: str, index: int, world: World, home: Path) -> WriteRequest:
    target = names(world, home, project)
    paths = {
        KINDS[0]: target,
        KINDS[1]: {**names(world, home, "alpha"), "backfill_id": 1},
        KINDS[2]: {**target, "dag_id": "~", "dag_run_id": "~"},
    }
    return write_requests(target, paths[kind])[index]


def rows_of(project: str, every: Facts) -> Facts:
    """The rows that name the project or its team, and the rows that have no team but could."""

    def is_of_project(table: str, row: Row) -> bool:
        text = str(row)
        return project in text or TEAM[project] in text or (table in WITH_TEAM and "team_name=None" in row)

    return {table: {row for row in rows if is_of_project(table, row)} for table, rows in every.items()}


@isolation("Changing: every route, with the names of another project in path or body", mode="team")
@pytest.mark.parametrize(("who", "kind", "index"), CASES)
def test_nothing_of_another_project_changes(world: World, home: Path, who: str, kind: str, index: int) -> None:
    project = TARGETS[who]
    request = attack(kind, project, index, world, home)
    user, claims = ("bob", READER_OF_BETA) if who == "reader" else (who, {})
    before = rows_of(project, facts(home))
    if who in READERS:
        # The own list of DAGs, which they may read.
        before.pop("dag_favorite")
    response = world.request(user, request.path, request.method, json=request.body, claims=claims)
    assert response.status_code < 500, response.text
    assert changes(before, rows_of(project, facts(home))) == [], response.text
    if who not in READERS:
        assert f"{project} value" not in response.text and f"{project} note" not in response.text


def unused(target: dict[str, Any]) -> dict[str, Any]:
    """Names of the same form that nobody uses."""
    ids = {"asset_id": 999_999, "backfill_id": 999_999}
    kept = {"team", *ids}
    text = {name: str(value).replace("beta", "none") for name, value in target.items() if name not in kept}
    return {**target, **text, **ids}


# A file token is signed: nobody can try one that Airflow has not given them.
GUESSABLE = [index for index, (_, path, _) in enumerate(REQUESTS) if "{file_token}" not in path]


@isolation("Changing: every route, a name of another project and one that nobody uses look the same", mode="team")
@pytest.mark.parametrize("index", GUESSABLE, ids=[" ".join(REQUESTS[index][:2]) for index in GUESSABLE])
def test_a_foreign_name_looks_like_an_unused_one(world: World, home: Path, index: int) -> None:
    target = names(world, home, "beta")
    none = unused(target)
    foreign, missing = write_requests(target)[index], write_requests(none)[index]
    responses = [world.request("bob", each.path, each.method, json=each.body) for each in (foreign, missing)]
    assert responses[0].status_code == responses[1].status_code
    told = responses[0].text.replace("beta", "none").replace(str(target["asset_id"]), str(none["asset_id"]))
    assert told == responses[1].text
