"""Which entries of Airflow's menu a user sees: those that lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.api_fastapi.common.types import MenuItem

if TYPE_CHECKING:
    from modelops_gateway_airflow.user import GatewayUser

MEMBER_MENU = frozenset(
    {
        MenuItem.ASSETS,
        MenuItem.DAGS,
        MenuItem.DEADLINES,
        MenuItem.DOCS,
        MenuItem.POOLS,
        MenuItem.REQUIRED_ACTIONS,
        MenuItem.XCOMS,
    }
)
EDITOR_MENU = frozenset({MenuItem.CONNECTIONS, MenuItem.VARIABLES})


def shown_items(items: list[MenuItem], user: GatewayUser, *, by_team: bool) -> list[MenuItem]:
    """Administrators see all. Variables and connections have a project with teams only."""
    if user.is_admin:
        return items
    shown = (MEMBER_MENU if user.is_member else frozenset()) | (
        EDITOR_MENU if by_team and user.is_editor else frozenset()
    )
    return [item for item in items if item in shown]
