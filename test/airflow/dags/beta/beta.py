"""DAGs of project beta; every name holds the word `beta`."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("beta_daily", schedule=None, tags=["project:beta"]):
    EmptyOperator(task_id="beta_task")
