"""Fails when it is parsed: its error belongs to no DAG. Airflow parses files with the words DAG and airflow."""

raise RuntimeError("beta secret in a stack trace")
