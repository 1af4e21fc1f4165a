"""Proof that the gateway sent this very request: without it, a captured assertion is valid for other requests too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from jwt import InvalidTokenError

if TYPE_CHECKING:
    from starlette.types import Scope

HEADER = b"x-gateway-request"
MAX_AGE_SECONDS = 20
MAX_REMEMBERED = 200_000


class RequestProof:
    """
    Checks `X-Gateway-Request: <seconds>.<id>.<mac>`, where the MAC (HMAC-SHA256, base64url) covers the signature of the
    assertion, the method, the request target, the seconds and the id, each on a line.

    Each id is accepted once. Used ids are remembered by this process alone: another API server process accepts the
    request once as well.
    """

    def __init__(self, secret: str, leeway_seconds: int, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._max_age = MAX_AGE_SECONDS + leeway_seconds
        self._leeway = leeway_seconds
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()

    def check(self, assertion: str, scope: Scope) -> None:
        """Raise InvalidTokenError for another request than the gateway's, and for the second one."""
        values = [str(value, "latin-1") for name, value in scope["headers"] if name == HEADER]
        parts = values[0].split(".") if len(values) == 1 else []
        if len(parts) != 3:
            raise InvalidTokenError("X-Gateway-Request: expected once, as seconds.id.mac")
        seconds, request_id, mac = parts
        signature = assertion.rpartition(".")[2]
        expected = self.mac(signature, scope.get("method", "GET"), target_of(scope), seconds, request_id)
        if not hmac.compare_digest(mac.encode("latin-1"), expected.encode()):
            raise InvalidTokenError("X-Gateway-Request: expected the MAC of this request")
        self._use(float(seconds), request_id)

    def mac(self, *lines: str) -> str:
        digest = hmac.digest(self._secret, "\n".join(lines).encode("latin-1"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _use(self, seconds: float, request_id: str) -> None:
        now = self._clock()
        if not -self._leeway <= now - seconds <= self._max_age:
            raise InvalidTokenError(f"X-Gateway-Request: expected a request of the last {MAX_AGE_SECONDS} s")
        while self._used and (next(iter(self._used.values())) < now or len(self._used) >= MAX_REMEMBERED):
            self._used.popitem(last=False)
        if request_id in self._used:
            raise InvalidTokenError("X-Gateway-Request: expected an id that was not used before")
        self._used[request_id] = now + self._max_age + self._leeway


def target_of(scope: Scope) -> str:
    """The request target in origin form (RFC 9112, section 3.2.1), as it was sent."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    return str(path + (b"?" + query if query else b""), "latin-1")
