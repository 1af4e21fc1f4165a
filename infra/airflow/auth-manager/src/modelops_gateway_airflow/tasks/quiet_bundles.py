"""Keeps the names of all projects' bundles out of the log of each task."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.dag_processing.bundles.manager import DagBundlesManager


def hide_bundle_names(manager: type[DagBundlesManager]) -> None:
    """Airflow logs `DAG bundles loaded: alpha, beta` whenever it reads its configuration."""
    parse_config = manager.parse_config

    @wraps(parse_config)
    def parse_quietly(self: DagBundlesManager) -> None:
        log, self._log = self.log, _Silent()
        try:
            parse_config(self)
        finally:
            self._log = log

    manager.parse_config = parse_quietly  # type: ignore[method-assign]


class _Silent:
    """A logger that drops information; warnings and errors of a bundle's configuration are exceptions anyway."""

    def __getattr__(self, _level: str):  # type: ignore[no-untyped-def]
        return lambda *_arguments, **_fields: None
