"""What members need of their own projects: nothing more is denied than what belongs to another one."""

from __future__ import annotations

import pytest
from gateway import ALPHA, BETA, TEAM
from isolation import isolation
from test_projects import asset_id

from modelops_gateway_airflow.ui_config import LABEL

NARROWED_TO_ALPHA = {"project_id": ALPHA["id"], "projects": [ALPHA]}
# An editor of alpha who only reads beta.
MIXED = {"projects": [ALPHA, {**BETA, "role": "viewer"}]}


@isolation("Members: assets, pools and import errors of the own project", over_blocked=True)
def test_members_read_the_assets_of_their_own_dags(world) -> None:
    for who in ("bob", "vera"):
        listed = world.request(who, "/api/v2/assets").json()
        assert [each["name"] for each in listed["assets"]] == ["alpha_asset"]
        assert listed["total_entries"] == 1
        assert world.request(who, f"/api/v2/assets/{asset_id(world, 'alpha')}").json()["name"] == "alpha_asset"
        assert world.request(who, f"/api/v2/assets/{asset_id(world, 'beta')}").status_code == 404
        events = world.request(who, "/api/v2/assets/events").json()
        assert {each["name"] for each in events["asset_events"]} == {"alpha_asset"}


@isolation("Members: assets, pools and import errors of the own project", over_blocked=True)
def test_the_assets_that_start_a_dag_are_shown_to_its_members(world) -> None:
    path = "/ui/next_run_assets/beta_consumer"
    assert [each["name"] for each in world.request("carol", path).json()["events"]] == ["beta_asset"]
    queued = "/api/v2/dags/beta_consumer/assets/queuedEvents"
    assert world.request("carol", queued).status_code == 200
    for denied in (path, queued):
        assert world.request("bob", denied).status_code == 403


@isolation("Members: assets, pools and import errors of the own project", over_blocked=True)
def test_editors_create_events_of_their_own_assets(world) -> None:
    body = {"asset_id": asset_id(world, "alpha"), "extra": {"from": "bob"}}
    assert world.request("bob", "/api/v2/assets/events", "POST", json=body).status_code == 200
    assert world.request("vera", "/api/v2/assets/events", "POST", json=body).status_code == 403
    body["asset_id"] = asset_id(world, "beta")
    assert world.request("bob", "/api/v2/assets/events", "POST", json=body).status_code == 404


def test_the_graph_of_an_asset_is_shown_to_its_own_members_however_it_is_asked_for(world) -> None:
    for parameter in ("dependency_type=data", "dependency_type=%64ata", "%64ependency_type=d%61ta"):
        own = world.request("bob", f"/ui/dependencies?{parameter}&node_id=asset:{asset_id(world, 'alpha')}")
        assert own.status_code == 200 and "beta" not in own.text
        foreign = world.request("bob", f"/ui/dependencies?{parameter}&node_id=asset:{asset_id(world, 'beta')}")
        assert foreign.status_code == 404
        assert "beta" not in foreign.text


@isolation("Members: assets, pools and import errors of the own project", over_blocked=True)
def test_the_default_pool_is_readable(world) -> None:
    for who in ("bob", "vera"):
        assert world.request(who, "/api/v2/pools/default_pool").status_code == 200
        assert "default_pool" in world.request(who, "/api/v2/pools").text
        assert world.request(who, "/api/v2/pools/default_pool", "DELETE").status_code == 403
    assert world.request("erin", "/api/v2/pools/default_pool").status_code == 403


@isolation("Members: assets, pools and import errors of the own project", over_blocked=True)
def test_members_read_the_import_errors_of_their_own_files(world) -> None:
    listed = world.request("carol", "/api/v2/importErrors").json()
    if world.project_by == "team":
        assert "beta secret" in listed["import_errors"][0]["stack_trace"]
    else:
        # Without teams nobody can tell whose a file is that never contained a DAG.
        assert listed["import_errors"] == []
    assert world.request("bob", "/api/v2/importErrors").json() == {"import_errors": [], "total_entries": 0}
    every = world.request("alice", "/api/v2/importErrors").json()["import_errors"]
    for error in every:
        assert world.request("bob", f"/api/v2/importErrors/{error['import_error_id']}").status_code == 404


@isolation("Administrators with a selected project: errors and log of that project only")
def test_a_narrowed_administrator_reads_the_errors_and_the_log_of_that_project_only(world) -> None:
    assert "beta" not in world.request("alice", "/api/v2/importErrors", claims=NARROWED_TO_ALPHA).text
    entries = world.request("alice", "/api/v2/eventLogs?limit=100", claims=NARROWED_TO_ALPHA).json()["event_logs"]
    assert entries and {entry["dag_id"] for entry in entries} <= {"alpha_daily", "alpha_other"}


def only_teams(world) -> None:
    if world.project_by != "team":
        pytest.skip("variables and connections have a project with teams only")


