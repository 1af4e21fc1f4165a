"""The auth manager: nobody logs in at Airflow; every request brings its own assertion."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.common.types import MenuItem
from fastapi import HTTPException

from modelops_gateway_airflow.assertion import AssertionVerifier
from modelops_gateway_airflow.middleware import AssertionMiddleware
from modelops_gateway_airflow.ownership import Ownership
from modelops_gateway_airflow.settings import Settings, load_settings
from modelops_gateway_airflow.user import GatewayUser

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        AssetAliasDetails,
        AssetDetails,
        ConfigurationDetails,
        ConnectionDetails,
        DagDetails,
        PoolDetails,
        TeamDetails,
        VariableDetails,
    )

READ = "GET"
OPEN_VIEWS = frozenset({AccessView.WEBSITE, AccessView.DOCS})
MEMBER_MENU = frozenset({MenuItem.DAGS, MenuItem.DOCS, MenuItem.REQUIRED_ACTIONS, MenuItem.XCOMS, MenuItem.DEADLINES})
EDITOR_MENU = frozenset({MenuItem.CONNECTIONS, MenuItem.VARIABLES})


class GatewayAuthManager(BaseAuthManager[GatewayUser]):
    """
    Administrators: everything. Members: what belongs to their projects; viewers read it. Others: nothing.

    What belongs to no project (configuration, jobs, plugins, assets, import errors of files that were never parsed,
    log entries without a DAG) is for administrators. With a project selected, nobody sees another one.
    """

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

    @cached_property
    def _verifier(self) -> AssertionVerifier:
        return AssertionVerifier(self.settings)

    @cached_property
    def _ownership(self) -> Ownership:
        return Ownership(self.settings)

    def init(self) -> None:
        """Fail at start, not at the first request, where the configuration is wrong."""
        _ = self.settings
        super().init()

    # -- who asks

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        return [(AssertionMiddleware, {"verifier": self._verifier, "base_path": get_cookie_path()})]

    async def get_user_from_token(self, token: str) -> GatewayUser:
        """`token` is the assertion that the middleware put in place of every other credential."""
        return await self._verifier.verify(token)

    def serialize_user(self, user: GatewayUser) -> dict[str, Any]:
        """Only for tokens of Airflow's own, which this manager neither makes nor takes."""
        raise HTTPException(403, "Tokens come from the gateway's issuer")

    def deserialize_user(self, token: dict[str, Any]) -> GatewayUser:
        """See `serialize_user`."""
        raise HTTPException(403, "Tokens come from the gateway's issuer")

    def revoke_token(self, token: str) -> None:
        """An assertion ends by itself within a minute; the session ends at the gateway."""

    def get_url_login(self, **kwargs: Any) -> str:
        return f"{self.settings.issuer}/auth/login"

    def get_url_logout(self) -> str | None:
        return f"{self.settings.issuer}/auth/logout"

    # -- DAGs

    def is_authorized_dag(
        self,
        *,
        method: ResourceMethod,
        user: GatewayUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        if user.sees_all_projects:
            return True
        if details is None or details.id is None:
            return self._may_ask_for_many(method, user, access_entity)
        return bool(
            self.filter_authorized_dag_ids(dag_ids={details.id}, user=user, method=method, team_name=details.team_name)
        )

    @staticmethod
    def _may_ask_for_many(method: ResourceMethod, user: GatewayUser, access_entity: DagAccessEntity | None) -> bool:
        """Routes over several DAGs: each row is filtered or judged by itself afterwards, except in the audit log."""
        if access_entity is DagAccessEntity.AUDIT_LOG:
            return user.is_admin
        if method == READ:
            return user.is_member
        return method == "PUT" and access_entity in (None, DagAccessEntity.TASK_INSTANCE) and user.is_editor

    def filter_authorized_dag_ids(
        self, *, dag_ids: set[str], user: GatewayUser, method: ResourceMethod = "GET", team_name: str | None = None
    ) -> set[str]:
        return self._ownership.own_dag_ids(user, dag_ids, team_name, writing=method != READ)

    # -- what may belong to a team

    def is_authorized_connection(
        self, *, method: ResourceMethod, user: GatewayUser, details: ConnectionDetails | None = None
    ) -> bool:
        name, team_name = (details.conn_id, details.team_name) if details else (None, None)
        return self._is_authorized_secret(method, user, name, team_name)

    def is_authorized_variable(
        self, *, method: ResourceMethod, user: GatewayUser, details: VariableDetails | None = None
    ) -> bool:
        name, team_name = (details.key, details.team_name) if details else (None, None)
        return self._is_authorized_secret(method, user, name, team_name)

    def _is_authorized_secret(
        self, method: ResourceMethod, user: GatewayUser, name: str | None, team_name: str | None
    ) -> bool:
        """Connections and variables hold credentials: for editors, not for viewers."""
        if method == READ and name is None and team_name is None:
            return user.is_editor and (user.is_admin or self._ownership.by_team)
        return self._ownership.owns_team(user, team_name, writing=True)

    def is_authorized_pool(
        self, *, method: ResourceMethod, user: GatewayUser, details: PoolDetails | None = None
    ) -> bool:
        """Pools share the workers' capacity among projects: members see their own, administrators change them."""
        if method != READ:
            return user.sees_all_projects
        if details is None or (details.name is None and details.team_name is None):
            return user.is_member and (user.is_admin or self._ownership.by_team)
        return self._ownership.owns_team(user, details.team_name)

    def is_authorized_team(
        self, *, method: ResourceMethod, user: GatewayUser, details: TeamDetails | None = None
    ) -> bool:
        return self._ownership.owns_team(user, details.name if details else None, writing=method != READ)

    def _get_teams(self) -> set[str]:
        """Teams are made in Airflow; the gateway's projects may be more."""
        return set()

    # -- what belongs to no project

    def is_authorized_configuration(
        self, *, method: ResourceMethod, user: GatewayUser, details: ConfigurationDetails | None = None
    ) -> bool:
        return user.is_admin

    def is_authorized_asset(
        self, *, method: ResourceMethod, user: GatewayUser, details: AssetDetails | None = None
    ) -> bool:
        return user.sees_all_projects

    def is_authorized_asset_alias(
        self, *, method: ResourceMethod, user: GatewayUser, details: AssetAliasDetails | None = None
    ) -> bool:
        return user.sees_all_projects

    def is_authorized_view(self, *, access_view: AccessView, user: GatewayUser) -> bool:
        return user.is_admin or (access_view in OPEN_VIEWS and user.is_member)

    def is_authorized_custom_view(self, *, method: ResourceMethod, resource_name: str, user: GatewayUser) -> bool:
        return user.is_admin

    def filter_authorized_menu_items(self, menu_items: list[MenuItem], *, user: GatewayUser) -> list[MenuItem]:
        if user.sees_all_projects:
            return menu_items
        shown = set(MEMBER_MENU) if user.is_member else set()
        if self._ownership.by_team and user.is_member:
            shown |= {MenuItem.POOLS} | (EDITOR_MENU if user.is_editor else set())
        if user.is_admin:
            shown |= set(menu_items) - {MenuItem.ASSETS}
        return [item for item in menu_items if item in shown]
