"""DAGs of project alpha."""

import time

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, dag, task

with DAG("alpha_daily", schedule=None, tags=["project:alpha"]):
    EmptyOperator(task_id="alpha_task")


@dag(schedule=None, tags=["project:alpha"])
def alpha_worker():
    @task
    def say() -> str:
        # Long enough for whoever waits to be told more than once.
        time.sleep(4)
        print("hello from the worker of alpha")
        return "done"

    say()


alpha_worker()
