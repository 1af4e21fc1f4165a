"""DAGs of project beta; every name holds the word `beta`, so that a leak is found by looking for it."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset

with DAG("beta_daily", schedule="@daily", catchup=False, tags=["project:beta", "both", "beta-tag"]):
    EmptyOperator(task_id="beta_task", outlets=[Asset("beta_asset")])

with DAG("beta_consumer", schedule=[Asset("beta_asset")], tags=["project:beta"]):
    EmptyOperator(task_id="beta_task")
