"""A workload without a secret: a file that its platform renews, and GitHub Actions."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import mlflow
import pytest
from servers import Answer, Asked, Server

from modelops_gateway_mlflow.auth_provider import ModelopsAuthProvider
from modelops_gateway_mlflow.errors import ModelopsAuthError
from modelops_gateway_mlflow.settings import Settings
from modelops_gateway_mlflow.workload_tokens import fetch_for_workload

EXPERIMENT = {"experiment": {"experiment_id": "7", "name": "x", "artifact_location": "a", "lifecycle_stage": "active"}}


def jwt(name: str, life: float = 300, **claims: Any) -> str:
    now = time.time()
    body = json.dumps({"sub": name, "iat": now, "exp": now + life, **claims}).encode()
    return f"e30.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{name}"


@pytest.fixture
def workload(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("MODELOPS_GATEWAY", server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "modelops")
    server.api_answer = lambda asked: (200, EXPERIMENT)
    mlflow.set_tracking_uri(f"{server.url}/mlflow")
    return server


def get_experiment() -> None:
    mlflow.MlflowClient().get_experiment("7")


def sent(server: Server) -> list[str]:
    return [asked.headers["authorization"].removeprefix("Bearer ") for asked in server.asked]


def test_a_file_is_read_again_when_its_token_ends(
    workload: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    first, second = jwt("first", life=-1), jwt("second", life=3600)
    monkeypatch.setenv("MODELOPS_TOKEN_FILE", str(file))
    file.write_text(f"{first}\n")
    get_experiment()
    file.write_text(second)
    get_experiment()
    file.write_text(jwt("third", life=3600))
    get_experiment()
    assert sent(workload) == [first, second, second]
    assert workload.forms == []


def test_a_refused_token_is_replaced_by_what_the_file_holds_now(
    workload: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    old, new = jwt("old"), jwt("new")
    monkeypatch.setenv("MODELOPS_TOKEN_FILE", str(file))
    file.write_text(old)

    def answer(asked: Asked) -> Answer:
        file.write_text(new)
        is_new = asked.headers["authorization"] == f"Bearer {new}"
        return (200, EXPERIMENT) if is_new else (401, {"error_code": "UNAUTHENTICATED", "message": "expired"})

    workload.api_answer = answer
    get_experiment()
    assert sent(workload) == [old, new]


def test_the_issuer_of_users_is_not_asked(workload: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(jwt("pod"))
    monkeypatch.setenv("MODELOPS_TOKEN_FILE", str(file))
    answer, asked_for = workload.answer, []
    monkeypatch.setattr(workload, "answer", lambda asked: (asked_for.append(asked.path), answer(asked))[1])
    get_experiment()
    assert not [path for path in asked_for if path.startswith("/.well-known")]


def test_github_actions_is_asked_for_the_audience(workload: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELOPS_TOKEN_AUDIENCE", "https://o.example")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{workload.url}/actions?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-runner")
    given, answer, asked_for = jwt("run"), workload.answer, []

    def with_actions(asked: Asked) -> Answer:
        if not asked.path.startswith("/actions"):
            return answer(asked)
        asked_for.append(asked)
        return 200, {"value": given}

    monkeypatch.setattr(workload, "answer", with_actions)
    get_experiment()
    get_experiment()
    assert sent(workload) == [given, given]
    assert [asked.headers["authorization"] for asked in asked_for] == ["Bearer of-the-runner"]
    query = parse_qs(asked_for[0].query)
    assert query == {"api-version": ["2.0"], "audience": ["https://o.example"]}


def test_the_token_of_the_runner_goes_to_no_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings("https://o.example:443", None, None, None, token_audience="x")
    environ = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://github.example/x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}
    with pytest.raises(ModelopsAuthError, match="ACTIONS_ID_TOKEN_REQUEST_URL: expected https"):
        fetch_for_workload(settings, environ)


def test_outside_of_github_actions_the_message_says_what_is_missing(
    workload: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    monkeypatch.setenv("MODELOPS_TOKEN_AUDIENCE", "https://o.example")
    with pytest.raises(ModelopsAuthError, match="permissions: id-token: write"):
        ModelopsAuthProvider().get_auth()


def test_a_file_that_cannot_be_used_is_named_and_not_shown(
    workload: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    monkeypatch.setenv("MODELOPS_TOKEN_FILE", str(file))
    for content in (None, b"", b"\n", b"\xff\xfe", b"two words", b"a\r\nX-Forged: b"):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ModelopsAuthError) as raised:
            ModelopsAuthProvider().get_auth()
        assert "X-Forged" not in str(raised.value) and "two words" not in str(raised.value)


def test_there_is_one_way_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"MODELOPS_GATEWAY": "https://o.example", "MODELOPS_CLIENT_ID": "a", "MODELOPS_TOKEN_FILE": "b"}
    with pytest.raises(ModelopsAuthError, match="MODELOPS_CLIENT_ID and MODELOPS_TOKEN_FILE"):
        Settings.from_environment(environ)


def test_a_token_without_times_is_used_for_a_while(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for value in ("opaque", "a.b.c", "e30.W10.c", "e30.bnVsbA.c"):
        file.write_text(value)
        token = fetch_for_workload(Settings("https://o.example:443", None, None, None, token_file=str(file)))
        assert token.is_fresh(time.time()) and token.expires_at < time.time() + 301
