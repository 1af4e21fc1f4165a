"""Nothing but an assertion opens Airflow."""

from __future__ import annotations

import time

import jwt
import pytest
from airflow_server import JWT_SECRET
from cryptography.hazmat.primitives.asymmetric import ec
from gateway import FakeGateway

ASKED = "/api/v2/dags"


def test_an_assertion_is_enough_from_the_first_request_on(world) -> None:
    response = world.request("bob", "/ui/auth/me")
    assert response.json() == {"id": "subject-of-bob", "username": "bob"}
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", [ASKED, "/", "/docs", "/openapi.json", "/ui/config", "/dags/alpha_daily", "/static/x"])
def test_nothing_answers_without_an_assertion(world, path: str) -> None:
    response = world.server.request("GET", path, None)
    assert response.status_code == 401
    assert "detail" in response.json()


@pytest.mark.parametrize("path", ["/api/v2/monitor/health", "/api/v2/version"])
def test_probes_answer_without_an_assertion(world, path: str) -> None:
    assert world.server.request("GET", path, None).status_code == 200


def test_refuses_a_forged_an_expired_and_a_doubled_assertion(world) -> None:
    gateway: FakeGateway = world.gateway
    ask = world.server.request
    assert ask("GET", ASKED, gateway.assertion("alice", key=ec.generate_private_key(ec.SECP256R1()))).status_code == 401
    assert ask("GET", ASKED, gateway.assertion("alice", exp=int(time.time()) - 30)).status_code == 401
    assert ask("GET", ASKED, gateway.assertion("alice", aud="mlflow")).status_code == 401
    doubled = [("X-Gateway-Assertion", gateway.assertion(who)) for who in ("bob", "alice")]
    assert world.server.client.get(ASKED, headers=doubled).status_code == 401


def test_no_other_credential_counts(world) -> None:
    """Neither Airflow's own tokens, nor cookies, nor an assertion in the place of a bearer token."""
    now = int(time.time())
    own = {"sub": "subject-of-alice", "role": "admin", "aud": "apache-airflow", "iat": now, "nbf": now, "exp": now + 60}
    airflow_token = jwt.encode(own, JWT_SECRET, algorithm="HS512")
    for token in (airflow_token, world.gateway.assertion("alice")):
        for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"_token={token}"}):
            assert world.server.client.get(ASKED, headers=headers).status_code == 401
            as_bob = world.request("bob", "/ui/auth/me", headers=headers)
            assert as_bob.json()["username"] == "bob"


def test_airflow_makes_no_token_of_its_own(world) -> None:
    assert world.request("alice", "/ui/auth/token", "POST", json={"token_type": "api"}).status_code == 403


def test_an_assertion_opens_nothing_for_workers(world) -> None:
    path = "/execution/variables/nobodys_variable"
    assertion = world.gateway.assertion("alice", aud="urn:airflow.apache.org:task")
    for headers in (
        {"Authorization": f"Bearer {assertion}"},
        {"X-Gateway-Assertion": world.gateway.assertion("alice")},
    ):
        assert world.server.client.get(path, headers=headers).status_code in (401, 403)


@pytest.mark.parametrize(
    "path", ["/execution/../api/v2/dags", "/execution/..%2fapi/v2/dags", "/executions", "/Execution/x"]
)
def test_the_workers_path_is_no_way_around_the_door(world, path: str) -> None:
    response = world.server.request("GET", path, None)
    assert response.status_code in (401, 404) and "alpha" not in response.text


def test_login_and_logout_lead_to_the_gateway(world) -> None:
    login = world.request("bob", "/api/v2/auth/login")
    assert (login.status_code, login.headers["location"]) == (307, f"{world.gateway.url}/auth/login")
    logout = world.request("bob", "/api/v2/auth/logout")
    assert (logout.status_code, logout.headers["location"]) == (307, f"{world.gateway.url}/auth/logout")
