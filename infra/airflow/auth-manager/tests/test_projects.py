"""Who sees and changes what, over every endpoint that reads; by teams and by tags."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from gateway import ALPHA, BETA
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


def dag_ids(answer) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {dag["dag_id"] for dag in answer.json()["dags"]}


@pytest.mark.parametrize("who", VISIBLE)
def test_lists_and_counts_hold_the_own_projects_dags_and_no_others(world, who: str) -> None:
    for path in ("/api/v2/dags", "/ui/dags"):
        answer = world.ask(who, path)
        assert dag_ids(answer) == VISIBLE[who]
        assert answer.json()["total_entries"] == len(VISIBLE[who])
    stats = world.ask(who, "/ui/dashboard/dag_stats").json()
    # New DAGs are paused, and a paused DAG is active in none of these counts.
    assert stats["active_dag_count"] <= len(VISIBLE[who])


@pytest.mark.parametrize("who", ["alice", "dave"])
def test_a_selected_project_narrows_whoever_selected_it(world, who: str) -> None:
    assert dag_ids(world.ask(who, "/ui/dags", claims=NARROWED_TO_ALPHA)) == VISIBLE["bob"]
    assert world.ask(who, "/api/v2/dags/beta_daily", claims=NARROWED_TO_ALPHA).status_code == 403


def test_nobody_without_a_project_sees_anything(world) -> None:
    for path in (
        "/api/v2/dags",
        "/ui/dags",
        "/api/v2/dagTags",
        "/api/v2/variables",
        "/api/v2/pools",
        "/api/v2/dagStats",
    ):
        assert world.ask("erin", path).status_code == 403
    assert world.ask("erin", "/ui/auth/menus").json()["authorized_menu_items"] == []


@pytest.mark.parametrize("path", reading_paths("alpha"))
def test_no_answer_to_bob_holds_a_word_of_beta(world, path: str) -> None:
    """Asked for his own things, and for everybody's (`~`)."""
    answer = world.ask("bob", path)
    assert answer.status_code < 500
    assert "beta" not in answer.text and "nobodys" not in answer.text, f"{answer.status_code} {answer.text[:600]}"


@pytest.mark.parametrize("path", reading_paths("beta"))
def test_what_bob_asks_of_beta_is_refused_like_what_does_not_exist(world, path: str) -> None:
    answer = world.ask("bob", path)
    missing = world.ask("bob", path.replace("beta", "none"))
    assert answer.status_code == missing.status_code
    said = answer.text.replace(quote(path), "").replace(path, "")
    assert "beta value" not in said and "beta note" not in said and "beta-tag" not in said
    assert answer.text.replace("beta", "none") == missing.text


@pytest.mark.parametrize("path", reading_paths("alpha"))
def test_alice_is_refused_nothing(world, path: str) -> None:
    if path == "/ui/teams" and world.project_by == "tag":
        return  # refused to everybody where Airflow has no teams
    assert world.ask("alice", path).status_code not in (401, 403)


def trigger(world, who: str, dag: str, **options):
    body = {"logical_date": datetime.now(timezone.utc).isoformat()}
    return world.ask(who, f"/api/v2/dags/{dag}/dagRuns", "POST", json=body, **options)


def test_members_trigger_their_own_dags(world) -> None:
    for who, dag in (("alice", "nobodys_job"), ("bob", "alpha_other"), ("dave", "beta_consumer")):
        answer = trigger(world, who, dag)
        assert answer.status_code == 200, answer.text
        assert answer.json()["triggering_user_name"] == who


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
    ("PATCH", "/api/v2/pools/{project}_pool", {"slots": 99, "team_name": "{project}"}),
    ("DELETE", "/api/v2/variables/{project}_variable", None),
    ("PATCH", "/api/v2/variables/{project}_variable", {"key": "{project}_variable", "value": "x"}),
    ("DELETE", "/api/v2/connections/{project}_connection", None),
    ("POST", "/api/v2/variables", {"key": "global", "value": "x"}),
    ("POST", "/api/v2/variables", {"key": "theirs", "value": "x", "team_name": "{project}"}),
    ("POST", "/api/v2/pools", {"name": "global", "slots": 1}),
    ("POST", "/api/v2/connections", {"connection_id": "global", "conn_type": "http"}),
    (
        "POST",
        "/api/v2/backfills",
        {"dag_id": "{dag}", "from_date": "2026-02-01T00:00:00Z", "to_date": "2026-02-02T00:00:00Z"},
    ),
    ("POST", "/api/v2/assets/events", {"asset_id": 1, "extra": {}}),
]


