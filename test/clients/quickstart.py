"""What every guide to MLflow starts with, printed as JSON. The environment says where, as whom and in which project."""

import json
import warnings

warnings.simplefilter("ignore")

import mlflow

mlflow.set_experiment("clients")
with mlflow.start_run() as run:
    mlflow.log_param("depth", 3)
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("content", "note.txt")

stored = mlflow.MlflowClient().get_run(run.info.run_id)
print(
    json.dumps({
        "author": stored.data.tags["mlflow.user"],
        "metric": stored.data.metrics["loss"],
        "artifact": mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt"),
    })
)
