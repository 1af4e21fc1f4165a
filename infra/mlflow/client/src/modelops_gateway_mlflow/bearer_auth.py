"""The ``requests`` side: puts the token on requests to the gateway, and repeats a request once when it was refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from .errors import ModelopsAuthError
from .settings import canonical_origin
from .tokens import Token, TokenSource


class BearerAuth(AuthBase):
    """Fresh for each request of MLflow; the tokens behind it are shared."""

    def __init__(self, source: TokenSource, origins: frozenset[str]) -> None:
        self._source = source
        self._origins = origins

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        origin = canonical_origin(urlsplit(request.url or ""))
        if origin not in self._origins:
            raise ModelopsAuthError(
                f"MLFLOW_TRACKING_URI leads to {origin}, which is no address of the gateway "
                f"({', '.join(sorted(self._origins))}): no token was sent. Compare MODELOPS_GATEWAY"
            )
        token = self._source.get()
        request.headers["Authorization"] = f"Bearer {token.value}"
        start = _position(request.body)

        def repeat_once(response: requests.Response, **kwargs: Any) -> requests.Response:
            return self._repeat_if_refused(response, token, start, kwargs)

        request.register_hook("response", repeat_once)  # type: ignore[no-untyped-call]
        return request

    def _repeat_if_refused(
        self, response: requests.Response, token: Token, start: int | None, kwargs: dict[str, Any]
    ) -> requests.Response:
        if response.status_code != 401 or not _rewound(response.request.body, start):
            return response
        response.content  # noqa: B018 - read to the end, so that the connection can be used again
        response.close()
        again = response.request.copy()
        again.headers["Authorization"] = f"Bearer {self._source.replace(token).value}"
        repeated: requests.Response = response.connection.send(again, **kwargs)
        repeated.history.append(response)
        repeated.request = again
        return repeated


def _position(body: Any) -> int | None:
    """Where a file to be sent starts; None for what has no position."""
    try:
        return int(body.tell())
    except (AttributeError, OSError):
        return None


def _rewound(body: Any, start: int | None) -> bool:
    """Whether the body can be sent once more."""
    if body is None or isinstance(body, (bytes, str)):
        return True
    if start is None:
        return False
    body.seek(start)
    return True
