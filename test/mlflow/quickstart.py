"""MLflow's quickstart, which names no experiment; what came of it as JSON."""

import json
import warnings

warnings.simplefilter("ignore")

import mlflow

with mlflow.start_run() as run:
    mlflow.log_param("learning_rate", 0.1)
    mlflow.log_metric("accuracy", 0.9)
    mlflow.log_text("content", "note.txt")


@mlflow.trace
def answer(question: str) -> str:
    return question


answer("why")
mlflow.flush_trace_async_logging()
info = mlflow.get_run(run.info.run_id).info
trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
print(
    json.dumps(
        {
            "experiment": mlflow.get_experiment(info.experiment_id).name,
            "author": info.user_id,
            "runs": len(mlflow.search_runs()),
            "by_id": len(mlflow.search_runs(experiment_ids=["0"])),
            "by_name": len(mlflow.search_runs(experiment_names=["Default"])),
            "artifact": mlflow.artifacts.load_text(f"{info.artifact_uri}/note.txt"),
            "trace_in_experiment": trace.info.experiment_id == info.experiment_id,
        }
    )
)
