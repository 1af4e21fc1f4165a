"""Airflow auth managers behind modelops-gateway: every request is judged by the gateway's assertion."""
