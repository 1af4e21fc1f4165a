"""Never parses: its import error belongs to no DAG."""

raise RuntimeError("beta secret in a stack trace")
