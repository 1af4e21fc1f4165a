"""DAGs of project alpha, tied to it by their bundle's team and by their tag."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset

with DAG("alpha_daily", schedule="@daily", catchup=False, tags=["project:alpha", "both"]):
    EmptyOperator(task_id="alpha_task", outlets=[Asset("alpha_asset")])

with DAG("alpha_other", schedule=None, tags=["project:alpha", "both"]):
    EmptyOperator(task_id="alpha_task")
