"""MLflow's own client, with both plug-ins found by their entry points."""

from __future__ import annotations

import base64
import multiprocessing
import threading
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
from servers import Answer, Asked, Server, bearer

ALPHA = "11111111-1111-4111-8111-111111111111"
EXPERIMENT = {"experiment": {"experiment_id": "7", "name": "x", "artifact_location": "a", "lifecycle_stage": "active"}}


def get_experiment(server: Server) -> None:
    mlflow.set_tracking_uri(f"{server.url}/mlflow")
    mlflow.MlflowClient().get_experiment("7")


def admitting(server: Server, value: str) -> None:
    """From now on the gateway accepts this token alone."""

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") == f"Bearer {value}":
            return 200, EXPERIMENT
        return 401, {"error_code": "UNAUTHENTICATED", "message": "The access token is not accepted."}

    server.api_answer = answer


def test_every_call_carries_the_token_and_the_project(machine: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELOPS_PROJECT", ALPHA.upper())
    admitting(machine, "token-1")
    get_experiment(machine)
    assert {asked.headers["aoa-project-id"] for asked in machine.asked} == {ALPHA}
    assert {asked.headers["authorization"] for asked in machine.asked} == {"Bearer token-1"}


def test_without_a_project_no_header_is_added(machine: Server) -> None:
    admitting(machine, "token-1")
    get_experiment(machine)
    assert all("aoa-project-id" not in asked.headers for asked in machine.asked)


def test_the_client_authenticates_with_encoded_credentials(machine: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELOPS_SCOPE", "modelops")
    seen: list[Asked] = []
    answer = machine.answer
    monkeypatch.setattr(machine, "answer", lambda asked: (seen.append(asked), answer(asked))[1])
    admitting(machine, "token-1")
    get_experiment(machine)
    asked = next(asked for asked in seen if asked.path == "/token")
    expected = base64.b64encode(b"ci-service:a%20secret%2Fwith%3Asigns").decode()
    assert asked.headers["authorization"] == f"Basic {expected}"
    assert machine.forms == [{"grant_type": "client_credentials", "scope": "modelops"}]


def test_a_refused_token_is_replaced_once_and_the_call_succeeds(machine: Server) -> None:
    machine.token_answer = lambda form: (200, bearer(f"token-{len(machine.forms)}"))
    admitting(machine, "token-2")
    get_experiment(machine)
    assert len(machine.forms) == 2


def test_a_refusal_that_stays_is_told_by_the_gateways_own_words(machine: Server) -> None:
    machine.token_answer = lambda form: (200, bearer(f"token-{len(machine.forms)}"))
    admitting(machine, "never")
    with pytest.raises(MlflowException, match="UNAUTHENTICATED: The access token is not accepted"):
        mlflow.set_tracking_uri(f"{machine.url}/mlflow")
        mlflow.MlflowClient().get_experiment("7")
    assert len(machine.asked) == 2 * len({asked.path for asked in machine.asked})


def test_an_upload_that_meets_an_expired_token_is_sent_again_whole(machine: Server, tmp_path: Path) -> None:
    machine.token_answer = lambda form: (200, bearer(f"token-{len(machine.forms)}"))
    admitting(machine, "token-2")
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(range(256)) * 4096)
    mlflow.set_tracking_uri(f"{machine.url}/mlflow")
    MlflowArtifactsRepository("mlflow-artifacts:/1/run/artifacts").log_artifact(str(file))
    first, second = [asked for asked in machine.asked if asked.method == "PUT"]
    assert first.headers["authorization"] == "Bearer token-1"
    assert second.headers["authorization"] == "Bearer token-2"
    assert second.body == file.read_bytes()


def test_tokens_that_live_for_a_moment_never_fail_a_loop(machine: Server) -> None:
    """Each token is accepted only while it is the newest: what a long training meets, in small."""
    machine.token_answer = lambda form: (200, bearer(f"token-{len(machine.forms)}", expires_in=1))

    def newest_only(asked: Asked) -> Answer:
        newest = f"Bearer token-{len(machine.forms)}"
        return (200, EXPERIMENT) if asked.headers.get("authorization") == newest else (401, {})

    machine.api_answer = newest_only
    stop = threading.Event()
    done: list[int] = []

    def loop() -> None:
        while not stop.wait(0.02):
            get_experiment(machine)
            done.append(1)

    loop_thread = threading.Thread(target=loop)
    loop_thread.start()
    stop.wait(2.5)
    stop.set()
    loop_thread.join(10)
    assert len(done) > 20
    assert len(machine.forms) >= 3


def test_a_token_goes_to_no_other_host(machine: Server) -> None:
    mlflow.set_tracking_uri("http://127.0.0.1:9/mlflow")
    with pytest.raises(Exception, match="no address of the gateway") as error:
        mlflow.MlflowClient().get_experiment("7")
    assert "token-1" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MODELOPS_GATEWAY", "", "MODELOPS_GATEWAY: expected"),
        ("MODELOPS_GATEWAY", "http://o.example", "expected https"),
        ("MODELOPS_CLIENT_SECRET", "", "expected MODELOPS_CLIENT_SECRET or MODELOPS_CLIENT_SECRET_FILE"),
        ("MODELOPS_ISSUER", "http://sso.example", "issuer: expected https"),
    ],
)
def test_a_wrong_setting_is_named(
    machine: Server, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Exception, match=message):
        get_experiment(machine)


def test_a_secret_file_is_read_again_at_each_fetch(
    machine: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    monkeypatch.delenv("MODELOPS_CLIENT_SECRET")
    monkeypatch.setenv("MODELOPS_CLIENT_SECRET_FILE", str(file))
    with pytest.raises(Exception, match="MODELOPS_CLIENT_SECRET_FILE"):
        get_experiment(machine)
    file.write_text("rotated\n")
    admitting(machine, "token-1")
    get_experiment(machine)


def test_a_wrong_secret_is_said_without_showing_it(machine: Server) -> None:
    machine.token_answer = lambda form: (401, {"error": "invalid_client"})
    with pytest.raises(Exception, match="refused MODELOPS_CLIENT_ID ci-service: invalid_client") as error:
        get_experiment(machine)
    assert "signs" not in str(error.value)


def test_a_metadata_document_of_another_issuer_is_refused(machine: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELOPS_ISSUER", f"{machine.url}/")
    with pytest.raises(Exception, match="names another issuer"):
        get_experiment(machine)


def _in_child(url: str, queue: multiprocessing.Queue[str]) -> None:
    mlflow.set_tracking_uri(f"{url}/mlflow")
    queue.put(mlflow.MlflowClient().get_experiment("7").experiment_id)


def test_a_forked_worker_gets_its_token_while_the_parent_fetches(machine: Server) -> None:
    admitting(machine, "token-1")
    entered, go_on = threading.Event(), threading.Event()

    def slow(form: dict[str, str]) -> Answer:
        if len(machine.forms) == 1:
            entered.set()
            go_on.wait(20)
        return 200, bearer("token-1")

    machine.token_answer = slow
    parent = threading.Thread(target=get_experiment, args=(machine,))
    parent.start()
    assert entered.wait(10)
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[str] = context.Queue()
    child = context.Process(target=_in_child, args=(machine.url, queue))
    child.start()
    try:
        assert queue.get(timeout=15) == "7"
    finally:
        go_on.set()
        parent.join(20)
        child.join(5)
        child.kill()
