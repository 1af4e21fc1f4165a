"""The auth manager: Airflow has no sign-in of its own; every request contains its own assertion."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.utils.session import NEW_SESSION
from fastapi import HTTPException
from jwt import InvalidTokenError

from modelops_gateway_airflow.assertion import AssertionVerifier
from modelops_gateway_airflow.caller import current_caller
from modelops_gateway_airflow.menu import shown_items
from modelops_gateway_airflow.middleware import AssertionMiddleware
from modelops_gateway_airflow.ownership import Ownership
from modelops_gateway_airflow.rows import team_writes
from modelops_gateway_airflow.rows.dag_owners import DagOwners
from modelops_gateway_airflow.rows.filter import RowFilter
from modelops_gateway_airflow.secret_rules import SecretAccess, SecretRules
from modelops_gateway_airflow.settings import Settings, load_settings
from modelops_gateway_airflow.startup_checks import check_configuration
from modelops_gateway_airflow.team_defaults import TeamDefaultsMiddleware
from modelops_gateway_airflow.ui_config import UiConfigMiddleware
from modelops_gateway_airflow.user import GatewayUser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
    from airflow.api_fastapi.auth.managers.models.batch_apis import (
        IsAuthorizedConnectionRequest,
        IsAuthorizedDagRequest,
        IsAuthorizedVariableRequest,
    )
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
    from airflow.api_fastapi.common.types import MenuItem
    from sqlalchemy.orm import Session

READ = "GET"
MEMBER_VIEWS = frozenset({AccessView.WEBSITE, AccessView.DOCS, AccessView.IMPORT_ERRORS})
DEFAULT_POOL = "default_pool"


class GatewayAuthManager(BaseAuthManager[GatewayUser]):
    """
    Administrators: everything. Members: what belongs to their projects; viewers read it. Others: nothing.

    What belongs to no project (configuration, jobs, plugins, log entries without a DAG) is for administrators. With a
    project selected, only that project is visible. The row filter applies the same rule to every query.
    """

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

    @cached_property
    def _verifier(self) -> AssertionVerifier:
        return AssertionVerifier(self.settings)

    @cached_property
    def _owners(self) -> DagOwners:
        return DagOwners(self.settings)

    @cached_property
    def _ownership(self) -> Ownership:
        return Ownership(self.settings, self._owners)

    @cached_property
    def _secrets(self) -> SecretRules:
        return SecretRules(self._ownership)

    def init(self) -> None:
        """Fail at start, not at the first request, if the configuration is wrong."""
        check_configuration(self.settings)
        super().init()
        RowFilter(self._owners).install()
        team_writes.install()

    # -- the caller

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        """The last one is the outermost: it authenticates, and the others know the caller."""
        base = {"base_path": get_cookie_path()}
        shared = {"ownership": self._ownership, **base}
        return [
            (UiConfigMiddleware, base),
            (TeamDefaultsMiddleware, {"settings": self.settings, **shared}),
            (AssertionMiddleware, {"verifier": self._verifier, **shared}),
        ]

    async def get_user_from_token(self, token: str) -> GatewayUser:
        """`token` is the assertion, the only credential that the middleware passes on, and verified there."""
        caller = current_caller.get()
        if caller is None or caller.assertion != token:
            raise InvalidTokenError("expected the assertion of this request")
        return caller.user

    def serialize_user(self, user: GatewayUser) -> dict[str, Any]:
        """For tokens that Airflow signs. This manager neither issues nor accepts them."""
        raise HTTPException(403, "Airflow issues no tokens here. Use an access token of the gateway's issuer.")

    def deserialize_user(self, token: dict[str, Any]) -> GatewayUser:
        """See `serialize_user`."""
        raise HTTPException(403, "Airflow issues no tokens here. Use an access token of the gateway's issuer.")

    def revoke_token(self, token: str) -> None:
        """An assertion expires within a minute; the session ends at the gateway."""

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
        return bool(self._ownership.own_dag_ids(user, {details.id}, writing=method != READ))

    def batch_is_authorized_dag(self, requests: Sequence[IsAuthorizedDagRequest], *, user: GatewayUser) -> bool:
        """One query for each method, not for each DAG."""
        if user.sees_all_projects:
            return True
        ids_by_writing: dict[bool, set[str]] = {}
        for request in requests:
            details = request.get("details")
            if details is None or details.id is None:
                if not self.is_authorized_dag(user=user, **request):
                    return False
                continue
            ids_by_writing.setdefault(request["method"] != READ, set()).add(details.id)
        return all(
            self._ownership.own_dag_ids(user, ids, writing=writing) == ids for writing, ids in ids_by_writing.items()
        )

    def get_authorized_dag_ids(
        self, *, user: GatewayUser, method: ResourceMethod = "GET", session: Session = NEW_SESSION
    ) -> set[str]:
        """One query over all DAGs; Airflow's own asks once for each team."""
        if user.sees_all_projects:
            return super().get_authorized_dag_ids(user=user, method=method)
        return self._ownership.own_dag_ids(user, writing=method != READ)

    @staticmethod
    def _may_ask_for_many(method: ResourceMethod, user: GatewayUser, access_entity: DagAccessEntity | None) -> bool:
        """Routes over several DAGs. Airflow authorizes or filters each row afterwards, except in the audit log."""
        if access_entity is DagAccessEntity.AUDIT_LOG:
            return user.is_admin
        if method == READ:
            return user.is_member
        return method == "PUT" and access_entity in (None, DagAccessEntity.TASK_INSTANCE) and user.is_editor

    def filter_authorized_dag_ids(
        self, *, dag_ids: set[str], user: GatewayUser, method: ResourceMethod = "GET", team_name: str | None = None
    ) -> set[str]:
        """The team that Airflow names may be a cached one: the database decides."""
        return dag_ids if user.sees_all_projects else self._ownership.own_dag_ids(user, dag_ids, writing=method != READ)

    # -- what may belong to a team

    def is_authorized_connection(
        self, *, method: ResourceMethod, user: GatewayUser, details: ConnectionDetails | None = None
    ) -> bool:
        name, team_name = (details.conn_id, details.team_name) if details else (None, None)
        return self._secrets.allow(SecretAccess(method, name, team_name), user)

    def is_authorized_variable(
        self, *, method: ResourceMethod, user: GatewayUser, details: VariableDetails | None = None
    ) -> bool:
        name, team_name = (details.key, details.team_name) if details else (None, None)
        return self._secrets.allow(SecretAccess(method, name, team_name), user)

    def batch_is_authorized_connection(
        self, requests: Sequence[IsAuthorizedConnectionRequest], *, user: GatewayUser
    ) -> bool:
        details = [(each["method"], each["details"]) for each in requests]
        rows = [SecretAccess(method, each.conn_id, each.team_name) for method, each in details if each]
        return self._secrets.allow_all(rows, Connection.get_conn_id_to_team_name_mapping, user)

    def batch_is_authorized_variable(
        self, requests: Sequence[IsAuthorizedVariableRequest], *, user: GatewayUser
    ) -> bool:
        details = [(each["method"], each["details"]) for each in requests]
        rows = [SecretAccess(method, each.key, each.team_name) for method, each in details if each]
        return self._secrets.allow_all(rows, Variable.get_key_to_team_name_mapping, user)

    def is_authorized_pool(
        self, *, method: ResourceMethod, user: GatewayUser, details: PoolDetails | None = None
    ) -> bool:
        """Pools divide the workers' capacity among projects: members see their own, administrators change them."""
        if method != READ:
            return user.sees_all_projects
        if details is None or (details.name is None and details.team_name is None) or details.name == DEFAULT_POOL:
            return user.is_member
        return self._ownership.owns_team(user, details.team_name)

    def is_authorized_team(
        self, *, method: ResourceMethod, user: GatewayUser, details: TeamDetails | None = None
    ) -> bool:
        return self._ownership.owns_team(user, details.name if details else None, writing=method != READ)

    def _get_teams(self) -> set[str]:
        """Teams are created in Airflow; the gateway may have more projects."""
        return set()

    # -- what belongs to no project

    def is_authorized_configuration(
        self, *, method: ResourceMethod, user: GatewayUser, details: ConfigurationDetails | None = None
    ) -> bool:
        return user.is_admin

    def is_authorized_asset(
        self, *, method: ResourceMethod, user: GatewayUser, details: AssetDetails | None = None
    ) -> bool:
        """Which assets exist for the user is the row filter's decision."""
        return user.is_member if method == READ else user.is_editor

    def is_authorized_asset_alias(
        self, *, method: ResourceMethod, user: GatewayUser, details: AssetAliasDetails | None = None
    ) -> bool:
        """As `is_authorized_asset`."""
        return user.is_member if method == READ else user.is_editor

    def is_authorized_view(self, *, access_view: AccessView, user: GatewayUser) -> bool:
        return user.is_admin or (access_view in MEMBER_VIEWS and user.is_member)

    def is_authorized_custom_view(self, *, method: ResourceMethod, resource_name: str, user: GatewayUser) -> bool:
        return user.is_admin

    def filter_authorized_menu_items(self, menu_items: list[MenuItem], *, user: GatewayUser) -> list[MenuItem]:
        return shown_items(menu_items, user, by_team=self._ownership.by_team)
