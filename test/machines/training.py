"""A training in small: logs a metric every second. Prints how many calls it made and every failure, as JSON."""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

import mlflow

end = time.monotonic() + float(sys.argv[1])
client = mlflow.MlflowClient()
experiment = client.create_experiment(sys.argv[2])
run = client.create_run(experiment)
calls, failures = 0, []
while time.monotonic() < end:
    try:
        client.log_metric(run.info.run_id, "loss", 1 / (calls + 1), step=calls)
    except Exception as error:  # noqa: BLE001 - every failure counts
        failures.append(str(error))
    calls += 1
    time.sleep(1)
stored = len(client.get_metric_history(run.info.run_id, "loss"))
print(json.dumps({"calls": calls, "failures": failures, "stored": stored}))
