"""Settings, all from the environment, read anew each time: a notebook may change them while it runs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from .errors import ModelopsAuthError

_LOOPBACK = re.compile(r"^(localhost|127(\.\d{1,3}){3}|::1)$")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Settings:
    """Who asks for tokens, and where. Equal settings share one token."""

    gateway: str
    issuer: str | None
    client_id: str | None
    scope: str | None
    #: File with a token that the platform renews, such as a projected token of Kubernetes.
    token_file: str | None = None
    #: Audience of a token of GitHub Actions.
    token_audience: str | None = None

    @property
    def is_workload(self) -> bool:
        """Whether the platform gives the token, so that the issuer is not asked."""
        return self.token_file is not None or self.token_audience is not None

    @staticmethod
    def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
        """Raises ModelopsAuthError naming the variable that is missing or wrong."""
        gateway = environ.get("MODELOPS_GATEWAY")
        if not gateway:
            raise ModelopsAuthError(
                "MODELOPS_GATEWAY: expected the gateway's URL such as https://o.example, got nothing"
            )
        ways = ("MODELOPS_CLIENT_ID", "MODELOPS_TOKEN_FILE", "MODELOPS_TOKEN_AUDIENCE")
        found = [name for name in ways if environ.get(name)]
        if len(found) > 1:
            raise ModelopsAuthError(f"expected one of {', '.join(ways)}, got {' and '.join(found)}")
        return Settings(
            gateway=origin_of(gateway, "MODELOPS_GATEWAY"),
            issuer=environ.get("MODELOPS_ISSUER") or None,
            client_id=environ.get("MODELOPS_CLIENT_ID") or None,
            scope=environ.get("MODELOPS_SCOPE") or None,
            token_file=environ.get("MODELOPS_TOKEN_FILE") or None,
            token_audience=environ.get("MODELOPS_TOKEN_AUDIENCE") or None,
        )


def client_secret(environ: Mapping[str, str] = os.environ) -> str:
    """The secret of MODELOPS_CLIENT_ID; read when it is needed, so that a rotated file counts at once."""
    secret = environ.get("MODELOPS_CLIENT_SECRET")
    if secret:
        return secret
    file = environ.get("MODELOPS_CLIENT_SECRET_FILE")
    if not file:
        raise ModelopsAuthError(
            "MODELOPS_CLIENT_ID is set: expected MODELOPS_CLIENT_SECRET or MODELOPS_CLIENT_SECRET_FILE"
        )
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ModelopsAuthError(f"MODELOPS_CLIENT_SECRET_FILE: {file} cannot be read: {error.strerror}") from error
    if not secret:
        raise ModelopsAuthError(f"MODELOPS_CLIENT_SECRET_FILE: {file} is empty")
    return secret


def origin_of(url: str, field: str) -> str:
    """``scheme://host:port`` of a URL that tokens may be sent to. Raises ModelopsAuthError."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username:
        raise ModelopsAuthError(f"{field}: expected a URL such as https://o.example")
    if parts.scheme == "http" and not _may_be_plain(parts):
        raise ModelopsAuthError(f"{field}: expected https, got http: tokens would cross the network in the clear")
    return canonical_origin(parts)


def canonical_origin(parts: SplitResult) -> str:
    """The same text for the same origin: host in lower case, the port always there."""
    host = (parts.hostname or "").lower()
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"


def shortest_origin(origin: str) -> str:
    """The origin as browsers and the command line write it, without the port that its scheme implies."""
    parts = urlsplit(origin)
    suffix = f":{_DEFAULT_PORTS.get(parts.scheme)}"
    return origin.removesuffix(suffix)


def _may_be_plain(parts: SplitResult) -> bool:
    return bool(_LOOPBACK.match(parts.hostname or "")) or os.environ.get("MODELOPS_INSECURE_HTTP") == "1"
