"""A day's work with MLflow's Python client, printed as JSON. The environment says where, as whom and in which project."""

import json
import os
import tempfile
import warnings

warnings.simplefilter("ignore")

import mlflow
from mlflow import MlflowClient

client = MlflowClient()
experiment = mlflow.set_experiment("python")

with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
    mlflow.log_param("depth", 3)
    mlflow.log_metric("loss", 0.5)
    path = os.path.join(folder, "note.txt")
    with open(path, "w") as file:
        file.write("content")
    mlflow.log_artifact(path)

    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input: list[str]) -> list[str]:
            return model_input

    model = mlflow.pyfunc.log_model(name="echo", python_model=Echo(), pip_requirements=[])

with mlflow.start_span("answer") as span:
    span.set_inputs({"question": "why"})
    span.set_outputs({"answer": "because"})
mlflow.flush_trace_async_logging()

run_id = run.info.run_id
version = mlflow.register_model(model.model_uri, "echo")
assert mlflow.pyfunc.load_model(f"models:/echo/{version.version}").predict(["hello"]) == ["hello"]
found = mlflow.search_runs([experiment.experiment_id], output_format="list")
stored = client.get_run(run_id)
trace = client.search_traces(locations=[experiment.experiment_id])[0]
text = mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt")
client.delete_run(run_id)

print(
    json.dumps({
        "author": stored.data.tags["mlflow.user"],
        "trace_author": trace.info.trace_metadata["mlflow.user"],
        "artifact": text,
        "metric": stored.data.metrics["loss"],
        "version": str(version.version),
        "source_scheme": version.source.split(":")[0],
        "found": len(found),
        "deleted": client.get_run(run_id).info.lifecycle_stage,
    })
)