@isolation("Members: new variables and connections belong to their team", over_blocked=True, mode="team")
@pytest.mark.parametrize("kind", ["variables", "connections"])
def test_a_new_row_belongs_to_the_only_team_of_its_author(world, kind: str) -> None:
    only_teams(world)
    body = (
        {"key": "alpha_new", "value": "1"}
        if kind == "variables"
        else {"connection_id": "alpha_new", "conn_type": "http"}
    )
    created = world.request("bob", f"/api/v2/{kind}", "POST", json=body)
    assert created.status_code == 201, created.text
    assert created.json()["team_name"] == TEAM["alpha"]
    assert world.request("bob", f"/api/v2/{kind}/alpha_new", "PATCH", json=body).status_code == 200
    assert world.request("bob", f"/api/v2/{kind}/alpha_new").json()["team_name"] == TEAM["alpha"]
    assert world.request("bob", f"/api/v2/{kind}/alpha_new", "DELETE").status_code == 204


def test_who_has_several_teams_names_one(world) -> None:
    only_teams(world)
    body = {"key": "alpha_daves", "value": "1"}
    refused = world.request("dave", "/api/v2/variables", "POST", json=body)
    assert refused.status_code == 403 and TEAM["beta"] in refused.json()["detail"]
    named = world.request("dave", "/api/v2/variables", "POST", json={**body, "team_name": TEAM["alpha"]})
    assert named.status_code == 201
    changed = world.request("dave", "/api/v2/variables/alpha_daves", "PATCH", json={**body, "value": "2"})
    assert changed.json()["team_name"] == TEAM["alpha"]
    narrowed = {"key": "alpha_narrowed", "value": "1"}
    assert (
        world.request("dave", "/api/v2/variables", "POST", json=narrowed, claims=NARROWED_TO_ALPHA).status_code == 201
    )
    for key in ("alpha_daves", "alpha_narrowed"):
        assert world.request("dave", f"/api/v2/variables/{key}", "DELETE").status_code == 204
    # An editor of alpha alone: her other project is no choice.
    assert world.request("dave", "/api/v2/variables", "POST", json=body, claims=MIXED).status_code == 201
    assert world.request("dave", "/api/v2/variables/alpha_daves", "DELETE", claims=MIXED).status_code == 204


@isolation("Members: new variables and connections belong to their team", over_blocked=True, mode="team")
def test_variables_are_imported_into_the_own_team(world) -> None:
    only_teams(world)
    rows = [{"key": "alpha_imported", "value": "1"}, {"key": "alpha_imported_too", "value": {"a": 1}}]
    body = {"actions": [{"action": "create", "entities": rows, "action_on_existence": "overwrite"}]}
    for _ in range(2):
        imported = world.request("bob", "/api/v2/variables", "PATCH", json=body)
        assert imported.status_code == 200, imported.text
        assert sorted(imported.json()["create"]["success"]) == ["alpha_imported", "alpha_imported_too"]
    for row in rows:
        assert world.request("alice", f"/api/v2/variables/{row['key']}").json()["team_name"] == TEAM["alpha"]
    delete = {"actions": [{"action": "delete", "entities": [row["key"] for row in rows]}]}
    assert world.request("bob", "/api/v2/variables", "PATCH", json=delete).status_code == 200


@isolation("Rows without a team: no member creates one")
def test_no_member_creates_a_row_without_a_team(world) -> None:
    for path in ("/api/v2/connections/defaults", "/api/v2/connections/%64efaults", "/api/v2/connections/defaults/"):
        assert world.request("bob", path, "POST", follow_redirects=True).status_code == 403
    assert world.request("alice", "/api/v2/connections/defaults", "POST", claims=NARROWED_TO_ALPHA).status_code == 403
    listed = world.request("alice", "/api/v2/connections?limit=100").json()["connections"]
    assert all(each["connection_id"] in ("alpha_connection", "beta_connection") for each in listed)


@isolation("Names of variables and connections: a taken one looks like a free one", mode="team")
@pytest.mark.parametrize("kind", ["variables", "connections"])
def test_a_taken_name_looks_like_a_free_one(world, kind: str) -> None:
    """Names are unique over all projects: only names with the own prefix are looked up."""
    only_teams(world)
    singular = kind.removesuffix("s")
    names = [f"beta_{singular}", "beta_none", f"nobodys_{singular}", "nobodys_none", "none"]

    def body(name: str) -> dict[str, str]:
        return {"key": name, "value": "x"} if kind == "variables" else {"connection_id": name, "conn_type": "http"}

    def bulk(name: str) -> dict[str, object]:
        return {"actions": [{"action": "create", "entities": [body(name)], "action_on_existence": "skip"}]}

    for path, method, form in ((f"/api/v2/{kind}", "POST", body), (f"/api/v2/{kind}", "PATCH", bulk)):
        told = {world.request("bob", path, method, json=form(name)).text.replace(repr(name), "NAME") for name in names}
        assert len(told) == 1 and "alpha_" in told.pop()


def test_the_pages_show_the_selected_project_and_no_buttons_that_are_always_denied(world) -> None:
    def css(who: str, **options):
        return world.request(who, "/ui/config", **options).json()["theme"]["globalCss"]

    hidden = {"display": "none !important"}
    assert hidden in css("alice").values() and len([value for value in css("bob").values() if value == hidden]) == 1
    assert len([value for value in css("vera").values() if value == hidden]) == 2
    narrowed = world.request("dave", "/ui/config", claims=NARROWED_TO_ALPHA).json()
    assert narrowed["instance_name"].endswith("alpha") and "alpha" in narrowed["dashboard_alert"][0]["text"]
    assert '"Project alpha"' in narrowed["theme"]["globalCss"][LABEL]["content"]
    assert world.request("dave", "/ui/config").json()["dashboard_alert"] == []
