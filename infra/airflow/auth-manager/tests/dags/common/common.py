"""A DAG of nobody: no team, no project tag."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("nobodys_job", schedule=None, tags=["both"]):
    EmptyOperator(task_id="nobodys_task")
