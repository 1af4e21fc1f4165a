"""One token for all threads of a process, replaced before it ends."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import IssuerUnavailableError, ModelopsAuthError

#: b64token of RFC 6750 section 2.1: anything else could not travel in a header.
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")
#: Assumed where the issuer does not tell the life of a token (RFC 6749 section 5.1 only recommends it).
_UNTOLD_LIFE_SECONDS = 300
#: How long a token in its last minute is used without asking an issuer again that was just away.
_PAUSE_SECONDS = 5.0
#: How long a request waits for an issuer that is away, once no token is left.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Token:
    value: str
    #: Both in seconds since the epoch.
    issued_at: float
    expires_at: float

    def is_fresh(self, now: float) -> bool:
        """Not yet in the last minute of its life, or the last fifth of a short one."""
        return now < self.expires_at - min(60.0, (self.expires_at - self.issued_at) / 5)

    def is_alive(self, now: float) -> bool:
        return now < self.expires_at


def token_from(answer: Mapping[str, Any], now: float) -> Token:
    """Reads a token endpoint's answer. Raises ModelopsAuthError without showing it."""
    value, kind, life = answer.get("access_token"), answer.get("token_type"), answer.get("expires_in")
    if not isinstance(value, str) or not _BEARER.match(value) or str(kind).lower() != "bearer":
        raise ModelopsAuthError("the issuer's answer holds no bearer token")
    seconds = float(life) if isinstance(life, (int, float)) and life > 0 else _UNTOLD_LIFE_SECONDS
    return Token(value=value, issued_at=now, expires_at=now + seconds)


class TokenSource:
    """Hands out a token that will live a while.

    ``fetch`` gets the token that was refused, or None, and returns another one; it is called by one thread at a time.
    """

    def __init__(
        self,
        fetch: Callable[[Token | None], Token],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._token: Token | None = None
        self._ask_again_at = 0.0
        self._lock = threading.Lock()
        # A worker forked while another thread fetches would inherit a lock that nobody releases.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()

    def get(self) -> Token:
        """Raises ModelopsAuthError."""
        token = self._at_hand()
        if token is not None:
            return token
        with self._lock:
            return self._at_hand() or self._replace(None)

    def _at_hand(self) -> Token | None:
        now = self._clock()
        token = self._token
        if token is None:
            return None
        may_wait = token.is_alive(now) and now < self._ask_again_at
        return token if token.is_fresh(now) or may_wait else None

    def replace(self, refused: Token) -> Token:
        """A token other than the refused one, fetched once however many threads were refused with it."""
        with self._lock:
            token = self._token
            if token is not None and token.value != refused.value:
                return token
            return self._replace(refused)

    def _replace(self, refused: Token | None) -> Token:
        """While the issuer is away the token at hand is used to its end; then this waits, within bounds."""
        deadline = self._clock() + PATIENCE_SECONDS
        pause = 0.5
        while True:
            try:
                self._token = self._fetch(refused)
                return self._token
            except IssuerUnavailableError:
                now = self._clock()
                if refused is None and self._token is not None and self._token.is_alive(now):
                    self._ask_again_at = now + _PAUSE_SECONDS
                    return self._token
                if now + pause > deadline:
                    raise
            self._sleep(pause)
            pause = min(pause * 2, 10.0)
