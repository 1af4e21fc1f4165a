"""No request of a member writes a variable, connection or pool that belongs to no team, or to another one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from airflow.models.connection import Connection
from airflow.models.pool import Pool
from airflow.models.variable import Variable
from fastapi import HTTPException
from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from modelops_gateway_airflow.rows.scope import RowScope, current_rows

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement

DENIED = "team_name: expected one of your projects' teams. Rows without a team are the administrators'."


def install() -> None:
    """Check all sessions of this process from now on."""
    for model in (Variable, Connection, Pool):
        event.listen(model, "before_insert", _check_row)
        event.listen(model, "before_update", _check_row)
        event.listen(model, "before_delete", _check_row)
    event.listen(Session, "do_orm_execute", _check_insert)
    Variable.set = staticmethod(_with_team(Variable.set))  # type: ignore[method-assign]


def _check_row(_mapper: object, _connection: object, row: Any) -> None:
    scope = current_rows.get()
    if scope is not None:
        before = inspect(row).attrs.team_name.history.deleted or ()
        _check(scope, row.team_name, *before)


def _check_insert(state: ORMExecuteState) -> None:
    """`Variable.set` inserts by a statement, which no event of the model sees."""
    scope = current_rows.get()
    if scope is None or not state.is_insert or state.bind_mapper is None or state.bind_mapper.class_ is not Variable:
        return
    dialect = state.session.get_bind(state.bind_mapper).dialect
    statement = cast("ClauseElement", state.statement)
    _check(scope, statement.compile(dialect=dialect).params.get("team_name"))


def _check(scope: RowScope, *teams: str | None) -> None:
    unowned = {None} if scope.unowned == "writable" else set()
    if not set(teams) <= scope.writable | unowned:
        raise HTTPException(403, DENIED)


def _with_team(set_variable: Callable[..., None]) -> Callable[..., None]:
    """Airflow's bulk route drops the team of the variables that it creates (3.3.2). Where there is one, it is set."""

    @wraps(set_variable)
    def with_team(key: str, value: Any, *args: Any, team_name: str | None = None, **options: Any) -> None:
        scope = current_rows.get()
        if scope is not None and team_name is None and len(scope.writable) == 1:
            (team_name,) = scope.writable
        set_variable(key, value, *args, team_name=team_name, **options)

    return with_team
