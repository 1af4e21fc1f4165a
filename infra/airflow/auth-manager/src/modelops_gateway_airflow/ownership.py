"""Which project a DAG, and a row with a team, belongs to."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from airflow.utils.session import create_session

from modelops_gateway_airflow.contested import ContestedDags
from modelops_gateway_airflow.name_rules import load_name_rules
from modelops_gateway_airflow.rows.scope import Route, RowScope

if TYPE_CHECKING:
    from modelops_gateway_airflow.rows.dag_owners import DagOwners
    from modelops_gateway_airflow.settings import Settings
    from modelops_gateway_airflow.user import GatewayUser

ROUTES: dict[str, Route] = {"/api/v2/assets": "assets", "/api/v2/importErrors": "import-errors"}


class Ownership:
    """Decides by team or by DAG tag, from the current state of the database."""

    def __init__(self, settings: Settings, owners: DagOwners) -> None:
        self._settings = settings
        self._owners = owners
        self._contested = ContestedDags(owners)

    @property
    def by_team(self) -> bool:
        return self._settings.by_team

    def rows(self, user: GatewayUser, path: str) -> RowScope | None:
        """The rows of the user's projects; None for a user who sees all projects."""
        if user.sees_all_projects:
            return None
        readable, writable = self._keys(user, writing=False), self._keys(user, writing=True)
        found = (route for prefix, route in ROUTES.items() if path.startswith(prefix))
        route: Route = next(found, "other")
        return RowScope(readable, writable, route)

    def owns_team(self, user: GatewayUser, team_name: str | None, *, writing: bool = False) -> bool:
        """Whether a team belongs to a project of the user. A row without a team belongs to no project."""
        return user.sees_all_projects or (self.by_team and team_name in self._keys(user, writing=writing))

    def editable_teams(self, user: GatewayUser) -> frozenset[str]:
        return self._keys(user, writing=True) if self.by_team else frozenset()

    def may_name(self, user: GatewayUser, name: str) -> bool:
        """Whether the user may create a variable or connection of this name, which nobody uses yet."""
        teams = self.editable_teams(user)
        if self._settings.names == "free":
            return bool(teams)
        rules = load_name_rules()
        return any(rules.is_of(name, team) for team in teams)

    def own_dag_ids(self, user: GatewayUser, among: Collection[str] | None = None, *, writing: bool) -> set[str]:
        """
        The DAGs that belong to a project the user may read, or change: all, or those of `among`.

        Not for a user who sees all projects.
        """
        query = self._owners.of(self._keys(user, writing=writing))
        if among is not None:
            query = query.where(query.selected_columns[0].in_(among))
        with create_session() as session:
            ids = set(session.scalars(query))
        if among is None:
            self._contested.warn()
        elif denied := set(among) - ids:
            self._contested.warn(denied)
        return ids

    def _keys(self, user: GatewayUser, *, writing: bool) -> frozenset[str]:
        """Names of teams, or tags."""
        usable = (each for each in user.memberships if not writing or each.role == "editor")
        keys = (each.id if self._settings.project_key == "id" else each.name for each in usable)
        prefix = "" if self.by_team else self._settings.tag_prefix
        return frozenset(f"{prefix}{key}" for key in keys if key)
