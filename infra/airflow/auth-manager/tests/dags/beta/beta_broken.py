"""Fails when it is parsed, so that its import error belongs to no DAG. Airflow parses files that name a DAG and airflow."""

raise RuntimeError("beta secret in a stack trace")
