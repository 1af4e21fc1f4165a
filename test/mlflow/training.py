"""A training in small: logs for a while in several threads, then moves one large artifact. Prints JSON."""

import hashlib
import json
import os
import sys
import tempfile
import threading
import time
import warnings

warnings.simplefilter("ignore")

import mlflow

seconds, mebibytes = float(sys.argv[1]), int(sys.argv[2])
mlflow.set_experiment("training")
client = mlflow.MlflowClient()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if sys.version_info >= (3, 11) else hashlib.sha256(file.read()).hexdigest()


with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
    end = time.monotonic() + seconds
    failures = []
    logged = []

    def train(worker):
        step = 0
        while time.monotonic() < end:
            try:
                client.log_metric(run.info.run_id, f"loss-{worker}", 1 / (step + 1), step=step)
                logged.append(1)
            except Exception as error:  # noqa: BLE001 - every failure counts
                failures.append(str(error))
            step += 1
            time.sleep(0.1)

    workers = [threading.Thread(target=train, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    path = os.path.join(folder, "weights.bin")
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for number in range(mebibytes):
            file.write(number.to_bytes(4, "big") + block[4:])
    started = time.monotonic()
    mlflow.log_artifact(path)
    sent = time.monotonic()
    got = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/weights.bin", dst_path=os.path.join(folder, "back"))
    received = time.monotonic()
    same = digest(path) == digest(got)

print(
    json.dumps({
        "logged": len(logged),
        "failures": failures,
        "same": same,
        "up": round(mebibytes / (sent - started)),
        "down": round(mebibytes / (received - sent)),
    })
)
