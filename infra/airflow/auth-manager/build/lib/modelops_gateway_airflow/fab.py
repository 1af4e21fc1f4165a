"""FAB behind the gateway: roles follow the groups of every assertion, and passwords are refused."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import jwt
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from jwt import InvalidTokenError

from modelops_gateway_airflow.assertion import AssertionVerifier
from modelops_gateway_airflow.issuer_tokens import IssuerTokenVerifier, load_issuer_settings
from modelops_gateway_airflow.settings import Settings, load_settings

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from airflow.providers.fab.auth_manager.models import User


class GatewayFabAuthManager(FabAuthManager):
    """
    Accepts three credentials of the same issuer: FAB's own OAuth login for its pages, the gateway's assertion as bearer
    token for every request through the gateway, and `POST /auth/token` with the issuer's access token.
    """

    @cached_property
    def settings(self) -> Settings:
        return load_settings()

    @cached_property
    def _verifier(self) -> AssertionVerifier:
        return AssertionVerifier(self.settings)

    @cached_property
    def _issuer_tokens(self) -> IssuerTokenVerifier:
        return IssuerTokenVerifier(load_issuer_settings())

    @cached_property
    def _known(self) -> dict[str, tuple[frozenset[str], int]]:
        """Username to the groups last mapped to roles, and FAB's id of the user."""
        return {}

    def init(self) -> None:
        _ = self.settings
        super().init()

    async def get_user_from_token(self, token: str) -> BaseUser:
        if not self._is_assertion(token):
            return await super().get_user_from_token(token)
        claims = await self._verifier.claims(token)
        userinfo = _userinfo(claims, claims.get("groups", []))
        groups, user_id = self._known.get(userinfo["username"], (None, 0))
        if groups != frozenset(userinfo["role_keys"]):
            user_id = self._sync(userinfo)
        try:
            return self.deserialize_user({"sub": str(user_id)})
        except ValueError:
            # Deleted in Airflow since the last request: registered again, or refused, as at a login.
            return self.deserialize_user({"sub": str(self._sync(userinfo))})

    def create_token(self, headers: dict[str, str], body: dict[str, Any]) -> User | None:
        """Exchange the issuer's access token for one of Airflow's. Raises ValueError for a local password."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ValueError("Authorization: expected the issuer's access token as Bearer; passwords are not accepted")
        try:
            claims = self._issuer_tokens.claims(token)
            user: User | None = self.security_manager.auth_user_oauth(
                _userinfo(claims, self._issuer_tokens.groups(claims)), rotate_session_id=False
            )
        except InvalidTokenError:
            return None
        if user is not None:
            self._forget(user.username, user.id)
        return user

    def get_url_logout(self) -> str | None:
        return f"{self.settings.issuer}/auth/logout"

    def _is_assertion(self, token: str) -> bool:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except InvalidTokenError:
            return False
        return bool(claims.get("iss") == self.settings.issuer)

    def _sync(self, userinfo: dict[str, Any]) -> int:
        """Register the user or update the roles. Raises InvalidTokenError when FAB refuses the user."""
        if self.flask_app is None:
            raise InvalidTokenError("FAB is not ready")
        with self.flask_app.app_context():
            try:
                user = self.security_manager.auth_user_oauth(userinfo, rotate_session_id=False)
                if user is None:
                    raise InvalidTokenError("FAB does not know the user")
                user_id = int(user.id)
            finally:
                self.session.remove()
        self._forget(userinfo["username"], user_id)
        self._known[userinfo["username"]] = (frozenset(userinfo["role_keys"]), user_id)
        return user_id

    def _forget(self, username: str, user_id: int) -> None:
        """FAB caches users with their roles by id; a request must be authorized by its own groups."""
        self.cache.pop(user_id, None)
        self._known.pop(username, None)


def _userinfo(claims: dict[str, Any], groups: object) -> dict[str, Any]:
    username = claims.get("preferred_username")
    if not isinstance(username, str) or not username:
        raise InvalidTokenError("preferred_username: expected a string")
    return {
        "username": username,
        "email": claims.get("email", ""),
        "first_name": claims.get("given_name", ""),
        "last_name": claims.get("family_name", ""),
        "role_keys": groups if isinstance(groups, list) else [],
    }
