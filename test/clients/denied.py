"""Prints what a user of MLflow's Python client reads when a call is denied."""

import json

import mlflow

try:
    mlflow.MlflowClient().search_experiments()
except mlflow.exceptions.MlflowException as error:
    print(json.dumps({"code": error.error_code, "error": error.message}))
