"""Airflow auth managers behind modelops-gateway: every request is authorized by the gateway's signed assertion."""
