"""
The row filter: no query of a member's request reads or changes a row of another project, whichever route makes it.

Airflow filters its DAG lists by project, but not assets, import errors, the audit log or what a row leads to. The
filter adds a condition to every ORM statement instead, by column: a table that a new release of Airflow adds is
filtered from the start if it has a DAG id.
"""

from __future__ import annotations

from typing import Any

from airflow.models.base import Base
from sqlalchemy import bindparam, event, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.cache_key import HasCacheKey

from modelops_gateway_airflow.rows.conditions import Condition, Conditions, conditions
from modelops_gateway_airflow.rows.dag_owners import DagOwners
from modelops_gateway_airflow.rows.scope import Route, RowScope, Unowned, current_rows

Mode = tuple[bool, Route, Unowned]
_installed: list[RowFilter] = []


class RowFilter:
    """
    The conditions are built once for each kind of request, not for each request: the keys of the projects are
    parameters that are read from the current scope when a statement runs.
    """

    def __init__(self, owners: DagOwners) -> None:
        self._owners = owners
        self._options: dict[Mode, Any] = {}

    def install(self) -> None:
        """Filter all sessions of this process from now on. Once: the API server serves people and tasks."""
        if not _installed:
            _installed.append(self)
            event.listen(Session, "do_orm_execute", self._filter)

    def _filter(self, state: ORMExecuteState) -> None:
        scope = current_rows.get()
        if scope is None or not (state.is_select or state.is_update or state.is_delete) or state.is_column_load:
            return
        state.statement = state.statement.options(self._option(scope, writing=not state.is_select))
        if state.execution_options.get("synchronize_session") == "evaluate":
            # Python cannot evaluate a condition with a subquery: the database tells which rows it changed.
            state.update_execution_options(synchronize_session="fetch")

    def _option(self, scope: RowScope, *, writing: bool) -> Any:
        mode = (writing, scope.route, scope.unowned)
        if mode not in self._options:
            self._options[mode] = _option(conditions(self._owners, READABLE, WRITABLE, *mode))
        return self._options[mode]


class _ConditionOf(HasCacheKey):
    """
    Looks up a model's condition.

    SQLAlchemy caches the result of a lambda by the lambda's code and the cache keys of what it closes over: by this
    object's identity, which is another one for each kind of request.
    """

    inherit_cache = True

    def __init__(self, by_model: Conditions) -> None:
        self._by_model = by_model

    def _gen_cache_key(self, anon_map: object, bindparams: object) -> tuple[object, ...]:
        return (_ConditionOf, id(self))

    def __call__(self, model: type) -> Condition:
        return self._by_model.get(model, true())


def _option(by_model: Conditions) -> Any:
    """One option for all models: it is asked only for those that a statement names."""
    condition_of = _ConditionOf(by_model)
    return with_loader_criteria(Base, lambda model: condition_of(model), include_aliases=True)


def _keys_of(attribute: str) -> Any:
    def current() -> list[str]:
        scope = current_rows.get()
        return sorted(getattr(scope, attribute)) if scope else []

    return bindparam(f"modelops_{attribute}", callable_=current, expanding=True)


READABLE, WRITABLE = _keys_of("readable"), _keys_of("writable")
