"""What a task may name in a request: the checks that no filter of rows can make."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from airflow.models.dag import DagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.team import dag_bundle_team_association_table as bundle_teams
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from fastapi import HTTPException
from sqlalchemy import select

from modelops_gateway_airflow.name_rules import load_name_rules
from modelops_gateway_airflow.rows.dag_owners import DagOwners, Ids
from modelops_gateway_airflow.settings import Settings


class TaskRules:
    """Decides by the team of the task's DAG. A DAG without a team is the administrators'."""

    def __init__(self, owners: DagOwners, settings: Settings) -> None:
        self._owners = owners
        self._names_are_free = settings.names == "free"

    def team_of_task(self, task_instance_id: UUID) -> str | None:
        """The team of the task's DAG. Raises HTTPException for a task that does not exist."""
        task, dag, owner = TaskInstance.__table__, DagModel.__table__, bundle_teams
        query = (
            select(task.c.dag_id, owner.c.team_name)
            .join(dag, dag.c.dag_id == task.c.dag_id)
            .outerjoin(owner, owner.c.dag_bundle_name == dag.c.bundle_name)
            .where(task.c.id == task_instance_id)
        )
        with create_session() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            raise error(403, "access_denied", "The token's task does not exist.")
        return None if row.team_name is None else str(row.team_name)

    def check(self, team: str | None, names: dict[str, Any], writing: bool) -> None:
        """Check the names in a path. Raises HTTPException, the same for a foreign name and for one that nobody uses."""
        if "dag_id" in names and (writing or set(names) == {"dag_id"} or "key" in names):
            # Others read rows that the filter hides. A DAG itself, and Airflow's check of XComs, are not filtered.
            self._check_dag(team, names["dag_id"], writing)
        if "variable_key" in names and writing:
            self._check_variable(team, names["variable_key"])

    def dags_of(self, team: str | None) -> Ids:
        return self._owners.without_team() if team is None else self._owners.of([team])

    def _check_dag(self, team: str | None, dag_id: str, writing: bool) -> None:
        allowed = [self.dags_of(team)] if writing or team is None else [self.dags_of(team), self._owners.without_team()]
        with create_session() as session:
            found = any(session.scalar(ids.where(ids.selected_columns[0] == dag_id)) for ids in allowed)
        if not found:
            raise error(404, "not_found", f"Dag with dag_id: '{dag_id}' not found")

    def _check_variable(self, team: str | None, key: str) -> None:
        """`Variable.set` overwrites a value whoever owns it, and `Variable.delete` takes rows without a team along."""
        with create_session() as session:
            row = session.execute(select(Variable.team_name).where(Variable.key == key)).one_or_none()
        if row is not None and row.team_name == team:
            return
        if not self._names_are_free:
            rules = load_name_rules()
            if rules.is_of_another(key, team) or (team is not None and not rules.is_of(key, team)):
                raise error(403, "access_denied", f"Variable: expected {rules.expected(team)}, got '{key}'.")
        if row is not None:
            raise error(403, "access_denied", f"Variable '{key}' belongs to another project.")


def error(status: int, reason: str, message: str) -> HTTPException:
    """An error in the form of the execution API."""
    return HTTPException(status, {"reason": reason, "message": message})
