"""Who may read and change variables and connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelops_gateway_airflow.ownership import Ownership
    from modelops_gateway_airflow.user import GatewayUser

TeamsOf = Callable[[list[str]], dict[str, str | None]]
"""The teams of the rows with these names, as far as they exist."""


@dataclass(frozen=True)
class SecretAccess:
    """A row that a request names. Without name and team: a list, which Airflow filters afterwards."""

    method: str
    name: str | None
    team: str | None


class SecretRules:
    """They contain credentials: for editors, not for viewers. Without teams they belong to no project."""

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership

    def allow(self, access: SecretAccess, user: GatewayUser) -> bool:
        if access.method == "GET" and access.name is None and access.team is None:
            return user.is_editor and (user.is_admin or self._ownership.by_team)
        return self._ownership.owns_team(user, access.team, writing=True)

    def allow_all(self, accesses: list[SecretAccess], teams_of: TeamsOf, user: GatewayUser) -> bool:
        """
        A bulk request. A row that it creates has no team yet, so Airflow asks for it without one.

        It is created with a team of the user: `TeamDefaultsMiddleware` names it, and `team_writes` insists on it.
        """
        known = teams_of([each.name for each in accesses if each.name])
        return all(self.allow(each, user) or self._may_create(each, known, user) for each in accesses)

    def _may_create(self, access: SecretAccess, known: dict[str, str | None], user: GatewayUser) -> bool:
        is_new = access.team is None and access.name is not None and access.name not in known
        return is_new and self._ownership.may_name(user, access.name or "")
