"""Captured assertions and requests. No Airflow server needed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from gateway import FakeGateway
from jwt import InvalidTokenError

from modelops_gateway_airflow.assertion import MAX_AGE_SECONDS, AssertionVerifier
from modelops_gateway_airflow.request_proof import HEADER, RequestProof
from modelops_gateway_airflow.settings import Settings

SECRET = "a secret of 32 characters, shared"
TARGET = "/airflow/api/v2/dags/a%20b?limit=1"
REQUEST: dict[str, Any] = {
    "type": "http", "method": "GET", "path": "/airflow/api/v2/dags/a b",
    "raw_path": b"/airflow/api/v2/dags/a%20b", "query_string": b"limit=1",
}  # fmt: skip


@pytest.fixture
def verifier(gateway: FakeGateway) -> AssertionVerifier:
    return AssertionVerifier(Settings(gateway.url, f"{gateway.url}/auth/jwks.json", request_secret=SECRET))


def proof(assertion: str, request_id: str = "1", seconds: int | None = None, secret: str = SECRET) -> str:
    at = str(int(time.time()) if seconds is None else seconds)
    mac = RequestProof(secret, 5).mac(assertion.rpartition(".")[2], "GET", TARGET, at, request_id)
    return f"{at}.{request_id}.{mac}"


def verify(verifier: AssertionVerifier, assertion: str, *proofs: str, **changes: Any) -> str:
    headers = [(HEADER, each.encode("latin-1")) for each in proofs]
    return asyncio.run(verifier.verify(assertion, {**REQUEST, "headers": headers, **changes})).get_name()


def test_a_request_is_accepted_once(gateway: FakeGateway, verifier: AssertionVerifier) -> None:
    assertion = gateway.assertion("bob")
    assert verify(verifier, assertion, proof(assertion)) == "bob"
    with pytest.raises(InvalidTokenError, match="used before"):
        verify(verifier, assertion, proof(assertion))
    assert verify(verifier, assertion, proof(assertion, "2")) == "bob"


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "DELETE"}, {"query_string": b"limit=2"}, {"query_string": b""},
        {"raw_path": b"/airflow/api/v2/dags/b"}, {"raw_path": b"/airflow/api/v2/dags/a b"},
    ],
    ids=str,
)  # fmt: skip
def test_a_captured_request_is_refused_as_another_one(
    gateway: FakeGateway, verifier: AssertionVerifier, changes: dict[str, Any]
) -> None:
    assertion = gateway.assertion("bob")
    with pytest.raises(InvalidTokenError, match="MAC of this request"):
        verify(verifier, assertion, proof(assertion), **changes)


def test_a_captured_assertion_without_a_proof_is_refused(gateway: FakeGateway, verifier: AssertionVerifier) -> None:
    assertion, other = gateway.assertion("bob"), gateway.assertion("alice")
    now = int(time.time())
    wrong = [
        (), (proof(assertion), proof(assertion, "2")), ("",), (proof(other),), (proof(assertion, secret="x" * 32),),
        (proof(assertion).replace(".1.", ".2."),), (f"{now}.1.\u00e9",), ("1.2.3.4",), (f"x.1.{'A' * 43}",),
        (proof(assertion, seconds=now - 60),), (proof(assertion, seconds=now + 60),),
    ]  # fmt: skip
    for proofs in wrong:
        with pytest.raises(InvalidTokenError, match="X-Gateway-Request"):
            verify(verifier, assertion, *proofs)


def test_a_captured_assertion_ends_before_it_expires(gateway: FakeGateway) -> None:
    """The gateway sends an assertion for 10 s only."""
    plain = AssertionVerifier(Settings(gateway.url, f"{gateway.url}/auth/jwks.json"))
    old = int(time.time()) - MAX_AGE_SECONDS - 6
    assert verify(plain, gateway.assertion("bob", iat=old + 10, nbf=old, exp=old + 60)) == "bob"
    with pytest.raises(InvalidTokenError, match="iat"):
        verify(plain, gateway.assertion("bob", iat=old, nbf=old, exp=old + 60))


def test_used_ids_are_forgotten_when_they_have_expired(gateway: FakeGateway) -> None:
    now = 0.0
    checked = RequestProof(SECRET, 5, lambda: now)
    for number in range(1000):
        now = float(number)
        checked._use(now, str(number))
    assert len(checked._used) <= 31
