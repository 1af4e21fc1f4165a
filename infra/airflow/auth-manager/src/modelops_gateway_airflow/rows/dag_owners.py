"""Which DAGs belong to which projects, in SQL: the only definition of ownership."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from airflow.models.dag import DagModel, DagTag
from airflow.models.dag_version import DagVersion
from airflow.models.team import dag_bundle_team_association_table as bundle_teams
from sqlalchemy import BindParameter, ColumnElement, Select, case, exists, or_, select

from modelops_gateway_airflow.settings import Settings

Ids = Select[str]
Keys = Collection[str] | BindParameter[Any]


class DagOwners:
    """
    Selects ids of DAGs. Tables are aliased, so that a query that contains one of these is never correlated with it.

    A DAG is *contested* when bundles of different teams (without teams: different bundles) have had its id. Nobody owns
    a contested DAG: its history is the first team's, its code the second's.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, keys: Keys) -> Ids:
        """Ids of the DAGs of the projects with these keys: names of teams, or tags."""
        return self._of_teams(keys) if self._settings.by_team else self._with_tags(keys)

    def without_team(self) -> Ids:
        """Ids of the DAGs whose bundle has no team."""
        dag, owner = DagModel.__table__.alias(), bundle_teams.alias()
        owned = exists().where(owner.c.dag_bundle_name == dag.c.bundle_name)
        return select(dag.c.dag_id).where(~owned, ~self._contested(dag))

    def contested(self) -> Ids:
        dag = DagModel.__table__.alias()
        return select(dag.c.dag_id).where(self._contested(dag))

    def _of_teams(self, teams: Keys) -> Ids:
        dag, owner = DagModel.__table__.alias(), bundle_teams.alias()
        joined = dag.join(owner, owner.c.dag_bundle_name == dag.c.bundle_name)
        return select(dag.c.dag_id).select_from(joined).where(owner.c.team_name.in_(teams), ~self._contested(dag))

    def _with_tags(self, tags: Keys) -> Ids:
        dag, tag = DagModel.__table__.alias(), DagTag.__table__.alias()
        joined = dag.join(tag, tag.c.dag_id == dag.c.dag_id)
        return select(dag.c.dag_id).select_from(joined).where(tag.c.name.in_(tags), ~self._contested(dag))

    def _contested(self, dag: Any) -> ColumnElement[bool]:
        version, then, now = DagVersion.__table__.alias(), bundle_teams.alias(), bundle_teams.alias()
        renamed = {former: now for former, now in self._settings.renamed_bundles.items() if now is not None}
        given_up = self._settings.renamed_bundles.keys() - renamed.keys()
        bundle = (
            case(renamed, value=version.c.bundle_name, else_=version.c.bundle_name)
            if renamed
            else version.c.bundle_name
        )
        history = version.outerjoin(then, then.c.dag_bundle_name == bundle).outerjoin(
            now, now.c.dag_bundle_name == dag.c.bundle_name
        )
        same_team = then.c.team_name == now.c.team_name
        return exists(
            select(version.c.id)
            .select_from(history)
            .where(
                version.c.dag_id == dag.c.dag_id,
                # Versions from before bundles were recorded name none.
                version.c.bundle_name.is_not(None),
                version.c.bundle_name.not_in(given_up),
                bundle != dag.c.bundle_name,
                or_(same_team.is_(None), ~same_team),
            )
            .correlate(dag)
        )
