"""A DAG of project alpha whose task logs a run to MLflow through the gateway, as a machine of its own.

Workers need the package `modelops-gateway-mlflow` and, in their environment, `MODELOPS_GATEWAY`, `MODELOPS_PROJECT`,
`MODELOPS_CLIENT_ID` and `MODELOPS_CLIENT_SECRET_FILE`. Where `mlflow` itself is installed, `MLFLOW_TRACKING_AUTH=modelops`
and `MLFLOW_TRACKING_URI` do the same without the session below.
"""

from __future__ import annotations

import os
import time
from typing import Any

from airflow.sdk import dag, get_current_context, task


@dag(schedule=None, catchup=False, tags=["project:alpha", "example"])
def log_to_mlflow() -> None:
    """One task; its XCom is the id of the run in MLflow."""

    @task
    def log_run() -> str:
        airflow_run = str(get_current_context()["run_id"])
        mlflow = _session()
        experiment = _experiment_id(mlflow, "airflow")
        run = _call(mlflow, "runs/create", experiment_id=experiment, run_name=airflow_run, start_time=_now_ms())
        run_id = str(run["run"]["info"]["run_id"])
        _call(mlflow, "runs/set-tag", run_id=run_id, key="airflow.run_id", value=airflow_run)
        _call(mlflow, "runs/log-metric", run_id=run_id, key="accuracy", value=0.42, timestamp=_now_ms(), step=0)
        _call(mlflow, "runs/update", run_id=run_id, status="FINISHED", end_time=_now_ms())
        return run_id

    log_run()


def _session() -> Any:
    """A session with a token that stays fresh, sent to the gateway alone, and the project of every request."""
    import requests
    from modelops_gateway_mlflow.bearer_auth import BearerAuth
    from modelops_gateway_mlflow.client_credentials import fetch_for_client
    from modelops_gateway_mlflow.discovery import discover
    from modelops_gateway_mlflow.settings import Settings
    from modelops_gateway_mlflow.tokens import TokenSource

    settings = Settings.from_environment()
    endpoints = discover(settings)
    session = requests.Session()
    session.auth = BearerAuth(TokenSource(lambda _refused: fetch_for_client(settings, endpoints)), endpoints.origins)
    session.headers["AOA-Project-ID"] = os.environ["MODELOPS_PROJECT"]
    return session


def _experiment_id(session: Any, name: str) -> str:
    response = session.get(_url("experiments/get-by-name"), params={"experiment_name": name}, timeout=30)
    if response.status_code == 404:
        return str(_call(session, "experiments/create", name=name)["experiment_id"])
    response.raise_for_status()
    return str(response.json()["experiment"]["experiment_id"])


def _call(session: Any, path: str, **body: object) -> dict[str, Any]:
    response = session.post(_url(path), json=body, timeout=30)
    response.raise_for_status()
    return dict(response.json())


def _url(path: str) -> str:
    return f"{os.environ['MODELOPS_GATEWAY']}/mlflow/api/2.0/mlflow/{path}"


def _now_ms() -> int:
    return int(time.time() * 1000)


log_to_mlflow()
