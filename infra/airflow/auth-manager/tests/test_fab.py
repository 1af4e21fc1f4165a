"""FAB behind the gateway: assertions, the token exchange, and what is closed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from airflow_server import ApiServer, airflow, environment
from gateway import FakeGateway
from isolation import isolation

WEBSERVER_CONFIG = Path(__file__).parents[2] / "webserver_config.py"


def make_roles(env: dict[str, str]) -> str:
    """As the guide says: a role for each project."""
    groups = ["--group", "project-alpha=alpha", "--group", "project-beta=beta"]
    command = [sys.executable, "-m", "modelops_gateway_airflow", "fab-roles", *groups]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def server(gateway: FakeGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    home = tmp_path_factory.mktemp("fab")
    env = environment(
        home,
        gateway.url,
        "tag",
        AIRFLOW__CORE__AUTH_MANAGER="modelops_gateway_airflow.fab.GatewayFabAuthManager",
        AIRFLOW__FAB__CONFIG_FILE=str(WEBSERVER_CONFIG),
        AIRFLOW__MODELOPS_GATEWAY__OIDC_ISSUER=gateway.url,
        # So that a removed user is missed at once.
        AIRFLOW__FAB__CACHE_TTL="0",
        OIDC_ISSUER=gateway.url,
        OIDC_CLIENT_SECRET="secret of the client",
        GATEWAY_URL=gateway.url,
    )
    airflow(env, "db", "migrate")
    airflow(env, "users", "create", "-u", "local", "-p", "local-pw", "-r", "Admin", "-e", "l@x", "-f", "l", "-l", "l")
    airflow(env, "dag-processor", "--num-runs", "1")
    make_roles(env)
    server = ApiServer(env, home)
    yield server
    server.close()


@pytest.fixture
def ask(gateway: FakeGateway, server: ApiServer) -> Callable[..., int]:
    def status(token: str, path: str = "/api/v2/dags", **headers: str) -> int:
        return server.client.get(path, headers={"Authorization": f"Bearer {token}", **headers}).status_code

    return status


def access_token(gateway: FakeGateway, who: str, **changes: object) -> str:
    """As the issuer would make it; the stand-in is gateway and issuer in one."""
    return gateway.assertion(who, aud=["gateway", "account"], **{"typ": "Bearer", **changes})


def exchange(server: ApiServer, token: str | None, body: dict[str, str] | None = None, path: str = "/auth/token"):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return server.client.post(path, headers=headers, json=body or {})


def test_roles_follow_the_groups_of_the_assertion(gateway: FakeGateway, ask) -> None:
    assert ask(gateway.assertion("alice"), "/api/v2/config") == 200
    assert ask(gateway.assertion("bob")) == 200
    assert ask(gateway.assertion("bob"), "/api/v2/config") == 403
    assert ask(gateway.assertion("erin")) == 403


def dag_ids(server: ApiServer, token: str) -> set[str]:
    listed = server.client.get("/api/v2/dags", headers={"Authorization": f"Bearer {token}"})
    return {each["dag_id"] for each in listed.json()["dags"]}


@isolation("Reading: DAGs of another project", mode="FAB")
def test_a_role_opens_the_dags_of_its_project_only(gateway: FakeGateway, server: ApiServer, ask) -> None:
    alpha, beta = {"alpha_daily", "alpha_other"}, {"beta_daily", "beta_consumer"}
    assert dag_ids(server, gateway.assertion("bob")) == alpha
    assert dag_ids(server, gateway.assertion("carol")) == beta
    assert dag_ids(server, gateway.assertion("dave")) == alpha | beta
    assert ask(gateway.assertion("bob"), "/api/v2/dags/beta_daily") == 403
    assert ask(gateway.assertion("bob"), "/api/v2/dags/nobodys_job") == 403


@isolation("Changing: DAGs of another project", mode="FAB")
def test_a_role_changes_the_dags_of_its_project_only(gateway: FakeGateway, server: ApiServer) -> None:
    headers = {"Authorization": f"Bearer {gateway.assertion('bob')}"}
    attempts = [
        ("POST", "/api/v2/dags/{dag}/dagRuns", {"logical_date": None}),
        ("PATCH", "/api/v2/dags/{dag}", {"is_paused": False}),
        ("POST", "/api/v2/dags/{dag}/clearTaskInstances", {"dry_run": True}),
    ]
    for method, path, body in attempts:
        assert (
            server.client.request(method, path.format(dag="alpha_other"), headers=headers, json=body).status_code == 200
        )
        for dag in ("beta_consumer", "nobodys_job"):
            refused = server.client.request(method, path.format(dag=dag), headers=headers, json=body)
            assert refused.status_code == 403, (method, path, dag)
    assert server.client.delete("/api/v2/dags/beta_consumer", headers=headers).status_code == 403


@isolation("Reading: what FAB cannot divide among projects is closed to members", mode="FAB")
@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/variables", "/api/v2/connections", "/api/v2/pools", "/api/v2/assets", "/api/v2/assets/events",
        "/api/v2/importErrors", "/api/v2/eventLogs", "/api/v2/jobs", "/api/v2/backfills?dag_id=beta_daily",
    ],
)  # fmt: skip
def test_what_fab_cannot_isolate_is_closed_to_members(gateway: FakeGateway, ask, path: str) -> None:
    assert ask(gateway.assertion("bob"), path) == 403


def test_a_lost_group_counts_from_the_next_request_on(gateway: FakeGateway, ask) -> None:
    assert ask(gateway.assertion("dave", groups=["modelops-admins"]), "/api/v2/config") == 200
    assert ask(gateway.assertion("dave", groups=["project-alpha"]), "/api/v2/config") == 403
    assert ask(gateway.assertion("dave", groups=[])) == 403
    assert ask(gateway.assertion("dave", groups=["project-alpha"])) == 200


def test_the_assertion_decides_although_a_cookie_says_otherwise(gateway: FakeGateway, server: ApiServer, ask) -> None:
    alice = exchange(server, access_token(gateway, "alice")).json()["access_token"]
    assert ask(gateway.assertion("bob"), "/api/v2/config", Cookie=f"_token={alice}") == 403


@pytest.mark.parametrize("changes", [{"aud": "mlflow"}, {"exp": int(time.time()) - 60}, {"iss": "https://elsewhere"}])
def test_refuses_assertions_that_do_not_fit(gateway: FakeGateway, ask, changes: dict[str, object]) -> None:
    assert ask(gateway.assertion("alice", **changes)) in (401, 403)


def test_an_access_token_of_the_issuer_becomes_one_of_airflows(gateway: FakeGateway, server: ApiServer, ask) -> None:
    response = exchange(server, access_token(gateway, "bob"))
    assert response.status_code == 201
    token = response.json()["access_token"]
    assert (ask(token), ask(token, "/api/v2/config")) == (200, 403)
    assert exchange(server, access_token(gateway, "bob"), path="/auth/token/cli").status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["account"]},
        {"exp": int(time.time()) - 60},
        {"iss": "https://elsewhere"},
        {"typ": "ID"},
        {"typ": None},
        {"sub": None},
        {"preferred_username": None},
    ],
    ids=str,
)
def test_refuses_to_exchange_other_tokens(gateway: FakeGateway, server: ApiServer, changes: dict[str, object]) -> None:
    claims = {"aud": ["gateway", "account"], "typ": "Bearer", **changes}
    assert exchange(server, gateway.assertion("alice", **claims)).status_code == 401


def test_refuses_to_exchange_a_token_that_nobody_signed(gateway: FakeGateway, server: ApiServer) -> None:
    claims = gateway.claims("alice", aud="gateway", typ="Bearer")
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": gateway.kid})
    assert exchange(server, unsigned).status_code == 401


@pytest.mark.parametrize("path", ["/auth/token", "/auth/token/cli"])
def test_local_passwords_open_nothing(server: ApiServer, path: str) -> None:
    response = exchange(server, None, {"username": "local", "password": "local-pw"}, path)
    assert response.status_code == 400 and "passwords are not accepted" in response.json()["detail"]


def test_somebody_removed_from_airflow_is_registered_anew(gateway: FakeGateway, server: ApiServer, ask) -> None:
    assert ask(gateway.assertion("carol")) == 200
    alice = {"Authorization": f"Bearer {gateway.assertion('alice')}"}
    assert server.client.delete("/auth/fab/v1/users/carol", headers=alice).status_code == 204
    assert ask(gateway.assertion("carol")) == 200
    assert ask(gateway.assertion("carol"), "/api/v2/config") == 403


def test_the_login_goes_to_the_issuer_and_the_logout_to_the_gateway(gateway: FakeGateway, server: ApiServer) -> None:
    login = server.client.get("/auth/login/keycloak?next=/airflow/")
    assert login.status_code == 302
    location = login.headers["location"]
    assert location.startswith(f"{gateway.url}/authorize?") and "code_challenge_method=S256" in location
    assert server.client.get("/api/v2/auth/logout").headers["location"] == f"{gateway.url}/auth/logout"
