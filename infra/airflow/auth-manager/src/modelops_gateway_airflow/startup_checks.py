"""What must be configured before the API server starts: a wrong value would show later, and elsewhere."""

from __future__ import annotations

import logging
import sys

from airflow.configuration import conf

from modelops_gateway_airflow.settings import Settings

log = logging.getLogger(__name__)

POLICY = "modelops_gateway_airflow.policy"
MIN_SECRET = 16
HINT = "Run `python -m modelops_gateway_airflow init` for a complete airflow.cfg."
SECRETS = {
    ("core", "fernet_key"): "without it connections and variables are stored in the clear",
    ("api", "secret_key"): "every API server needs the same one",
    (
        "api_auth",
        "jwt_secret",
    ): "without it tasks stay queued: the scheduler signs their tokens, the API server verifies",
}


def check_configuration(settings: Settings) -> None:
    """Raise ValueError naming every option that is missing, and what depends on it."""
    faults = [fault for (section, name), why in SECRETS.items() if (fault := _secret_fault(section, name, why))]
    if not conf.get("core", "execution_api_server_url", fallback=""):
        faults.append(
            "[core] execution_api_server_url: expected the API server's own address, such as "
            "http://127.0.0.1:8080/airflow/execution/, got nothing; the gateway serves no workers"
        )
    if settings.by_team and POLICY not in sys.modules:
        faults.append(
            f"{POLICY}: expected to be loaded as cluster policy. Install this package with pip, or import dag_policy "
            "from it in airflow_local_settings.py"
        )
    if faults:
        raise ValueError("\n".join([*faults, HINT]))
    if conf.getboolean("core", "load_examples"):
        log.warning("[core] load_examples is on: the example DAGs belong to no project. Set it to False.")
    log.info("Projects are bound to Airflow by %s, named by %s.", settings.project_by, settings.project_key)


def _secret_fault(section: str, name: str, why: str) -> str | None:
    if (section, name) == ("api_auth", "jwt_secret") and conf.get(section, "jwt_private_key_path", fallback=""):
        return None
    length = len(str(conf.get(section, name, fallback="") or ""))
    if length >= MIN_SECRET:
        return None
    return f"[{section}] {name}: expected a secret of at least {MIN_SECRET} characters, got {length}; {why}"
