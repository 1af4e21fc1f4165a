"""The execution API: a task reads and changes what belongs to the team of its DAG."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from airflow.api_fastapi.execution_api.security import CurrentTIToken, _jwt_bearer, require_auth
from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from modelops_gateway_airflow.rows.dag_owners import DagOwners
from modelops_gateway_airflow.rows.filter import RowFilter
from modelops_gateway_airflow.rows.scope import RowScope, current_rows
from modelops_gateway_airflow.settings import Settings
from modelops_gateway_airflow.tasks.outlets import check_outlets
from modelops_gateway_airflow.tasks.task_rules import TaskRules

OWN_TASK = ("task_instance_id", "connection_test_id")
"""Airflow compares these parameters of a path with the token."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})

Guard = Callable[..., Awaitable[None]]


def guard_tasks(router: APIRouter, settings: Settings) -> None:
    """Add the boundary to every route that a token opens, before Airflow builds its application of them.

    Raises:
        RuntimeError: there is no such route, so this release of Airflow or FastAPI builds its API in another way.
    """
    owners = DagOwners(settings)
    dependency = Depends(_guard(TaskRules(owners, settings)))
    guarded = 0
    for route in router.routes:
        if isinstance(route, APIRoute) and any(each.dependency is require_auth for each in route.dependencies):
            # Before Airflow's own checks, which tell a foreign DAG from one that does not exist.
            route.dependencies.insert(0, dependency)
            guarded += 1
    if guarded == 0:
        raise RuntimeError(
            "modelops-gateway: expected routes with require_auth in Airflow's execution API, got none: tasks would not be"
            " bound to their team. Use a release of Airflow and FastAPI that the gateway's guide names."
        )
    RowFilter(owners).install()


def _guard(rules: TaskRules) -> Guard:
    async def authorize_task(request: Request, token: Any = CurrentTIToken) -> None:
        if _jwt_bearer in request.app.dependency_overrides:
            # DAG processor and triggerer call the API within their own process, without a token: no task is known.
            return
        if any(name in request.path_params for name in OWN_TASK):
            if request.method == "PATCH" and request.url.path.endswith("/state"):
                await run_in_threadpool(check_outlets, rules, token.id, await request.json())
            return
        team = await run_in_threadpool(rules.team_of_task, token.id)
        writing = request.method not in READING
        _bind(request, team)
        await run_in_threadpool(rules.check, team, request.path_params, writing)

    return authorize_task


def _bind(request: Request, team: str | None) -> None:
    own = frozenset({team} if team is not None else ())
    current_rows.set(
        RowScope(
            readable=own,
            writable=own,
            route="assets" if "/store/" in request.url.path else "other",
            unowned="writable" if team is None else "readable",
        )
    )
