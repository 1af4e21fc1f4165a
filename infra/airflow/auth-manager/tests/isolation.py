"""Counts what the probes found, for the page "What is isolated, and what is not"."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

RESULTS = "ISOLATION_RESULTS"
"""Environment variable: the file that gets the results."""


def isolation(way: str, *, mode: str | None = None, over_blocked: bool = False) -> pytest.MarkDecorator:
    """
    A probe of one way to another project, or, `over_blocked`, of something that must work.

    `mode`: how DAGs belong to projects; without it, as the test's world says.
    """
    return pytest.mark.isolation(way=way, mode=mode, kind="works" if over_blocked else "closed")


def remains(way: str) -> pytest.MarkDecorator:
    """A test that shows a way to another project that is open."""
    return pytest.mark.isolation(way=way, mode="team", kind="open")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "isolation(way, mode, kind): counted for the page about isolation")


_counts: Counter[tuple[str, str, str, bool]] = Counter()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = (yield).get_result()
    mark = item.get_closest_marker("isolation")
    if mark is None or report.skipped or not (report.when == "call" or report.failed):
        return
    fields = mark.kwargs
    mode = fields["mode"] or str(getattr(item, "callspec", None) and item.callspec.params.get("world", "team"))  # type: ignore[attr-defined]
    _counts[(fields["kind"], fields["way"], mode, bool(report.passed))] += 1


def pytest_sessionfinish() -> None:
    if not (file := os.environ.get(RESULTS)):
        return
    rows = [
        {
            "kind": kind,
            "way": way,
            "mode": mode,
            "probes": _counts[kind, way, mode, True],
            "failed": _counts[kind, way, mode, False],
        }
        for kind, way, mode in sorted({key[:3] for key in _counts})
    ]
    Path(file).write_text(json.dumps(rows, indent=1) + "\n")
