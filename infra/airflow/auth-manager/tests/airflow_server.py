"""A real Airflow for the tests: a home of its own, DAGs parsed once, an API server on a free port."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from gateway import TEAM

HERE = Path(__file__).parent
JWT_SECRET = "another-secret-of-the-tests-" + "x" * 64
AIRFLOW = str(Path(sys.executable).parent / "airflow")


_RESERVATIONS: list[socket.socket] = []


def free_port() -> int:
    """
    As `freePort` in infra/parts/ports.ts: below the ports of outgoing connections, which could take it until a server
    listens, and reserved by a UDP port against the other processes of the tests.
    """
    for _ in range(1000):
        port = random.randrange(20_000, 32_000)
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            reservation.bind(("127.0.0.1", port - 12_000))
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        _RESERVATIONS.append(reservation)
        return port
    raise AssertionError("no free port from 20000 to 31999")


def environment(home: Path, issuer: str, project_by: str, **more: str) -> dict[str, str]:
    """Variables of one installation; several servers may follow one another in the same home."""
    bundles = [
        {
            "name": name,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(HERE / "dags" / name)},
            **({"team_name": TEAM[name]} if project_by == "team" and name in TEAM else {}),
        }
        for name in ("alpha", "beta", "common")
    ]
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
    return own | {
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": str(HERE.parent / "src"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:8080/airflow/execution/",
        "AIRFLOW__CORE__MULTI_TEAM": str(project_by == "team"),
        "AIRFLOW__CORE__AUTH_MANAGER": "modelops_gateway_airflow.manager.GatewayAuthManager",
        "AIRFLOW__CORE__FERNET_KEY": "c2l4dGVlbi1ieXRlcy1vZi10ZXN0LWtleXMtMTIzNCE=",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
        "AIRFLOW__API__WORKERS": "1",
        # So that a refusal of the configuration is the auth manager's, not Airflow's.
        "AIRFLOW__API__EXPOSE_CONFIG": "True",
        "AIRFLOW__API__SECRET_KEY": "secret-of-the-tests",
        "AIRFLOW__API_AUTH__JWT_SECRET": JWT_SECRET,
        "AIRFLOW__MODELOPS_GATEWAY__ISSUER": issuer,
        "AIRFLOW__MODELOPS_GATEWAY__PROJECT_BY": project_by,
        # Teams are named by the default, tags as the DAGs have them.
        **({} if project_by == "team" else {"AIRFLOW__MODELOPS_GATEWAY__PROJECT_KEY": "name"}),
        **more,
    }


def make_home(home: Path) -> Path:
    """A home whose processes load the cluster policy, as an installed package's do."""
    (home / "config").mkdir(parents=True, exist_ok=True)
    local_settings = home / "config" / "airflow_local_settings.py"
    local_settings.write_text("from modelops_gateway_airflow.policy import dag_policy  # noqa: F401\n")
    return home


def airflow(env: dict[str, str], *arguments: str) -> str:
    """Run a command of Airflow to its end. Its output is shown if it fails."""
    done = subprocess.run([AIRFLOW, *arguments], env=env, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, f"airflow {' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


class Background:
    """A process of Airflow and everything that it started."""

    def __init__(self, env: dict[str, str], home: Path, *arguments: str) -> None:
        self._log = home / f"{arguments[0]}-{free_port()}.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [AIRFLOW, *arguments], env=env, stdout=log, stderr=log, start_new_session=True
            )

    def log(self) -> str:
        """What the process has printed so far."""
        return self._log.read_text()

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


class ApiServer:
    """`airflow api-server` below `/airflow`. `close` ends all of its processes."""

    def __init__(self, env: dict[str, str], home: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/airflow"
        address = ["--host", "127.0.0.1", "--port", str(port)]
        self._process = Background(env | {"AIRFLOW__API__BASE_URL": self.url}, home, "api-server", *address)
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end and self._process.process.poll() is None:
            try:
                if self.client.get("/api/v2/version").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError(f"the API server did not start\n{self.log()[-4000:]}")

    def request(self, method: str, path: str, assertion: str | None, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if assertion is not None:
            headers["X-Gateway-Assertion"] = assertion
        return self.client.request(method, path, headers=headers, **options)

    def log(self) -> str:
        return self._process.log()

    def close(self) -> None:
        self.client.close()
        self._process.close()
