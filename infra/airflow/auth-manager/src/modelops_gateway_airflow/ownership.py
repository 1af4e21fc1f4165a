"""Which project a DAG belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.models.dag import DagTag
from airflow.utils.session import create_session
from sqlalchemy import select

if TYPE_CHECKING:
    from modelops_gateway_airflow.settings import Settings
    from modelops_gateway_airflow.user import GatewayUser


class Ownership:
    """Answers by team (given by Airflow) or by DAG tag (one query a question)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def by_team(self) -> bool:
        return self._settings.project_by == "team"

    def owns_team(self, user: GatewayUser, team_name: str | None, *, writing: bool = False) -> bool:
        """Whether a team belongs to a project of the user. What has no team belongs to no project."""
        return user.sees_all_projects or (self.by_team and team_name in self._keys(user, writing))

    def own_dag_ids(self, user: GatewayUser, dag_ids: set[str], team_name: str | None, *, writing: bool) -> set[str]:
        """The DAGs of `dag_ids` that belong to a project the user may read (or change)."""
        if user.sees_all_projects:
            return dag_ids
        keys = self._keys(user, writing)
        if self.by_team:
            return dag_ids if team_name in keys else set()
        return dag_ids & _tagged({f"{self._settings.tag_prefix}{key}" for key in keys})

    def _keys(self, user: GatewayUser, writing: bool) -> set[str]:
        usable = (each for each in user.memberships if not writing or each.role == "editor")
        keys = (each.id if self._settings.project_key == "id" else each.name for each in usable)
        return {key for key in keys if key}


def _tagged(tags: set[str]) -> set[str]:
    if not tags:
        return set()
    with create_session() as session:
        return set(session.scalars(select(DagTag.dag_id).where(DagTag.name.in_(tags))))