def fill_in(value, project: str):
    names = {"project": project, "dag": f"{project}_daily", "run": quote(RUN[project]), "task": f"{project}_task"}
    if isinstance(value, str):
        return value.format(**names)
    return {key: fill_in(each, project) for key, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize(("who", "project"), [("bob", "beta"), ("vera", "alpha"), ("erin", "alpha")])
def test_changes_of_what_is_not_theirs_are_refused(world, who: str, project: str, method: str, path: str, body) -> None:
    answer = world.ask(who, fill_in(path, project), method, json=fill_in(body, project))
    assert answer.status_code == 403, answer.text


def test_bulk_changes_are_judged_row_by_row(world) -> None:
    task = {"dag_id": "beta_daily", "dag_run_id": RUN["beta"], "task_id": "beta_task", "new_state": "success"}
    bulk = {"actions": [{"action": "update", "entities": [task]}]}
    answer = world.ask("bob", "/api/v2/dags/~/dagRuns/~/taskInstances", "PATCH", json=bulk)
    assert answer.status_code == 403 or answer.json()["update"]["success"] == []
    runs = {"actions": [{"action": "delete", "entities": [{"dag_id": "beta_daily", "dag_run_id": RUN["beta"]}]}]}
    assert world.ask("bob", "/api/v2/dags/~/dagRuns", "PATCH", json=runs).status_code == 403
    assert world.ask("bob", "/api/v2/dags?dag_id_pattern=~", "PATCH", json={"is_paused": True}).status_code == 200
    state = world.ask("alice", f"/api/v2/dags/beta_daily/dagRuns/{quote(RUN['beta'])}/taskInstances/beta_task").json()
    assert state["state"] != "success"


def test_a_body_does_not_lend_its_dag_to_the_query(world) -> None:
    """Airflow authorizes a list of backfills by the body's DAG and lists the query's."""
    answer = world.ask("bob", "/api/v2/backfills?dag_id=beta_daily", json={"dag_id": "alpha_daily"})
    assert answer.status_code == 403


def test_the_audit_log_shows_the_own_dags_entries_only(world) -> None:
    assert world.ask("bob", "/api/v2/eventLogs").status_code == 403
    mine = world.ask("bob", "/api/v2/eventLogs?dag_id=alpha_daily").json()["event_logs"]
    assert mine and {entry["dag_id"] for entry in mine} == {"alpha_daily"}
    for entry in world.ask("alice", "/api/v2/eventLogs?limit=100").json()["event_logs"]:
        allowed = entry["dag_id"] in VISIBLE["bob"]
        path = f"/api/v2/eventLogs/{entry['event_log_id']}"
        assert world.ask("bob", path).status_code == (200 if allowed else 403)
        assert world.ask("bob", f"{path}?dag_id=alpha_daily").status_code == 403


def test_members_keep_their_own_variables_and_connections_where_there_are_teams(world) -> None:
    listed = world.ask("bob", "/api/v2/variables")
    if world.project_by == "tag":
        # Without teams they belong to nobody's project.
        assert listed.status_code == 403
        return
    assert [each["key"] for each in listed.json()["variables"]] == ["alpha_variable"]
    connections = world.ask("bob", "/api/v2/connections").json()["connections"]
    assert [each["connection_id"] for each in connections] == ["alpha_connection"]
    assert [each["name"] for each in world.ask("vera", "/api/v2/pools").json()["pools"]] == ["alpha_pool"]
    body = {"key": "mine", "value": "1", "team_name": "alpha"}
    assert world.ask("bob", "/api/v2/variables", "POST", json=body).status_code == 201
    assert world.ask("bob", "/api/v2/variables/mine", "DELETE").status_code == 204
    for path in ("/api/v2/variables", "/api/v2/connections"):
        assert world.ask("vera", path).status_code == 403


def test_the_menu_shows_what_may_be_used(world) -> None:
    menu = {
        who: set(world.ask(who, "/ui/auth/menus").json()["authorized_menu_items"]) for who in ("alice", "bob", "vera")
    }
    assert {"Config", "Assets", "Jobs", "Audit Log"} <= menu["alice"]
    assert not {"Config", "Assets", "Jobs", "Plugins", "Providers", "Audit Log"} & (menu["bob"] | menu["vera"])
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
    assert world.ask("dave", "/api/v2/dags/alpha_daily", claims=narrowed).status_code == 403


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
        answer = world.ask("bob", path, method, json=body)
        assert answer.status_code == 200, (method, path, answer.text)
