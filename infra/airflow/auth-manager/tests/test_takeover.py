"""DAG ids: a file of one project's bundle that uses another project's id gets nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns
from urllib.parse import quote

import pytest
from airflow_server import ApiServer, airflow, environment, make_home
from conftest import World
from gateway import TEAM, FakeGateway
from isolation import isolation
from routes import names_of, paths_with

SOURCES = Path(__file__).parents[1] / "src"
STOLEN = "quarterly_report"
RUN_ID = "manual__2026-01-01T00:00:00+00:00"
DAG_FILE = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("{dag_id}", schedule=None, tags=["{project} tag"], description="{project} description"):
    EmptyOperator(task_id="{task}", doc_md="{project} documentation")
"""


class Installation:
    """An Airflow whose two bundles are folders that the test writes to."""

    def __init__(self, directory: Path, gateway: FakeGateway) -> None:
        self.home = make_home(directory / "home")
        self._unprotected = directory / "unprotected"
        self._bundles = directory / "bundles"
        listed = [
            {
                "name": name,
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": str(self._bundles / name)},
                "team_name": TEAM[name],
            }
            for name in ("alpha", "beta")
        ]
        self.env = environment(self.home, gateway.url, "team") | {
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(listed),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db",
        }

    def write(self, bundle: str, dag_id: str, task: str | None = None, name: str = "report.py") -> None:
        folder = self._bundles / bundle
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(DAG_FILE.format(dag_id=dag_id, project=bundle, task=task or f"{bundle}_task"))

    def parse(self, *, protected: bool = True) -> str:
        """Parse both bundles. Unprotected: as an Airflow does that does not load the cluster policy."""
        env = self.env if protected else self.env | self._without_policy()
        return airflow(env, "dag-processor", "--num-runs", "1")

    def _without_policy(self) -> dict[str, str]:
        """
        A home that loads no policy, and the package without its entry points: after `pip install` of the folder, they
        are beside the sources.
        """
        sources = self._unprotected / "src"
        copytree(SOURCES, sources, ignore=ignore_patterns("*.egg-info", "__pycache__"), dirs_exist_ok=True)
        return {"AIRFLOW_HOME": str(self._unprotected), "PYTHONPATH": str(sources)}

    def bundle_of(self, dag_id: str) -> str | None:
        with sqlite3.connect(self.home / "airflow.db") as database:
            row = database.execute("SELECT bundle_name FROM dag WHERE dag_id = ?", [dag_id]).fetchone()
        return row[0] if row else None


