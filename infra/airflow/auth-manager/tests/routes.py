"""Every path of the real Airflow that reads, with the names of one project filled in, and with `~` for all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from airflow.api_fastapi.core_api.routes.public import public_router
from airflow.api_fastapi.core_api.routes.ui import ui_router
from world import RUN

# Respond only after a run ended, or with the state of a connection test that was never requested.
NOT_REQUESTED = re.compile(r"/wait$|/enqueue-test$|/auth/log(in|out)$")
QUERIES = {
    "/api/v2/backfills": "?dag_id={dag}",
    "/ui/backfills": "?dag_id={dag}",
    "/ui/structure/structure_data": "?dag_id={dag}&external_dependencies=true",
    "/ui/grid/ti_summaries/{dag_id}": "?run_ids={run}",
    "/ui/dashboard/historical_metrics_data": "?start_date=2025-01-01T00:00:00Z",
    "/api/v2/eventLogs": "?dag_id={dag}",
    "/api/v2/dagStats": "?dag_ids={dag}",
    "/api/v2/assets/events": "?source_dag_id={dag}",
}


def names_of(project: str) -> dict[str, str]:
    """Values of the parameters that Airflow's paths have."""
    return {
        "dag_id": f"{project}_daily", "dag_run_id": quote(RUN[project]), "run_id": quote(RUN[project]),
        "task_id": f"{project}_task", "map_index": "-1", "try_number": "1", "task_try_number": "1",
        "xcom_key": f"{project}_key", "key": "k", "pool_name": f"{project}_pool",
        "variable_key": f"{project}_variable", "connection_id": f"{project}_connection", "version_number": "1",
        "section": "core", "option": "parallelism",
    }  # fmt: skip


def reading_paths(project: str) -> list[str]:
    names = names_of(project)
    return paths_with(names, {**names, "dag_id": "~", "dag_run_id": "~", "run_id": "~"})


def paths_with(*every: Mapping[str, str]) -> list[str]:
    """Each path of Airflow that reads, once for each set of names."""
    found = set()
    for template in sorted(_templates()):
        for values in every:
            query = QUERIES.get(template, "").format(dag=every[0]["dag_id"], run=quote(every[0]["run_id"], safe="%"))
            found.add(re.sub(r"\{(\w+)(?::path)?\}", lambda match, v=values: v.get(match[1], "1"), template) + query)
    return sorted(found)


def _templates() -> set[str]:
    routes = [*public_router.routes, *ui_router.routes]
    templates = {route.path for route in routes if "GET" in getattr(route, "methods", ())}
    # A renamed router would otherwise leave nothing to request.
    assert len(templates) > 80, sorted(templates)
    return {template for template in templates if not NOT_REQUESTED.search(template)}
