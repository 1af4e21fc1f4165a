"""Assertions that are made for one request: bound to its method and target, and accepted once (after RFC 9449)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jwt import InvalidTokenError

if TYPE_CHECKING:
    from starlette.types import Scope

MAX_REMEMBERED = 200_000


class RequestBinding:
    """
    Checks the claims `htm` (method) and `htu` (path and query, as sent) of an assertion that has them.

    An assertion without them may be used again until it expires: the gateway says who asks, not for which request. Used
    assertions are remembered by this process alone; another API server process accepts them once as well.
    """

    def __init__(self, keep_seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`keep_seconds`: how long an assertion is valid at most."""
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()

    def check(self, claims: dict[str, Any], scope: Scope) -> None:
        """Raise InvalidTokenError for another request than the assertion's, and for the second one."""
        if "htm" not in claims and "htu" not in claims:
            return
        if claims.get("htm") != scope.get("method") or claims.get("htu") != _target(scope):
            raise InvalidTokenError("htm, htu: expected the method and the target of this request")
        self._use(claims["jti"])

    def _use(self, jti: str) -> None:
        now = self._clock()
        while self._used and (next(iter(self._used.values())) <= now or len(self._used) >= MAX_REMEMBERED):
            self._used.popitem(last=False)
        if jti in self._used:
            raise InvalidTokenError("jti: expected an assertion that was not used before")
        self._used[jti] = now + self._keep_seconds


def _target(scope: Scope) -> str:
    """The request target in origin form (RFC 9112, section 3.2.1)."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    return str(path + (b"?" + query if query else b""), "latin-1")
