from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Server, running


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("MODELOPS_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The settings of a machine that signs in by client credentials."""
    monkeypatch.setenv("MODELOPS_GATEWAY", server.url)
    monkeypatch.setenv("MODELOPS_CLIENT_ID", "ci-service")
    monkeypatch.setenv("MODELOPS_CLIENT_SECRET", "a secret/with:signs")
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "modelops")
    return server
