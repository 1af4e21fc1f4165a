"""DAG ids: the first project that uses one keeps it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.exceptions import AirflowClusterPolicyViolation

from modelops_gateway_airflow.name_rules import NameRules
from modelops_gateway_airflow.settings import Settings

if TYPE_CHECKING:
    from airflow.dag_processing.manager import DagFileProcessorManager
    from airflow.sdk import DAG
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


def check_parsed(dag: DAG, settings: Settings) -> None:
    """Raise AirflowClusterPolicyViolation, which Airflow shows as the file's import error."""
    teams = _configured_teams()
    bundle = _bundle_of(Path(dag.fileloc or ""))
    if bundle is not None and (reason := _name_fault(dag.dag_id, NameRules(teams), teams[bundle], settings)):
        raise AirflowClusterPolicyViolation(reason)


def guard_dag_ids(manager: type[DagFileProcessorManager], settings: Settings) -> None:
    """
    Drop DAGs with an id of another project before their parsing result is stored.

    This runs in the DAG processor's own process, which no code of a DAG file shares.
    """
    persist = manager.persist_parsing_result

    @wraps(persist)
    def persist_own(self: DagFileProcessorManager, *, bundle_name: str, parsing_result: Any, **rest: Any) -> None:
        faults = _faults(parsing_result.serialized_dags, bundle_name, settings, rest["session"])
        kept = [dag for dag in parsing_result.serialized_dags if dag.dag_id not in faults]
        own = {dag.dag_id for dag in kept}
        changes: dict[str, Any] = {
            "serialized_dags": kept,
            "warnings": [each for each in parsing_result.warnings or () if _dag_id_of(each) in own],
        }
        if faults:
            error = "\n".join(faults.values())
            changes["import_errors"] = {**(parsing_result.import_errors or {}), str(rest["relative_fileloc"]): error}
            log.warning("Refused DAG ids %s in bundle %r: they belong to another project.", sorted(faults), bundle_name)
        result = parsing_result.model_copy(update=changes)
        persist(self, bundle_name=bundle_name, parsing_result=result, **rest)

    manager.persist_parsing_result = persist_own  # type: ignore[method-assign]


def _faults(dags: Iterable[Any], bundle: str, settings: Settings, session: Session) -> dict[str, str]:
    """Why a DAG is refused, by id."""
    from airflow.models.dag import DagModel
    from sqlalchemy import select

    ids = [dag.dag_id for dag in dags]
    teams = _configured_teams()
    rules, team = NameRules(teams), teams.get(bundle)
    query = select(DagModel.dag_id, DagModel.bundle_name).where(DagModel.dag_id.in_(ids))
    holders = {dag_id: settings.renamed_bundles.get(name, name) for dag_id, name in session.execute(query)}
    faults = {}
    for dag_id in ids:
        holder = holders.get(dag_id) or bundle
        if reason := _name_fault(dag_id, rules, team, settings):
            faults[dag_id] = reason
        elif holder != bundle and (team is None or teams.get(holder) != team):
            faults[dag_id] = f"dag_id: expected an id that no other project uses, got {dag_id!r}. Choose another one."
    return faults


def _dag_id_of(warning: Any) -> Any:
    return warning.get("dag_id") if isinstance(warning, dict) else getattr(warning, "dag_id", None)


def _name_fault(dag_id: str, rules: NameRules, team: str | None, settings: Settings) -> str | None:
    if rules.is_of_another(dag_id, team) or (settings.dag_ids == "prefixed" and not rules.is_of(dag_id, team)):
        return f"dag_id: expected {rules.expected(team)}, got {dag_id!r}."
    return None


def _configured() -> list[dict[str, Any]]:
    from airflow.configuration import conf

    listed = conf.getjson("dag_processor", "dag_bundle_config_list")
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _configured_teams() -> dict[str, str | None]:
    """Every configured bundle and its team."""
    return {each["name"]: each.get("team_name") for each in _configured()}


def _bundle_of(file: Path) -> str | None:
    """The bundle whose folder contains the file."""
    from airflow.dag_processing.bundles.base import get_bundle_base_folder

    folders = {
        each["name"]: Path((each.get("kwargs") or {}).get("path") or get_bundle_base_folder(each["name"]))
        for each in _configured()
    }
    holders = [name for name, folder in folders.items() if file.is_relative_to(folder)]
    return max(holders, key=lambda name: len(str(folders[name])), default=None)
