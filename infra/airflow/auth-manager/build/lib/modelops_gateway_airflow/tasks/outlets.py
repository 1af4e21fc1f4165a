"""Assets that a task reports as changed: none that another project produces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.models.asset import AssetModel, TaskOutletAssetReference
from airflow.utils.session import create_session
from sqlalchemy import or_, select

from modelops_gateway_airflow.tasks.task_rules import TaskRules, error

if TYPE_CHECKING:
    from modelops_gateway_airflow.rows.dag_owners import Ids


def check_outlets(rules: TaskRules, task_instance_id: UUID, report: Any) -> None:
    """
    Check the report of a task that succeeded. Raises HTTPException.

    Airflow registers the assets that the report names, whatever the DAG declares.
    """
    named = [(each.get("name"), each.get("uri")) for each in _assets(report)]
    if not named:
        return
    own = rules.dags_of(rules.team_of_task(task_instance_id))
    with create_session() as session:
        if session.scalar(_produced_by_others(named, own)):
            raise error(403, "access_denied", "outlets: expected assets that no other project produces.")


def _assets(report: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(report, dict):
        return
    for outlet in report.get("task_outlets") or ():
        if isinstance(outlet, dict) and outlet.get("type") != "AssetAlias":
            yield outlet
    for event in report.get("outlet_events") or ():
        if isinstance(event, dict) and isinstance(event.get("dest_asset_key"), dict):
            yield event["dest_asset_key"]


def _produced_by_others(named: list[tuple[Any, Any]], own: Ids):  # type: ignore[no-untyped-def]
    produced = select(TaskOutletAssetReference.asset_id)
    by_own = produced.where(TaskOutletAssetReference.dag_id.in_(own))
    by_others = produced.where(TaskOutletAssetReference.dag_id.not_in(own))
    names, uris = [name for name, _ in named if name], [uri for _, uri in named if uri]
    return (
        select(AssetModel.id)
        .where(or_(AssetModel.name.in_(names), AssetModel.uri.in_(uris)))
        .where(AssetModel.id.in_(by_others), AssetModel.id.not_in(by_own))
        .limit(1)
    )
