"""Warnings of DAG ids that bundles of different teams have had."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from airflow.utils.session import create_session

if TYPE_CHECKING:
    from modelops_gateway_airflow.rows.dag_owners import DagOwners

log = logging.getLogger(__name__)

REPEAT_SECONDS = 60
"""Each id is logged at most this often, and all ids are looked for at most this often."""


class ContestedDags:
    """Logs ids when one is denied, and looks for all of them from time to time."""

    def __init__(self, owners: DagOwners, clock: Callable[[], float] = time.monotonic) -> None:
        self._owners = owners
        self._clock = clock
        self._logged_at: dict[str, float] = {}
        self._searched_at = float("-inf")

    def warn(self, denied: Collection[str] | None = None) -> None:
        """Log those of the denied ids that are contested; without ids, all that are."""
        query = self._owners.contested()
        if denied is not None:
            query = query.where(query.selected_columns[0].in_(denied))
        elif self._clock() - self._searched_at < REPEAT_SECONDS:
            return
        else:
            self._searched_at = self._clock()
        with create_session() as session:
            for dag_id in session.scalars(query):
                self._log(dag_id)

    def _log(self, dag_id: str) -> None:
        if self._clock() - self._logged_at.get(dag_id, float("-inf")) < REPEAT_SECONDS:
            return
        self._logged_at[dag_id] = self._clock()
        log.warning(
            "DAG %r has been in bundles of different teams: members are denied access. If the move is intended, run "
            "`airflow dags delete %s`. For a renamed bundle, set [modelops_gateway] renamed_bundles.",
            dag_id,
            dag_id,
        )
