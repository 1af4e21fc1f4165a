"""Who sees and changes what, over every endpoint that reads; by teams and by tags."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from gateway import ALPHA, BETA, TEAM
from isolation import isolation
from routes import reading_paths
from world import RUN

BOTH = {"alpha_daily", "alpha_other", "beta_daily", "beta_consumer"}
VISIBLE = {
    "alice": BOTH | {"nobodys_job"},
    "bob": {"alpha_daily", "alpha_other"},
    "carol": {"beta_daily", "beta_consumer"},
    "dave": BOTH,
    "vera": {"alpha_daily", "alpha_other"},
}
NARROWED_TO_ALPHA = {"project_id": ALPHA["id"], "projects": [ALPHA]}


def dag_ids(response) -> set[str]:
    assert response.status_code == 200, response.text
    return {dag["dag_id"] for dag in response.json()["dags"]}


@pytest.mark.parametrize("who", VISIBLE)
def test_lists_and_counts_hold_the_own_projects_dags_and_no_others(world, who: str) -> None:
    for path in ("/api/v2/dags", "/ui/dags"):
        response = world.request(who, path)
        assert dag_ids(response) == VISIBLE[who]
        assert response.json()["total_entries"] == len(VISIBLE[who])
    stats = world.request(who, "/ui/dashboard/dag_stats").json()
    # New DAGs are paused, and a paused DAG is active in none of these counts.
    assert stats["active_dag_count"] <= len(VISIBLE[who])


@pytest.mark.parametrize("who", ["alice", "dave"])
def test_a_selected_project_narrows_whoever_selected_it(world, who: str) -> None:
    assert dag_ids(world.request(who, "/ui/dags", claims=NARROWED_TO_ALPHA)) == VISIBLE["bob"]
    assert world.request(who, "/api/v2/dags/beta_daily", claims=NARROWED_TO_ALPHA).status_code == 403


def test_nobody_without_a_project_sees_anything(world) -> None:
    for path in (
        "/api/v2/dags",
        "/ui/dags",
        "/api/v2/dagTags",
        "/api/v2/variables",
        "/api/v2/pools",
        "/api/v2/dagStats",
    ):
        assert world.request("erin", path).status_code == 403
    assert world.request("erin", "/ui/auth/menus").json()["authorized_menu_items"] == []


@isolation("Reading: every route, with own names and with `~` for all")
@pytest.mark.parametrize("path", reading_paths("alpha"))
def test_no_response_to_bob_contains_a_word_of_beta(world, path: str) -> None:
    """With his own names, and with `~` for all."""
    response = world.request("bob", path)
    assert response.status_code < 500
    assert "beta" not in response.text and "nobodys" not in response.text, (
        f"{response.status_code} {response.text[:600]}"
    )


@isolation("Reading: every route, with the names of another project")
@pytest.mark.parametrize("path", reading_paths("beta"))
def test_requests_for_beta_are_refused_like_those_for_what_does_not_exist(world, path: str) -> None:
    response = world.request("bob", path)
    missing = world.request("bob", path.replace("beta", "none"))
    assert response.status_code == missing.status_code
    said = response.text.replace(quote(path), "").replace(path, "")
    assert "beta value" not in said and "beta note" not in said and "beta-tag" not in said
    assert response.text.replace("beta", "none") == missing.text


@isolation("Reading: every route, as administrator", over_blocked=True)
@pytest.mark.parametrize("path", reading_paths("alpha"))
def test_alice_is_refused_nothing(world, path: str) -> None:
    if path == "/ui/teams" and world.project_by == "tag":
        return  # refused to everybody where Airflow has no teams
    assert world.request("alice", path).status_code not in (401, 403)


def asset_id(world, project: str) -> int:
    listed = world.request("alice", f"/api/v2/assets?name_pattern={project}_asset").json()
    return int(listed["assets"][0]["id"])


def trigger(world, who: str, dag: str, **options):
    body = {"logical_date": datetime.now(timezone.utc).isoformat()}
    return world.request(who, f"/api/v2/dags/{dag}/dagRuns", "POST", json=body, **options)


def test_members_trigger_their_own_dags(world) -> None:
    for who, dag in (("alice", "nobodys_job"), ("bob", "alpha_other"), ("dave", "beta_consumer")):
        response = trigger(world, who, dag)
        assert response.status_code == 200, response.text
        assert response.json()["triggering_user_name"] == who


def test_nobody_triggers_what_is_not_theirs(world) -> None:
    refused = [("bob", "beta_daily"), ("bob", "nobodys_job"), ("carol", "alpha_other"), ("erin", "alpha_other")]
    for who, dag in (*refused, ("vera", "alpha_other"), ("bob", "~")):
        assert trigger(world, who, dag).status_code in (403, 404), (who, dag)
    assert trigger(world, "dave", "beta_consumer", claims=NARROWED_TO_ALPHA).status_code == 403
    assert trigger(world, "alice", "beta_consumer", claims=NARROWED_TO_ALPHA).status_code == 403


RUN_PATH = f"/api/v2/dags/{{}}/dagRuns/{quote(RUN['beta'])}"
CHANGES = [
    ("PATCH", "/api/v2/dags/{dag}", {"is_paused": False}),
    ("DELETE", "/api/v2/dags/{dag}", None),
    ("PATCH", "/api/v2/dags/{dag}/dagRuns/{run}", {"note": "seen"}),
    ("POST", "/api/v2/dags/{dag}/dagRuns/{run}/clear", {"dry_run": False}),
    ("POST", "/api/v2/dags/{dag}/clearTaskInstances", {"dry_run": False}),
    ("PATCH", "/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}", {"new_state": "success"}),
    ("DELETE", "/api/v2/dags/{dag}/dagRuns/{run}", None),
    ("DELETE", "/api/v2/pools/{project}_pool", None),
    ("PATCH", "/api/v2/pools/{project}_pool", {"slots": 99, "team_name": "{team}"}),
    ("DELETE", "/api/v2/variables/{project}_variable", None),
    ("PATCH", "/api/v2/variables/{project}_variable", {"key": "{project}_variable", "value": "x"}),
    ("DELETE", "/api/v2/connections/{project}_connection", None),
    ("POST", "/api/v2/variables", {"key": "global", "value": "x"}),
    ("POST", "/api/v2/variables", {"key": "theirs", "value": "x", "team_name": "{team}"}),
    ("POST", "/api/v2/pools", {"name": "global", "slots": 1}),
    ("POST", "/api/v2/connections", {"connection_id": "global", "conn_type": "http"}),
    (
        "POST",
        "/api/v2/backfills",
        {"dag_id": "{dag}", "from_date": "2026-02-01T00:00:00Z", "to_date": "2026-02-02T00:00:00Z"},
    ),
    ("POST", "/api/v2/assets/events", {"asset_id": "{asset}", "extra": {}}),
]


def fill_in(value, project: str, asset: int = 0):
    if value == "{asset}":
        return asset
    names = {
        "project": project,
        "team": TEAM[project],
        "dag": f"{project}_daily",
        "run": quote(RUN[project]),
        "task": f"{project}_task",
    }
    if isinstance(value, str):
        return value.format(**names)
    return {key: fill_in(each, project, asset) for key, each in value.items()} if isinstance(value, dict) else value


@isolation("Changing: main routes, without the role or in another project")
@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize(("who", "project"), [("bob", "beta"), ("vera", "alpha"), ("erin", "alpha")])
def test_changes_without_the_right_to_them_are_refused(
    world, who: str, project: str, method: str, path: str, body
) -> None:
    response = world.request(who, fill_in(path, project), method, json=fill_in(body, project, asset_id(world, project)))
    # Members create events of their own assets; a foreign asset does not exist for them.
    expected = 404 if who == "bob" and path == "/api/v2/assets/events" else 403
    assert response.status_code == expected, response.text


def test_bulk_changes_are_authorized_row_by_row(world) -> None:
    task = {"dag_id": "beta_daily", "dag_run_id": RUN["beta"], "task_id": "beta_task", "new_state": "success"}
    bulk = {"actions": [{"action": "update", "entities": [task]}]}
    response = world.request("bob", "/api/v2/dags/~/dagRuns/~/taskInstances", "PATCH", json=bulk)
    assert response.status_code == 403 or response.json()["update"]["success"] == []
    runs = {"actions": [{"action": "delete", "entities": [{"dag_id": "beta_daily", "dag_run_id": RUN["beta"]}]}]}
    assert world.request("bob", "/api/v2/dags/~/dagRuns", "PATCH", json=runs).status_code == 403
    assert world.request("bob", "/api/v2/dags?dag_id_pattern=~", "PATCH", json={"is_paused": True}).status_code == 200
    state = world.request(
        "alice", f"/api/v2/dags/beta_daily/dagRuns/{quote(RUN['beta'])}/taskInstances/beta_task"
    ).json()
    assert state["state"] != "success"


def test_a_body_does_not_lend_its_dag_to_the_query(world) -> None:
    """Airflow authorizes a list of backfills by the body's DAG and lists the query's."""
    response = world.request("bob", "/api/v2/backfills?dag_id=beta_daily", json={"dag_id": "alpha_daily"})
    assert response.status_code == 403


def test_the_audit_log_shows_the_own_dags_entries_only(world) -> None:
    assert world.request("bob", "/api/v2/eventLogs").status_code == 403
    mine = world.request("bob", "/api/v2/eventLogs?dag_id=alpha_daily").json()["event_logs"]
    assert mine and {entry["dag_id"] for entry in mine} == {"alpha_daily"}
    for entry in world.request("alice", "/api/v2/eventLogs?limit=100").json()["event_logs"]:
        allowed = entry["dag_id"] in VISIBLE["bob"]
        path = f"/api/v2/eventLogs/{entry['event_log_id']}"
        assert world.request("bob", path).status_code == (200 if allowed else 403)
        assert world.request("bob", f"{path}?dag_id=alpha_daily").status_code == 403


def test_members_keep_their_own_variables_and_connections_where_there_are_teams(world) -> None:
    listed = world.request("bob", "/api/v2/variables")
    if world.project_by == "tag":
        # Without teams they belong to nobody's project.
        assert listed.status_code == 403
        return
    assert [each["key"] for each in listed.json()["variables"]] == ["alpha_variable"]
    connections = world.request("bob", "/api/v2/connections").json()["connections"]
    assert [each["connection_id"] for each in connections] == ["alpha_connection"]
    assert sorted(each["name"] for each in world.request("vera", "/api/v2/pools").json()["pools"]) == [
        "alpha_pool",
        "default_pool",
    ]
    body = {"key": "alpha_mine", "value": "1", "team_name": TEAM["alpha"]}
    assert world.request("bob", "/api/v2/variables", "POST", json=body).status_code == 201
    assert world.request("bob", "/api/v2/variables/alpha_mine", "DELETE").status_code == 204
    for path in ("/api/v2/variables", "/api/v2/connections"):
        assert world.request("vera", path).status_code == 403


def test_the_menu_shows_what_may_be_used(world) -> None:
    menu = {
        who: set(world.request(who, "/ui/auth/menus").json()["authorized_menu_items"])
        for who in ("alice", "bob", "vera")
    }
    assert {"Config", "Assets", "Jobs", "Audit Log"} <= menu["alice"]
    assert not {"Config", "Jobs", "Plugins", "Providers", "Audit Log"} & (menu["bob"] | menu["vera"])
    assert ("Variables" in menu["bob"]) == (world.project_by == "team")
    assert "Variables" not in menu["vera"] and "Dags" in menu["vera"]


def test_teams_and_tags_may_hold_the_projects_uuid(gateway, start) -> None:
    server = start("tag", AIRFLOW__MODELOPS_GATEWAY__PROJECT_KEY="id", AIRFLOW__MODELOPS_GATEWAY__AUDIENCE="flows")
    try:
        bob = gateway.assertion("bob", aud="flows", projects=[{**ALPHA, "id": "beta"}])
        assert dag_ids(server.request("GET", "/api/v2/dags", bob)) == VISIBLE["carol"]
        assert server.request("GET", "/api/v2/dags", gateway.assertion("bob")).status_code == 401
    finally:
        server.close()


def test_a_named_project_that_is_not_the_dags_is_refused_even_to_its_member(world) -> None:
    narrowed = {"project_id": BETA["id"], "projects": [BETA]}
    assert world.request("dave", "/api/v2/dags/alpha_daily", claims=narrowed).status_code == 403


def test_members_change_what_is_theirs(world) -> None:
    run = f"/api/v2/dags/alpha_daily/dagRuns/{quote(RUN['alpha'])}"
    asked = [
        ("PATCH", "/api/v2/dags/alpha_other", {"is_paused": False}),
        ("PATCH", run, {"note": "seen"}),
        ("POST", f"{run}/clear", {"dry_run": True}),
        ("POST", "/api/v2/dags/alpha_daily/clearTaskInstances", {"dry_run": True}),
        (
            "PATCH",
            f"{run}/taskInstances/alpha_task",
            {"new_state": "success" if world.project_by == "team" else "failed"},
        ),
        ("PATCH", "/api/v2/dags?dag_id_pattern=alpha", {"is_paused": True}),
    ]
    for method, path, body in asked:
        response = world.request("bob", path, method, json=body)
        assert response.status_code == 200, (method, path, response.text)
