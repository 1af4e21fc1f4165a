"""Tasks of project alpha that try to get or change something of project beta. Each returns what it got."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, Connection, Variable, dag, get_current_context, task
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

SECRETS = ("JWT_SECRET", "FERNET_KEY", "SQL_ALCHEMY_CONN")
BETA = "beta_daily"
BETA_RUN = "beta__2026-01-01T00:00:00+00:00"


def attempt(attack):
    """What the attack got, or that it failed."""
    try:
        return f"got {attack()}"
    except BaseException as error:
        return f"failed: {type(error).__name__}"


def ancestors():
    """This process, the one that started it, and so on."""
    process = os.getpid()
    while process > 1:
        yield process
        status = Path(f"/proc/{process}/status").read_text()
        process = int(status.partition("PPid:")[2].split()[0])


def secrets():
    """Names of the secrets in the environment of this process and of those that it descends from."""
    pairs = list(os.environ.items())
    for process in ancestors():
        with suppress(OSError):
            given = Path(f"/proc/{process}/environ").read_text()
            pairs += [pair.partition("=")[::2] for pair in given.split("\0")]
    # Airflow takes the address of the database out of the environment of a task, not out of its ancestors'.
    return sorted({name for name, value in pairs if name.endswith(SECRETS) and "not-allowed" not in value})


# When the file is parsed, this is the DAG processor.
@dag(schedule=None, is_paused_upon_creation=False, doc_md=" ".join(secrets()))
def alpha_attacks():
    @task
    def set_variable():
        return attempt(lambda: Variable.set("beta_variable", "changed"))

    @task
    def set_global_variable():
        return attempt(lambda: Variable.set("nobodys_variable", "changed"))

    @task
    def get_variable():
        return attempt(lambda: Variable.get("beta_variable"))

    @task
    def delete_variables():
        return attempt(lambda: [Variable.delete(key) for key in ("beta_variable", "nobodys_variable")])

    @task
    def get_connection():
        return attempt(lambda: Connection.get("beta_connection"))

    @task
    def pull_xcom():
        ti = get_current_context()["ti"]
        pull = {"dag_id": BETA, "run_id": BETA_RUN, "task_ids": "beta_task", "key": "beta_key"}
        return attempt(lambda: ti.xcom_pull(include_prior_dates=True, **pull))

    @task
    def task_states():
        return attempt(lambda: RuntimeTaskInstance.get_task_states(dag_id=BETA))

    @task
    def run_count():
        return attempt(lambda: RuntimeTaskInstance.get_dr_count(dag_id=BETA))

    @task
    def run_state():
        return attempt(lambda: RuntimeTaskInstance.get_dagrun_state(dag_id=BETA, run_id=BETA_RUN))

    @task(inlets=[Asset("beta_asset")])
    def asset_events():
        return attempt(lambda: [event.extra for event in get_current_context()["inlet_events"][Asset("beta_asset")]])

    @task
    def own_variable():
        def use():
            Variable.set("alpha_of_a_task", "1")
            return Variable.get("alpha_of_a_task") + Variable.get("alpha_variable")

        return attempt(use)

    @task
    def environment():
        """What remains with LocalExecutor: a task is a child of the scheduler and has its environment."""
        return secrets()

    @task
    def logs_of_others():
        """What remains with LocalExecutor: the logs of all projects are in one folder."""
        return sorted(folder.name for folder in Path(os.environ["AIRFLOW_HOME"], "logs").glob("dag_id=beta*"))

    set_variable()
    set_global_variable()
    get_variable()
    delete_variables()
    get_connection()
    pull_xcom()
    task_states()
    run_count()
    run_state()
    asset_events()
    own_variable()
    environment()
    logs_of_others()
    TriggerDagRunOperator(task_id="trigger", trigger_dag_id=BETA, trigger_run_id="made_by_alpha")


alpha_attacks()
