"""
Cluster policy, loaded by every Airflow process (entry point ``airflow.policy``).

It refuses DAG ids of other projects and binds the requests of tasks to the team of their DAG. Without the entry point,
import ``dag_policy`` from here in ``airflow_local_settings.py``.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from airflow.policies import hookimpl
from wrapt import when_imported

from modelops_gateway_airflow.settings import Settings, load_settings

if TYPE_CHECKING:
    from airflow.sdk import DAG

MANAGER = "modelops_gateway_airflow.manager.GatewayAuthManager"


@hookimpl
def dag_policy(dag: DAG) -> None:
    """Refuse the DAG where it is parsed. Code of a DAG file can undo this: `guard_dag_ids` cannot be reached by it."""
    if (settings := active_settings()) is None:
        return
    from modelops_gateway_airflow.tasks.dag_ids import check_parsed

    check_parsed(dag, settings)


@cache
def active_settings() -> Settings | None:
    """None unless DAGs belong to projects by team: without teams their authors trust each other."""
    from airflow.configuration import conf

    if conf.get("core", "auth_manager", fallback="") != MANAGER:
        return None
    settings = load_settings()
    return settings if settings.by_team else None


@when_imported("airflow.dag_processing.manager")
def _guard_dag_ids(module: ModuleType) -> None:
    if (settings := active_settings()) is not None:
        from modelops_gateway_airflow.tasks.dag_ids import guard_dag_ids

        guard_dag_ids(module.DagFileProcessorManager, settings)


@when_imported("airflow.api_fastapi.execution_api.routes")
def _guard_tasks(module: ModuleType) -> None:
    if (settings := active_settings()) is not None:
        from modelops_gateway_airflow.tasks.boundary import guard_tasks

        guard_tasks(module.execution_api_router, settings)


@when_imported("airflow.dag_processing.bundles.manager")
def _quiet_bundle_names(module: ModuleType) -> None:
    """Every task would log the names of all bundles, other projects' included."""
    if active_settings() is not None:
        from modelops_gateway_airflow.tasks.quiet_bundles import hide_bundle_names

        hide_bundle_names(module.DagBundlesManager)
