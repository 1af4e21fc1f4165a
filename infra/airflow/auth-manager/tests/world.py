"""Rows of both projects, created by the administrator through the API."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from gateway import TEAM

Ask = Callable[..., httpx.Response]

# Real run ids contain colons, plus signs and percent signs.
RUN = {"alpha": "manual__2026-01-01T00:00:00+00:00", "beta": "beta__2026-01-01T00:00:00+00:00"}


# Airflow's calendar fails on runs without one.
DATE = "2026-01-01T00:00:00Z"


def fill(ask: Ask) -> None:
    """Raises AssertionError with Airflow's response where something cannot be made."""
    for project in ("alpha", "beta"):
        _rows_of(ask, project)
    _make(ask, "/api/v2/variables", {"key": "nobodys_variable", "value": "shared"})
    _make(ask, "/api/v2/backfills", {
        "dag_id": "beta_daily", "from_date": "2026-01-02T00:00:00Z", "to_date": "2026-01-03T00:00:00Z",
        "max_active_runs": 1,
    })  # fmt: skip


def _rows_of(ask: Ask, project: str) -> None:
    dag, run, task = f"{project}_daily", RUN[project], f"{project}_task"
    _make(ask, f"/api/v2/dags/{dag}/dagRuns", {"dag_run_id": run, "logical_date": DATE, "note": f"{project} note"})
    _make(ask, f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries",
          {"key": f"{project}_key", "value": f"{project} value"})  # fmt: skip
    _make(
        ask,
        "/api/v2/variables",
        {"key": f"{project}_variable", "value": f"{project} value", "team_name": TEAM[project]},
    )
    _make(ask, "/api/v2/pools", {"name": f"{project}_pool", "slots": 2, "team_name": TEAM[project]})
    _make(ask, "/api/v2/connections",
          {"connection_id": f"{project}_connection", "conn_type": "http", "team_name": TEAM[project]})  # fmt: skip
    listed = ask("alice", f"/api/v2/assets?name_pattern={project}_asset").json()
    _make(ask, "/api/v2/assets/events", {"asset_id": listed["assets"][0]["id"], "extra": {"from": project}})


def _make(ask: Ask, path: str, body: dict[str, object]) -> None:
    response = ask("alice", path, "POST", json=body)
    assert response.status_code in (200, 201), f"POST {path}: {response.status_code} {response.text[:500]}"
