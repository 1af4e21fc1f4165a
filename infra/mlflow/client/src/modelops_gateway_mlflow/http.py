"""Small JSON questions to the gateway and the issuer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests.auth import AuthBase

from .errors import IssuerUnavailableError

TIMEOUT_SECONDS = 15


class Rejected(Exception):
    """The issuer understood and refused: ``code`` is its OAuth error code (RFC 6749 section 5.2)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def get_json(url: str, bearer: str | None = None) -> Mapping[str, Any]:
    """Raises IssuerUnavailableError."""
    return _ask("GET", url, None, _no_credentials if bearer is None else _Bearer(bearer))


def post_form(url: str, form: Mapping[str, str], basic: tuple[str, str] | None = None) -> Mapping[str, Any]:
    """Raises IssuerUnavailableError, or Rejected."""
    return _ask("POST", url, form, _no_credentials if basic is None else basic)


def _ask(method: str, url: str, form: Mapping[str, str] | None, auth: Any) -> Mapping[str, Any]:
    # Redirects are not followed: a secret goes where the metadata says and nowhere else. A session of its own keeps
    # .netrc from replacing the credentials, while proxies and certificate bundles of the environment still count.
    try:
        with requests.Session() as session:
            session.auth = auth
            response = session.request(method, url, data=form, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise IssuerUnavailableError(f"{_without_query(url)} cannot be reached ({type(error).__name__})") from None
    body = _json(response)
    if response.status_code == 200 and body is not None:
        return body
    code = body.get("error") if body is not None else None
    if 400 <= response.status_code < 500 and response.status_code != 429 and isinstance(code, str):
        raise Rejected(code[:80])
    raise IssuerUnavailableError(f"{_without_query(url)} answered {response.status_code}")


class _Bearer(AuthBase):
    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._value}"
        return request


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _json(response: requests.Response) -> Mapping[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
