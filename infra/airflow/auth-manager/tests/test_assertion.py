"""What is accepted as an assertion, and what it says about its caller. No Airflow server needed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from gateway import ALPHA, BETA, FakeGateway
from jwt import InvalidTokenError

from modelops_gateway_airflow.assertion import AssertionVerifier
from modelops_gateway_airflow.keys import FRESH_SECONDS, RETRY_SECONDS, GatewayKeys, KeysUnavailable
from modelops_gateway_airflow.settings import Settings
from modelops_gateway_airflow.user import GatewayUser, Membership, parse_user

NOW = int(time.time())


def settings(issuer: str) -> Settings:
    return Settings(issuer, f"{issuer}/auth/jwks.json", project_by="tag")


def verify(gateway: FakeGateway, assertion: str) -> GatewayUser:
    return asyncio.run(AssertionVerifier(settings(gateway.url)).verify(assertion))


def test_reads_the_caller(gateway: FakeGateway) -> None:
    user = verify(gateway, gateway.assertion("bob"))
    assert (user.get_id(), user.get_name(), user.email) == ("subject-of-bob", "bob", "bob@example.org")
    assert user.memberships == (Membership(ALPHA["id"], "alpha", "editor"),)
    assert not user.is_admin and not user.narrowed


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 60},
        {"nbf": NOW + 3600, "exp": NOW + 3660},
        {"iat": NOW + 3600, "exp": NOW + 3660},
        {"exp": NOW + 3600},
        {"iss": "https://elsewhere.example"},
        {"aud": "mlflow"},
        {"aud": ["airflow"]},
        {"aud": "urn:airflow.apache.org:task"},
        {"exp": None},
        {"nbf": None},
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"sub": ""},
        {"role": None},
        {"role": "root"},
        {"role": ["admin"]},
        {"project_id": 7},
        {"projects": "alpha"},
        {"projects": ["alpha"]},
        {"projects": [{"id": "x", "name": "alpha"}]},
        {"projects": [{"id": "x", "name": "alpha", "role": "owner"}]},
    ],
    ids=str,
)
def test_refuses_claims_that_do_not_fit(gateway: FakeGateway, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        verify(gateway, gateway.assertion("bob", **changes))


def test_refuses_another_key_under_the_same_kid(gateway: FakeGateway) -> None:
    with pytest.raises(InvalidTokenError):
        verify(gateway, gateway.assertion("bob", key=ec.generate_private_key(ec.SECP256R1())))


def test_refuses_an_unknown_kid(gateway: FakeGateway) -> None:
    with pytest.raises(InvalidTokenError):
        verify(gateway, gateway.assertion("bob", kid="gateway-2"))


def test_refuses_other_algorithms(gateway: FakeGateway) -> None:
    claims, headers = gateway.claims("alice"), {"kid": gateway.kid}
    rsa_key = rsa.generate_private_key(65537, 2048)
    forged = [
        jwt.encode(claims, None, algorithm="none", headers=headers),
        jwt.encode(claims, "k" * 64, algorithm="HS256", headers=headers),
        jwt.encode(claims, rsa_key, algorithm="RS256", headers=headers),
        jwt.encode(claims, gateway.key, algorithm="ES256"),
        "not.a.token",
        "",
    ]
    for assertion in forged:
        with pytest.raises(InvalidTokenError):
            verify(gateway, assertion)


def claims(**changes: Any) -> dict[str, Any]:
    return {"sub": "s", "role": "editor", **changes}


def test_a_named_project_is_the_only_one_that_counts() -> None:
    user = parse_user(claims(project_id=BETA["id"], projects=[ALPHA, BETA], role="viewer"))
    assert user.memberships == (Membership(BETA["id"], "beta", "viewer"),)


def test_a_named_project_without_a_name_is_still_known_by_its_id() -> None:
    assert parse_user(claims(project_id=ALPHA["id"])).memberships == (Membership(ALPHA["id"], "", "editor"),)


def test_a_narrowed_administrator_does_not_see_all_projects() -> None:
    user = parse_user(claims(role="admin", project_id=ALPHA["id"], projects=[ALPHA]))
    assert user.is_admin and not user.sees_all_projects


def test_a_user_without_a_project_has_no_membership_even_when_one_is_named() -> None:
    assert not parse_user(claims(role="user", project_id=ALPHA["id"])).is_member


class CountedKeys(GatewayKeys):
    """Key set whose gateway can be taken away; counts the questions."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.now = 1000.0
        self.down = False
        self.asked = 0
        super().__init__(f"{gateway.url}/auth/jwks.json", lambda: self.now)

    async def _fetch(self):
        self.asked += 1
        if self.down:
            raise httpx.ConnectError("down")
        return await super()._fetch()


def test_unknown_key_ids_do_not_make_callers_flood_the_gateway(gateway: FakeGateway) -> None:
    keys = CountedKeys(gateway)

    async def ask_often() -> None:
        for number in range(20):
            with pytest.raises(InvalidTokenError):
                await keys.find(f"unknown-{number}")

    asyncio.run(ask_often())
    assert keys.asked == 1


def test_an_inner_address_is_asked_by_the_gateways_public_name(gateway: FakeGateway) -> None:
    inner = Settings("https://o.example", f"{gateway.url}/auth/jwks.json", project_by="tag")
    asked = len(gateway.hosts)
    user = asyncio.run(AssertionVerifier(inner).verify(gateway.assertion("bob", iss="https://o.example")))
    assert user.get_id()
    assert gateway.hosts[asked:] == ["o.example"]


def test_a_new_key_is_found_without_a_restart(gateway: FakeGateway) -> None:
    keys = CountedKeys(gateway)

    async def rotate() -> None:
        await keys.find("gateway-1")
        gateway.kid = "gateway-next"
        try:
            keys.now += RETRY_SECONDS
            await keys.find("gateway-next")
            with pytest.raises(InvalidTokenError):
                await keys.find("gateway-1")
        finally:
            gateway.kid = "gateway-1"

    asyncio.run(rotate())
    assert keys.asked == 2


def test_known_keys_go_on_while_the_gateway_cannot_be_reached(gateway: FakeGateway) -> None:
    keys = CountedKeys(gateway)

    async def outage() -> None:
        await keys.find("gateway-1")
        keys.down, keys.now = True, keys.now + FRESH_SECONDS + 1
        assert (await keys.find("gateway-1")).key_id == "gateway-1"

    asyncio.run(outage())
    assert keys.asked == 2


def test_nobody_is_judged_before_the_first_keys_are_there(gateway: FakeGateway) -> None:
    keys = CountedKeys(gateway)
    keys.down = True
    with pytest.raises(KeysUnavailable):
        asyncio.run(keys.find("gateway-1"))
