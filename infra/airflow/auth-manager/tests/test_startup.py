"""What the auth manager refuses at start, and the configuration that `init` writes. No Airflow server needed."""

from __future__ import annotations

import configparser
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import APIRouter

from modelops_gateway_airflow import policy  # noqa: F401 - loaded, as Airflow loads it
from modelops_gateway_airflow.airflow_cfg import parse_bundle
from modelops_gateway_airflow.settings import Settings
from modelops_gateway_airflow.startup_checks import check_configuration
from modelops_gateway_airflow.tasks.boundary import guard_tasks

SETTINGS = Settings("https://o.example", "https://o.example/auth/jwks.json")
COMPLETE = {
    "CORE__FERNET_KEY": "x" * 44,
    "API__SECRET_KEY": "x" * 32,
    "API_AUTH__JWT_SECRET": "x" * 64,
    "CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:8080/airflow/execution/",
}


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch):
    def set_options(**options: str) -> None:
        for name, value in {**COMPLETE, **options}.items():
            monkeypatch.setenv(f"AIRFLOW__{name}", value)

    return set_options


def test_ends_the_start_where_no_route_of_tasks_could_be_guarded() -> None:
    with pytest.raises(RuntimeError, match="expected routes with require_auth in Airflow's execution API, got none"):
        guard_tasks(APIRouter(), SETTINGS)


def test_starts_with_a_complete_configuration(configure) -> None:
    configure()
    check_configuration(SETTINGS)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("CORE__FERNET_KEY", "", "[core] fernet_key: expected a secret of at least 16 characters, got 0"),
        ("API__SECRET_KEY", "", "[api] secret_key: expected a secret of at least 16 characters, got 0"),
        ("API_AUTH__JWT_SECRET", "", "[api_auth] jwt_secret: expected a secret of at least 16 characters, got 0"),
        ("API_AUTH__JWT_SECRET", "short", "[api_auth] jwt_secret: expected a secret of at least 16 characters, got 5"),
        (
            "CORE__EXECUTION_API_SERVER_URL",
            "",
            "[core] execution_api_server_url: expected the API server's own address",
        ),
    ],
)
def test_names_what_is_missing_and_how_to_get_it(configure, option: str, value: str, words: str) -> None:
    configure(**{option: value})
    with pytest.raises(ValueError) as fault:
        check_configuration(SETTINGS)
    assert words in str(fault.value) and "python -m modelops_gateway_airflow init" in str(fault.value)


def test_reports_everything_together_and_no_secret(configure) -> None:
    configure(CORE__FERNET_KEY="", API__SECRET_KEY="hunter2", API_AUTH__JWT_SECRET="")
    with pytest.raises(ValueError) as fault:
        check_configuration(SETTINGS)
    assert all(name in str(fault.value) for name in ("fernet_key", "secret_key", "jwt_secret"))
    assert "hunter2" not in str(fault.value)


def test_refuses_to_start_without_the_cluster_policy(configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure()
    monkeypatch.delitem(sys.modules, "modelops_gateway_airflow.policy")
    with pytest.raises(ValueError, match="expected to be loaded as cluster policy"):
        check_configuration(SETTINGS)
    check_configuration(Settings("https://o.example", "https://o.example/keys", project_by="tag"))


def init(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"AIRFLOW_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1] / "src"), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "modelops_gateway_airflow", "init", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


PROJECT = "11111111-1111-4111-8111-111111111111"
ARGUMENTS = ("--issuer", "https://o.example", "--bundle", f"alpha=/srv/dags/alpha={PROJECT}")


def test_init_writes_a_complete_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    done = init(tmp_path, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "airflow.cfg"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    config = configparser.ConfigParser()
    config.read(file)
    assert config["core"]["execution_api_server_url"] == "http://127.0.0.1:8080/airflow/execution/"
    assert config["core"]["load_examples"] == "False" and config["core"]["multi_team"] == "True"
    (bundle,) = json.loads(config["dag_processor"]["dag_bundle_config_list"])
    assert (bundle["name"], bundle["team_name"]) == ("alpha", PROJECT)
    secrets = [config["core"]["fernet_key"], config["api"]["secret_key"], config["api_auth"]["jwt_secret"]]
    assert len(set(secrets)) == 3 and all(len(secret) > 40 for secret in secrets)
    assert not any(secret in done.stdout for secret in secrets)


def test_init_never_replaces_secrets(tmp_path: Path) -> None:
    init(tmp_path, *ARGUMENTS)
    before = (tmp_path / "airflow.cfg").read_text()
    again = init(tmp_path, *ARGUMENTS)
    assert again.returncode == 1 and "exists" in again.stderr
    assert (tmp_path / "airflow.cfg").read_text() == before


@pytest.mark.parametrize(
    "text", ["alpha", "alpha=/dags", "alpha=dags=team", "=/dags=team", "a=/dags=no team", "a=/d=ab"]
)
def test_refuses_a_bundle_that_airflow_would_not_accept(text: str) -> None:
    with pytest.raises(ValueError, match="--bundle: expected"):
        parse_bundle(text)
