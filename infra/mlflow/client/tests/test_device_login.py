from __future__ import annotations

import base64
import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from servers import Answer, Server, bearer

from modelops_gateway_mlflow.__main__ import main
from modelops_gateway_mlflow.device_login import sign_in
from modelops_gateway_mlflow.errors import ModelopsAuthError
from modelops_gateway_mlflow.login_cache import LoginCache
from modelops_gateway_mlflow.settings import origin_of

PENDING: Answer = (400, {"error": "authorization_pending"})


class Clock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def id_token(claims: dict[str, Any]) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"header.{payload}.signature"


def answers(server: Server, *given: Answer) -> None:
    """The token endpoint's answers in turn; the last one stays."""
    left = list(given)
    server.token_answer = lambda form: left.pop(0) if len(left) > 1 else left[0]


def login(server: Server, directory: Path, clock: Clock, said: list[str]) -> str:
    gateway = origin_of(server.url, "test")
    return sign_in(gateway, LoginCache(gateway, directory), said.append, clock, clock.sleep)


def test_after_the_confirmation_the_tokens_are_in_the_command_lines_file(server: Server, tmp_path: Path) -> None:
    token = bearer("first", refresh_token="refresh", id_token=id_token({"sub": "1", "preferred_username": "bob"}))
    answers(server, PENDING, PENDING, (200, token))
    clock, said = Clock(), []
    assert login(server, tmp_path / "new", clock, said) == "bob"
    path = tmp_path / "new" / "tokens.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {
        "version": 1,
        "current": server.url,
        "gateways": {
            server.url: {
                "issuer": server.url,
                "client_id": "cli",
                "username": "bob",
                "access_token": "first",
                "issued_at": 1_000_003,
                "expires_at": 1_000_303,
                "refresh_token": "refresh",
            }
        },
    }
    assert said[:2] == [
        "To sign in, open https://sso.example/device",
        "and check that the page shows the code MKRL-PJTR",
    ]
    asked, redeemed = server.device_forms[0], server.forms[-1]
    assert asked["scope"] == "openid offline_access"
    verifier = hashlib.sha256(redeemed["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
    assert redeemed["device_code"] == "device"


def test_other_gateways_stay_in_the_file(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({"version": 1, "gateways": {"https://other.example": {"issuer": "x"}}}))
    path.chmod(0o600)
    answers(server, (200, bearer("first")))
    assert login(server, tmp_path, Clock(), []) == "unknown"
    assert json.loads(path.read_text())["gateways"].keys() == {"https://other.example", server.url}


def test_the_issuer_decides_how_often_it_is_asked(server: Server, tmp_path: Path) -> None:
    answers(server, (400, {"error": "slow_down"}), (503, {}), (200, bearer("first")))
    clock = Clock()
    login(server, tmp_path, clock, [])
    assert clock.pauses == [1, 6, 11]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((400, {"error": "access_denied"}), "denied in the browser"),
        ((400, {"error": "expired_token"}), "code has expired"),
        ((400, {"error": "invalid_grant"}), "invalid_grant"),
        (PENDING, "code has expired"),
        ((200, {"access_token": "a b", "token_type": "Bearer"}), "no bearer token"),
    ],
)
def test_a_sign_in_that_does_not_happen_keeps_nothing(
    server: Server, tmp_path: Path, answer: Answer, message: str
) -> None:
    answers(server, answer)
    with pytest.raises(ModelopsAuthError, match=message):
        login(server, tmp_path, Clock(), [])
    assert not (tmp_path / "tokens.json").exists()


def test_a_gateway_without_a_client_for_people_says_what_its_administrator_must_set(
    server: Server, tmp_path: Path
) -> None:
    server.client_id = None
    with pytest.raises(ModelopsAuthError, match=r"issuer\.cliClientId"):
        login(server, tmp_path, Clock(), [])


@pytest.mark.parametrize("answer", [None, (400, {"error": "unauthorized_client"})])
def test_an_issuer_without_the_device_flow_is_named(server: Server, tmp_path: Path, answer: Answer | None) -> None:
    server.device_answer = answer
    with pytest.raises(ModelopsAuthError, match=server.url):
        login(server, tmp_path, Clock(), [])


def test_the_command_refuses_plain_http_to_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["login", "http://o.example"]) == 1
    assert "expected https" in capsys.readouterr().err