@pytest.fixture(scope="module")
def installation(gateway: FakeGateway, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(tmp_path_factory.mktemp("takeover"), gateway)
    airflow(made.env, "db", "migrate")
    airflow(made.env, "teams", "sync")
    made.write("alpha", "alpha_own", name="own.py")
    made.write("beta", STOLEN)
    made.parse()
    return made


@pytest.fixture(scope="module")
def world(gateway: FakeGateway, installation: Installation) -> Iterator[World]:
    server = ApiServer(installation.env, installation.home)
    made = World(gateway, server, "team")
    body = {"dag_run_id": RUN_ID, "logical_date": "2026-01-01T00:00:00Z", "note": "beta note"}
    run = f"/api/v2/dags/{STOLEN}/dagRuns"
    assert made.request("carol", run, "POST", json=body).status_code == 200
    xcoms = f"{run}/{quote(RUN_ID)}/taskInstances/beta_task/xcomEntries"
    assert made.request("carol", xcoms, "POST", json={"key": "beta_key", "value": "beta value"}).status_code == 201
    yield made
    server.close()


Errors = Callable[[str], str]


@pytest.fixture
def errors_of(world: World) -> Errors:
    """The import errors that a user sees, as text."""
    return lambda who: world.request(who, "/api/v2/importErrors").text


@isolation("DAG id of another project: refused when the file is parsed", mode="team")
def test_a_file_with_another_projects_id_is_refused_when_it_is_parsed(
    installation: Installation, world: World, errors_of: Errors
) -> None:
    installation.write("alpha", STOLEN)
    installation.parse()
    assert installation.bundle_of(STOLEN) == "beta"
    assert "expected an id that no other project uses" in errors_of("bob")
    assert "beta" not in errors_of("bob") and STOLEN not in errors_of("carol")
    assert world.request("carol", f"/api/v2/dags/{STOLEN}").status_code == 200
    assert world.request("bob", f"/api/v2/dags/{STOLEN}").status_code == 403


@isolation("DAG id of another project: refused when the file is parsed", mode="team")
def test_a_file_that_disables_the_policy_is_refused_as_well(installation: Installation, errors_of: Errors) -> None:
    """A DAG file runs in the process that parses it, and can undo everything there."""
    installation.write("alpha", STOLEN)
    attack = installation._bundles / "alpha" / "report.py"
    undo = "import airflow.settings\nairflow.settings.dag_policy = lambda dag: None\n"
    attack.write_text(undo + attack.read_text())
    installation.parse()
    assert installation.bundle_of(STOLEN) == "beta"
    assert "expected an id that no other project uses" in errors_of("bob")


@isolation("DAG id of another project: refused when the file is parsed", mode="team")
def test_an_id_with_another_projects_prefix_is_refused_before_that_project_uses_it(
    installation: Installation, errors_of: Errors
) -> None:
    installation.write("alpha", "beta_next_year", name="squat.py")
    installation.parse()
    assert installation.bundle_of("beta_next_year") is None
    assert "expected a name that starts with alpha_" in errors_of("bob")


def test_every_id_needs_the_prefix_if_configured(installation: Installation) -> None:
    installation.write("alpha", "no_prefix", name="plain.py")
    strict = installation.env | {"AIRFLOW__MODELOPS_GATEWAY__DAG_IDS": "prefixed"}
    airflow(strict, "dag-processor", "--num-runs", "1")
    assert installation.bundle_of("no_prefix") is None
    installation.parse()
    assert installation.bundle_of("no_prefix") == "alpha"


@pytest.fixture(scope="module")
def taken(installation: Installation, world: World) -> World:
    """The id has been taken over, by a release without this protection."""
    installation.write("alpha", STOLEN)
    (installation._bundles / "beta" / "report.py").unlink()
    installation.parse(protected=False)
    assert installation.bundle_of(STOLEN) == "alpha"
    return world


NAMES = {**names_of("beta"), "dag_id": STOLEN, "dag_run_id": quote(RUN_ID), "run_id": quote(RUN_ID)}


@isolation("DAG id of another project: every reading route, after a takeover", mode="team")
@pytest.mark.parametrize("who", ["bob", "carol"])
@pytest.mark.parametrize("path", paths_with(NAMES))
def test_a_contested_id_is_denied_like_one_that_does_not_exist(taken: World, who: str, path: str) -> None:
    response = taken.request(who, path)
    missing = taken.request(who, path.replace(STOLEN, "none"))
    assert response.status_code == missing.status_code
    assert response.text.replace(STOLEN, "none") == missing.text


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_a_contested_id_is_denied_to_every_change(taken: World, who: str) -> None:
    run = f"/api/v2/dags/{STOLEN}/dagRuns"
    changes = [
        ("PATCH", f"/api/v2/dags/{STOLEN}", {"is_paused": False}),
        ("POST", run, {"logical_date": None}),
        ("DELETE", f"{run}/{quote(RUN_ID)}", None),
        ("POST", f"{run}/{quote(RUN_ID)}/clear", {"dry_run": False}),
        ("DELETE", f"/api/v2/dags/{STOLEN}", None),
    ]
    for method, path, body in changes:
        assert taken.request(who, path, method, json=body).status_code == 403, (method, path)


def test_the_administrator_sees_it_and_the_log_warns(taken: World) -> None:
    assert taken.request("alice", f"/api/v2/dags/{STOLEN}").status_code == 200
    assert taken.request("bob", "/api/v2/dags").status_code == 200
    log = taken.server.log()
    assert STOLEN in log and "different teams" in log


@pytest.mark.parametrize("renamed", ['{"beta": "alpha"}', '{"beta": null}'])
def test_a_renamed_bundle_keeps_its_ids(
    gateway: FakeGateway, installation: Installation, taken: World, renamed: str
) -> None:
    """To one bundle, or, when one folder of all projects has been divided, to any."""
    env = installation.env | {"AIRFLOW__MODELOPS_GATEWAY__RENAMED_BUNDLES": renamed}
    server = ApiServer(env, installation.home)
    try:
        assert server.request("GET", f"/api/v2/dags/{STOLEN}", gateway.assertion("bob")).status_code == 200
        assert server.request("GET", f"/api/v2/dags/{STOLEN}", gateway.assertion("carol")).status_code == 403
    finally:
        server.close()


def test_the_ids_of_a_folder_of_all_projects_can_be_divided(installation: Installation, taken: World) -> None:
    installation.write("beta", "summary_of_all", name="summary.py")
    installation.parse()
    (installation._bundles / "beta" / "summary.py").unlink()
    installation.write("alpha", "summary_of_all", name="summary.py")
    installation.parse()
    assert installation.bundle_of("summary_of_all") == "beta"
    airflow(
        installation.env | {"AIRFLOW__MODELOPS_GATEWAY__RENAMED_BUNDLES": '{"beta": null}'},
        "dag-processor",
        "--num-runs",
        "1",
    )
    assert installation.bundle_of("summary_of_all") == "alpha"


def test_a_deleted_dag_frees_its_id(installation: Installation, taken: World) -> None:
    airflow(installation.env, "dags", "delete", STOLEN, "--yes")
    installation.parse()
    assert installation.bundle_of(STOLEN) == "alpha"
    assert taken.request("bob", f"/api/v2/dags/{STOLEN}").status_code == 200
    assert taken.request("carol", f"/api/v2/dags/{STOLEN}").status_code == 403
