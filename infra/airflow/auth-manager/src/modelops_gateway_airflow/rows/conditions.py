"""Which rows of each table a request may read or change, as SQL conditions by model."""

from __future__ import annotations

from functools import cache
from typing import Any

from airflow.models import import_all_models
from airflow.models.asset import AssetAliasModel, AssetEvent, AssetModel, AssetWatcherModel
from airflow.models.asset_state_store import AssetStateStoreModel
from airflow.models.base import Base
from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from airflow.models.errors import ParseImportError
from airflow.models.pool import Pool
from airflow.models.team import dag_bundle_team_association_table as bundle_teams
from airflow.models.variable import Variable
from sqlalchemy import ColumnElement, and_, or_, select

from modelops_gateway_airflow.rows.assets import aliases_of, named_by, owned_by
from modelops_gateway_airflow.rows.dag_owners import DagOwners, Ids, Keys
from modelops_gateway_airflow.rows.scope import Route, Unowned

Condition = ColumnElement[bool]
Conditions = dict[type, Condition]

DAG_COLUMNS = ("dag_id", "source_dag_id", "target_dag_id")
# DagModel: Airflow authorizes each DAG, and caches its team for all callers. Job: rows of Airflow's own processes.
UNFILTERED = frozenset({"DagModel", "Job"})
TEAM_MODELS = (Variable, Connection, Pool)


def conditions(
    owners: DagOwners, readable: Keys, writable: Keys, writing: bool, route: Route, unowned: Unowned
) -> Conditions:
    """Conditions for statements that read, or (`writing`) that update and delete."""
    if writing:
        dags = _with_unowned(owners.of(writable), owners, unowned == "writable")
        return _of_dags(dags) | _of_assets(dags, owned_only=True) | _of_teams(writable, unowned == "writable")
    dags = _with_unowned(owners.of(readable), owners, unowned != "hidden")
    if route == "import-errors":
        # Airflow compares paths of files without their bundle: another bundle's DAG would hide an own error.
        return {DagModel: DagModel.dag_id.in_(dags), ParseImportError: _of_files(dags, readable)}
    visible = _of_dags(dags) | _of_assets(dags, owned_only=route == "assets")
    if unowned == "hidden":
        # A person: Airflow lists the own variables itself, and must see which names are taken.
        return visible | {ParseImportError: _of_files(dags, readable)}
    return visible | _of_teams(readable, True)


def _with_unowned(own: Ids, owners: DagOwners, included: bool) -> Ids:
    if not included:
        return own
    every = own.union_all(owners.without_team()).subquery()
    return select(every.c.dag_id)


def _of_dags(dags: Any) -> Conditions:
    return {model: getattr(model, column).in_(dags) for model, column in dag_models().items()}


def _of_assets(dags: Any, *, owned_only: bool) -> Conditions:
    owned = owned_by(dags)
    visible = owned if owned_only else named_by(dags)
    # An event of the API has no source: it belongs to the asset's owner.
    made_by_api = and_(AssetEvent.source_dag_id.is_(None), AssetEvent.asset_id.in_(owned))
    return {
        AssetModel: AssetModel.id.in_(visible),
        AssetAliasModel: AssetAliasModel.id.in_(aliases_of(dags)),
        AssetWatcherModel: AssetWatcherModel.asset_id.in_(visible),
        AssetStateStoreModel: AssetStateStoreModel.asset_id.in_(owned),
        AssetEvent: or_(AssetEvent.source_dag_id.in_(dags), made_by_api),
    }


def _of_teams(teams: Keys, unowned: bool) -> Conditions:
    found: Conditions = {}
    for model in TEAM_MODELS:
        own = model.team_name.in_(teams)
        found[model] = or_(own, model.team_name.is_(None)) if unowned else own
    return found


def _of_files(dags: Any, teams: Keys) -> Condition:
    """A file belongs to its bundle's team; without teams, to the projects of the DAGs that it contained once."""
    dag, owner = DagModel.__table__.alias(), bundle_teams.alias()
    own_bundles = select(owner.c.dag_bundle_name).where(owner.c.team_name.in_(teams))
    own_dag = select(dag.c.dag_id).where(
        dag.c.relative_fileloc == ParseImportError.filename,
        dag.c.bundle_name == ParseImportError.bundle_name,
        dag.c.dag_id.in_(dags),
    )
    return or_(ParseImportError.bundle_name.in_(own_bundles), own_dag.exists())


@cache
def dag_models() -> dict[type, str]:
    """Every mapped class with the id of a DAG, and that column."""
    import_all_models()  # type: ignore[no-untyped-call]
    found: dict[type, str] = {}
    for mapper in Base.registry.mappers:
        column = next((each for each in DAG_COLUMNS if each in mapper.columns), None)
        if column is not None and mapper.class_.__name__ not in UNFILTERED:
            found[mapper.class_] = column
    return found
