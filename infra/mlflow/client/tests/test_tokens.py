from __future__ import annotations

import threading

import pytest

from modelops_gateway_mlflow.errors import IssuerUnavailableError, ModelopsAuthError
from modelops_gateway_mlflow.tokens import Token, TokenSource, token_from


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def token(value: str, time: Time, life: float = 300) -> Token:
    return Token(value=value, issued_at=time.now, expires_at=time.now + life)


def test_a_token_is_fetched_once_and_used_until_its_last_minute() -> None:
    time, fetched = Time(), []

    def fetch(refused: Token | None) -> Token:
        fetched.append(time.now)
        return token(f"t{len(fetched)}", time)

    source = TokenSource(fetch, time, time.sleep)
    assert source.get().value == "t1"
    time.now += 239
    assert source.get().value == "t1"
    time.now += 1
    assert source.get().value == "t2"
    assert len(fetched) == 2


def test_a_token_of_sixty_seconds_is_used_for_four_fifths_of_them() -> None:
    time = Time()
    life = token("t", time, life=60)
    assert life.is_fresh(time.now + 47) and not life.is_fresh(time.now + 48)


def test_two_hundred_threads_fetch_once() -> None:
    time, fetched, start = Time(), [], threading.Event()
    entered = threading.Event()

    def fetch(refused: Token | None) -> Token:
        fetched.append(1)
        entered.set()
        start.wait(5)
        return token("t", time)

    source = TokenSource(fetch, time, time.sleep)
    values: list[str] = []
    threads = [threading.Thread(target=lambda: values.append(source.get().value)) for _ in range(200)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    start.set()
    for thread in threads:
        thread.join(10)
    assert values == ["t"] * 200
    assert len(fetched) == 1


def test_threads_refused_with_the_same_token_get_one_new_token() -> None:
    time, fetched = Time(), []

    def fetch(refused: Token | None) -> Token:
        fetched.append(refused.value if refused else None)
        return token(f"t{len(fetched)}", time)

    source = TokenSource(fetch, time, time.sleep)
    first = source.get()
    assert [source.replace(first).value for _ in range(5)] == ["t2"] * 5
    assert fetched == [None, "t1"]


def test_an_issuer_that_is_away_costs_nothing_while_the_token_lives() -> None:
    time, away, asked = Time(), [False], []

    def fetch(refused: Token | None) -> Token:
        asked.append(time.now)
        if away[0]:
            raise IssuerUnavailableError("away")
        return token("t", time)

    source = TokenSource(fetch, time, time.sleep)
    source.get()
    away[0] = True
    time.now += 250
    before = time.now
    assert [source.get().value for _ in range(100)] == ["t"] * 100
    assert time.now == before, "no request waits"
    assert len(asked) == 2, "and the issuer is not asked by each of them"


def test_without_a_token_a_request_waits_for_the_issuer_within_bounds() -> None:
    time, asked = Time(), []

    def fetch(refused: Token | None) -> Token:
        asked.append(time.now)
        raise IssuerUnavailableError("away")

    with pytest.raises(IssuerUnavailableError):
        TokenSource(fetch, time, time.sleep).get()
    assert 100 < time.now - 1000 <= 120
    assert len(asked) < 20


def test_an_issuer_that_comes_back_is_used() -> None:
    time, asked = Time(), []

    def fetch(refused: Token | None) -> Token:
        asked.append(1)
        if len(asked) < 4:
            raise IssuerUnavailableError("away")
        return token("t", time)

    assert TokenSource(fetch, time, time.sleep).get().value == "t"


def test_a_refusal_is_not_waited_for() -> None:
    time = Time()

    def fetch(refused: Token | None) -> Token:
        raise ModelopsAuthError("wrong secret")

    with pytest.raises(ModelopsAuthError, match="wrong secret"):
        TokenSource(fetch, time, time.sleep).get()
    assert time.now == 1000


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "a b", "token_type": "Bearer"},
        {"access_token": "a\nX-Evil: 1", "token_type": "Bearer"},
        {"access_token": "a", "token_type": "DPoP"},
        {"access_token": 7, "token_type": "Bearer"},
    ],
)
def test_what_is_no_bearer_token_is_refused_unseen(answer: dict[str, object]) -> None:
    with pytest.raises(ModelopsAuthError) as refusal:
        token_from(answer, 0)
    assert "Evil" not in str(refusal.value)
