from __future__ import annotations

import json
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from servers import Server, bearer

from modelops_gateway_mlflow.errors import IssuerUnavailableError, ModelopsAuthError
from modelops_gateway_mlflow.login_cache import LoginCache, config_dir
from modelops_gateway_mlflow.settings import origin_of


def write_cache(server: Server, directory: Path, life: float, **more: Any) -> Path:
    now = time.time()
    sign_in = {
        "issuer": server.url,
        "client_id": "cli",
        "username": "bob",
        "access_token": "former",
        "issued_at": now - 300 + life,
        "expires_at": now + life,
        "refresh_token": "first",
        **more,
    }
    path = directory / "tokens.json"
    document = {
        "version": 1,
        "current": server.url,
        "gateways": {server.url: sign_in, "https://other.example": sign_in},
    }
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    return path


def cache_of(server: Server, directory: Path) -> LoginCache:
    return LoginCache(origin_of(server.url, "test"), directory)


def test_a_fresh_token_is_taken_from_the_file(server: Server, tmp_path: Path) -> None:
    write_cache(server, tmp_path, life=200)
    assert cache_of(server, tmp_path).fetch(None).value == "former"
    assert server.forms == []


def test_a_refresh_keeps_what_the_command_line_wrote_and_the_rotated_refresh_token(
    server: Server, tmp_path: Path
) -> None:
    path = write_cache(server, tmp_path, life=10)
    server.token_answer = lambda form: (200, bearer("renewed", refresh_token="second"))
    assert cache_of(server, tmp_path).fetch(None).value == "renewed"
    assert server.forms == [{"grant_type": "refresh_token", "refresh_token": "first", "client_id": "cli"}]
    document = json.loads(path.read_text())
    kept = document["gateways"][server.url]
    assert (kept["refresh_token"], kept["username"], kept["access_token"]) == ("second", "bob", "renewed")
    assert document["gateways"]["https://other.example"]["refresh_token"] == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_twenty_readers_at_once_refresh_once(server: Server, tmp_path: Path) -> None:
    write_cache(server, tmp_path, life=10)
    server.token_answer = lambda form: (200, bearer("renewed", refresh_token="second"))
    values: list[str] = []
    threads = [
        threading.Thread(target=lambda: values.append(cache_of(server, tmp_path).fetch(None).value)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert values == ["renewed"] * 20
    assert len(server.forms) == 1


def test_a_token_that_was_refused_is_replaced_although_it_is_fresh(server: Server, tmp_path: Path) -> None:
    write_cache(server, tmp_path, life=200)
    cache = cache_of(server, tmp_path)
    server.token_answer = lambda form: (200, bearer("renewed"))
    assert cache.fetch(cache.fetch(None)).value == "renewed"


def test_an_ended_sign_in_says_which_command_to_run(server: Server, tmp_path: Path) -> None:
    write_cache(server, tmp_path, life=10)
    server.token_answer = lambda form: (400, {"error": "invalid_grant"})
    with pytest.raises(ModelopsAuthError, match="modelops-gateway login --gateway") as error:
        cache_of(server, tmp_path).fetch(None)
    assert "first" not in str(error.value) and "former" not in str(error.value)


def test_an_issuer_that_is_away_leaves_a_living_token_in_use(server: Server, tmp_path: Path) -> None:
    write_cache(server, tmp_path, life=10)
    server.token_answer = lambda form: (503, {})
    assert cache_of(server, tmp_path).fetch(None).value == "former"
    write_cache(server, tmp_path, life=-1)
    with pytest.raises(IssuerUnavailableError):
        cache_of(server, tmp_path).fetch(None)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2, "gateways": {}}', '{"version": 1, "gateways": []}'])
def test_a_file_of_another_kind_is_refused_by_name(server: Server, tmp_path: Path, text: str) -> None:
    path = write_cache(server, tmp_path, life=200)
    path.write_text(text)
    with pytest.raises(ModelopsAuthError, match=str(path)):
        cache_of(server, tmp_path).fetch(None)


def test_a_file_that_others_may_read_is_refused(server: Server, tmp_path: Path) -> None:
    write_cache(server, tmp_path, life=200).chmod(0o640)
    with pytest.raises(ModelopsAuthError, match="mode 600"):
        cache_of(server, tmp_path).fetch(None)


def test_nobody_signed_in_is_said_with_both_ways_out(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelopsAuthError, match="login --gateway .* or set MODELOPS_CLIENT_ID"):
        cache_of(server, tmp_path).fetch(None)


def test_the_place_is_the_command_lines_own() -> None:
    assert config_dir({"XDG_CONFIG_HOME": "/cfg"}, "linux") == Path("/cfg/modelops-gateway")
    assert config_dir({"XDG_CONFIG_HOME": "cfg"}, "linux") == Path.home() / ".config" / "modelops-gateway"
    assert config_dir({}, "darwin") == Path.home() / "Library" / "Application Support" / "modelops-gateway"
    assert config_dir({"APPDATA": "/roaming"}, "win32") == Path("/roaming/modelops-gateway")
