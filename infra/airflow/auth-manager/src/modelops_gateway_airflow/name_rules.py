"""Who may use which name, where all projects of an Airflow share one namespace: DAG ids, variables, connections."""

from __future__ import annotations

from collections.abc import Mapping

SEPARATORS = ("_", "-", ".", "/")


class NameRules:
    """A name belongs to the bundle whose name it starts with; of several, to the one with the longest name."""

    def __init__(self, team_of: Mapping[str, str | None]) -> None:
        """`team_of`: every bundle and its team."""
        self._team_of = dict(team_of)

    def prefixes_of(self, team: str | None) -> list[str]:
        return sorted(prefix for prefix, owner in self._team_of.items() if owner == team)

    def is_of(self, name: str, team: str | None) -> bool:
        """Whether the name starts with one of the team's prefixes."""
        owner = self._owner(name)
        return owner is not None and self._team_of[owner] == team

    def is_of_another(self, name: str, team: str | None) -> bool:
        """Whether the name starts with another team's prefix."""
        owner = self._owner(name)
        return owner is not None and self._team_of[owner] != team

    def expected(self, team: str | None) -> str:
        """For messages: `a name that starts with alpha_ or alpha-examples_`."""
        prefixes = [f"{prefix}_" for prefix in self.prefixes_of(team)] or ["the name of a bundle of its team"]
        return f"a name that starts with {' or '.join(prefixes)}"

    def _owner(self, name: str) -> str | None:
        owners = [
            each for each in self._team_of if name == each or name.startswith(tuple(each + s for s in SEPARATORS))
        ]
        return max(owners, key=len, default=None)


def load_name_rules() -> NameRules:
    """The bundles that Airflow knows, from its database."""
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.team import dag_bundle_team_association_table as teams
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(DagBundleModel.name, teams.c.team_name).outerjoin(
        teams, teams.c.dag_bundle_name == DagBundleModel.name
    )
    with create_session() as session:
        return NameRules({name: team for name, team in session.execute(query)})
