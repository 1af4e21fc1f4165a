"""One Airflow home for the whole run: migrated, parsed and filled once. One API server by teams, one by tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from airflow_server import ApiServer, airflow, environment, make_home
from gateway import FakeGateway
from world import fill

pytest_plugins = ["isolation"]


@dataclass
class World:
    """Sends requests with a user's assertion: `request("bob", "/api/v2/dags")`."""

    gateway: FakeGateway
    server: ApiServer
    project_by: str

    def request(
        self, who: str, path: str, method: str = "GET", *, claims: dict[str, Any] | None = None, **options: Any
    ) -> httpx.Response:
        return self.server.request(method, path, self.gateway.assertion(who, **(claims or {})), **options)


@pytest.fixture(scope="session")
def gateway() -> Iterator[FakeGateway]:
    fake = FakeGateway()
    yield fake
    fake.close()


@pytest.fixture(scope="session")
def home(gateway: FakeGateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("airflow"))
    env = environment(home, gateway.url, "team")
    airflow(env, "db", "migrate")
    airflow(env, "teams", "sync")
    airflow(env, "dag-processor", "--num-runs", "1")
    return home


@pytest.fixture(scope="session")
def start(gateway: FakeGateway, home: Path) -> Callable[..., ApiServer]:
    return lambda project_by, **more: ApiServer(environment(home, gateway.url, project_by, **more), home)


@pytest.fixture(scope="session")
def filled(gateway: FakeGateway, start: Callable[..., ApiServer]) -> Iterator[ApiServer]:
    """The server by teams, with rows of both projects in every table that a list reads."""
    server = start("team")
    try:
        fill(World(gateway, server, "team").request)
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session", params=["team", "tag"])
def world(
    request: pytest.FixtureRequest, gateway: FakeGateway, filled: ApiServer, start: Callable[..., ApiServer]
) -> Iterator[World]:
    if request.param == "team":
        yield World(gateway, filled, "team")
        return
    server = start("tag")
    yield World(gateway, server, "tag")
    server.close()
