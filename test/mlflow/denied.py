"""What a user of MLflow's Python client reads when the gateway denies its first call, printed as JSON."""

import json

import mlflow

try:
    mlflow.set_experiment("python")
    print(json.dumps({"error": None}))
except Exception as error:
    print(json.dumps({"error": str(error), "type": type(error).__name__}))
