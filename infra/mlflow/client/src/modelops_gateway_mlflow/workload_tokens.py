"""Tokens that a workload has without a secret: a file that its platform renews, or GitHub Actions."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from .errors import ModelopsAuthError
from .http import get_json
from .settings import Settings, origin_of
from .tokens import Token, token_from


def fetch_for_workload(settings: Settings, environ: Mapping[str, str] = os.environ) -> Token:
    """Raises ModelopsAuthError; IssuerUnavailableError when asking later may help."""
    if settings.token_file is not None:
        return _dated(_read(settings.token_file), f"MODELOPS_TOKEN_FILE: {settings.token_file}")
    return _dated(_ask_actions(settings.token_audience or "", environ), "GitHub Actions")


def _read(file: str) -> str:
    """Read for each token, so that the one that the platform wrote last counts."""
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise ModelopsAuthError(f"MODELOPS_TOKEN_FILE: {file} cannot be read: {reason}") from None
    if not value:
        raise ModelopsAuthError(f"MODELOPS_TOKEN_FILE: {file} is empty")
    return value


def _ask_actions(audience: str, environ: Mapping[str, str]) -> str:
    """A token of GitHub Actions for the job that this runs in."""
    url = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    secret = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not url or not secret:
        raise ModelopsAuthError(
            "MODELOPS_TOKEN_AUDIENCE is set: expected a job of GitHub Actions with `permissions: id-token: write`, "
            "got no ACTIONS_ID_TOKEN_REQUEST_URL; elsewhere set MODELOPS_TOKEN_FILE"
        )
    origin_of(url, "ACTIONS_ID_TOKEN_REQUEST_URL")
    parts = urlsplit(url)
    query = "&".join(each for each in (parts.query, urlencode({"audience": audience})) if each)
    answer = get_json(urlunsplit(parts._replace(query=query)), bearer=secret)
    value = answer.get("value")
    if not isinstance(value, str):
        raise ModelopsAuthError("GitHub Actions: expected a token in `value`, got none")
    return value


def _dated(value: str, where: str) -> Token:
    """The token with the times that it states; they are not verified, and only decide when the next one is fetched."""
    now = time.time()
    claims = _claims(value)
    expires, issued = claims.get("exp"), claims.get("iat")
    life = expires - now if isinstance(expires, (int, float)) else None
    try:
        token = token_from({"access_token": value, "token_type": "bearer", "expires_in": life}, now)
    except ModelopsAuthError:
        raise ModelopsAuthError(f"{where}: expected one token, got something else") from None
    if not isinstance(expires, (int, float)) or not isinstance(issued, (int, float)):
        return token
    return Token(value=token.value, issued_at=float(issued), expires_at=float(expires))


def _claims(value: str) -> Mapping[str, object]:
    try:
        part = value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
