"""Imports MLflow's server as `mlflow server` would set it up: every optional route that needs no extra package."""

import os
import tempfile
import warnings
from contextlib import contextmanager


@contextmanager
def installed_server():
    """Sets the environment under which the server may be imported; yields nothing."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{folder}/mlflow.db"
        os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        yield
