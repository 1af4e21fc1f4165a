"""A FAB role for each project: whoever has it sees and changes the DAGs of that project, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.models.dag import DagModel, DagTag
from airflow.utils.session import create_session
from sqlalchemy import select

MEMBER_ROLE = "project-member"
"""What all members may: the kinds of rows below a DAG, but no DAG. Nothing here names a project's rows by itself."""

_READ, _EDIT, _CREATE, _DELETE, _MENU = "can_read", "can_edit", "can_create", "can_delete", "menu_access"
MEMBER_PERMISSIONS = [
    *((_READ, resource) for resource in ("Website", "DAG Code", "DAG Versions", "DAG Warnings", "My Profile")),
    *((action, "DAG Runs") for action in (_READ, _CREATE, _EDIT, _DELETE)),
    *((action, "Task Instances") for action in (_READ, _CREATE, _EDIT, _DELETE)),
    *((_READ, resource) for resource in ("Task Logs", "XComs", "HITL Detail", "DAG Dependencies")),
    (_EDIT, "HITL Detail"),
    *((_MENU, resource) for resource in ("Browse", "DAGs", "Documentation", "Docs", "DAG Runs", "Task Instances")),
]
DAG_ACTIONS = (_READ, _EDIT, _DELETE)


def sync_roles(groups: dict[str, str], tag_prefix: str) -> dict[str, list[str]]:
    """
    Give each group's role the permissions on its project's DAGs, and take those on all others.

    `groups`: group to project; the role has the group's name. Returns the DAG ids of each role. Run it again whenever
    DAGs come or go: a DAG belongs to nobody until then.
    """
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        _set_permissions(manager, MEMBER_ROLE, MEMBER_PERMISSIONS)
        dags = {group: _dags_with(f"{tag_prefix}{project}") for group, project in groups.items()}
        for group, dag_ids in dags.items():
            wanted = [(action, f"DAG:{dag_id}") for dag_id in dag_ids for action in DAG_ACTIONS]
            _set_permissions(manager, group, wanted)
        return dags


def _dags_with(tag: str) -> list[str]:
    query = select(DagModel.dag_id).join(DagTag, DagTag.dag_id == DagModel.dag_id).where(DagTag.name == tag)
    with create_session() as session:
        return sorted(session.scalars(query))


def _set_permissions(manager: Any, name: str, wanted: Iterable[tuple[str, str]]) -> None:
    """Exactly these: what the role had before, from `access_control` in a DAG for example, ends."""
    role = manager.add_role(name)
    permissions = [manager.create_permission(action, resource) for action, resource in wanted]
    for former in list(role.permissions):
        if former not in permissions:
            manager.remove_permission_from_role(role, former)
    for permission in permissions:
        manager.add_permission_to_role(role, permission)
