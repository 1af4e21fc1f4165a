"""Which assets belong to a project. Airflow's assets have no team: the DAGs that name them decide."""

from __future__ import annotations

from airflow.models.asset import (
    AssetModel,
    DagScheduleAssetAliasReference,
    DagScheduleAssetReference,
    TaskInletAssetReference,
    TaskOutletAssetReference,
)
from sqlalchemy import ColumnElement, Select, or_, select, union_all

from modelops_gateway_airflow.rows.dag_owners import Ids

PRODUCED = TaskOutletAssetReference.__table__
CONSUMED = (DagScheduleAssetReference.__table__, TaskInletAssetReference.__table__)
ALIASES = DagScheduleAssetAliasReference.__table__
AssetIds = Select[int]


def named_by(dags: Ids) -> AssetIds:
    """Assets that one of the DAGs produces or consumes."""
    return _union(*(_of(table, dags) for table in (PRODUCED, *CONSUMED)))


def owned_by(dags: Ids) -> AssetIds:
    """
    Assets that only these DAGs produce, or, without a producer, only these DAGs consume.

    An asset with producers in two projects belongs to neither: its `extra` is the last parsed one's.
    """
    asset = AssetModel.__table__.alias()
    produced = asset.c.id.in_(_of(PRODUCED, dags)) & asset.c.id.not_in(_of(PRODUCED, dags, others=True))
    consumed = or_(*(asset.c.id.in_(_of(table, dags)) for table in CONSUMED))
    others = or_(*(asset.c.id.in_(_of(table, dags, others=True)) for table in CONSUMED))
    unproduced = asset.c.id.not_in(select(PRODUCED.alias().c.asset_id))
    return select(asset.c.id).where(or_(produced, unproduced & consumed & ~others))


def aliases_of(dags: Ids) -> AssetIds:
    reference = ALIASES.alias()
    return select(reference.c.alias_id).where(reference.c.dag_id.in_(dags))


def _of(table, dags: Ids, *, others: bool = False) -> AssetIds:  # type: ignore[no-untyped-def]
    reference = table.alias()
    belongs: ColumnElement[bool] = reference.c.dag_id.in_(dags)
    return select(reference.c.asset_id).where(~belongs if others else belongs)


def _union(*queries: AssetIds) -> AssetIds:
    every = union_all(*queries).subquery()
    return select(every.c.asset_id)
