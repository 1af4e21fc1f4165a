"""Where to ask: from the gateway to its issuer, from the issuer to its token endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import IssuerUnavailableError, ModelopsAuthError
from .http import get_json
from .settings import Settings, origin_of


@dataclass(frozen=True)
class Endpoints:
    issuer: str
    #: Empty for a workload, which does not ask the issuer.
    token: str
    #: Origins that belong to the gateway: the only ones that get a token.
    origins: frozenset[str]


def discover(settings: Settings) -> Endpoints:
    """Raises IssuerUnavailableError, or ModelopsAuthError for an answer that must not be trusted."""
    config = get_json(f"{settings.gateway}/auth/client-config")
    issuer = settings.issuer or _text(config, "issuer", settings.gateway)
    origins = {settings.gateway, *_route_origins(config)}
    # A workload may not reach the issuer at which users sign in, and needs nothing of it.
    token = "" if settings.is_workload else token_endpoint(issuer)
    return Endpoints(issuer=issuer, token=token, origins=frozenset(origins))


def _route_origins(config: Mapping[str, Any]) -> list[str]:
    routes = config.get("routes")
    urls = [route.get("url") for route in routes if isinstance(route, dict)] if isinstance(routes, list) else []
    return [origin_of(url, "a route of the gateway") for url in urls if isinstance(url, str)]


def client_of(gateway: str) -> tuple[str, str, str]:
    """Issuer, public client and scopes for people at a terminal. Raises ModelopsAuthError where there are none."""
    config = get_json(f"{gateway}/auth/client-config")
    client_id = config.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        raise ModelopsAuthError(
            f"{gateway} does not offer sign-in at a terminal; its administrator must set issuer.cliClientId"
        )
    scopes = config.get("scopes")
    return _text(config, "issuer", gateway), client_id, " ".join(scopes if isinstance(scopes, list) else ["openid"])


def token_endpoint(issuer: str) -> str:
    """The issuer's token endpoint."""
    return str(issuer_metadata(issuer)["token_endpoint"])


def issuer_metadata(issuer: str) -> Mapping[str, Any]:
    """Metadata that names exactly this issuer (OpenID Connect Discovery 4.3) and a token endpoint."""
    origin_of(issuer, "issuer")
    metadata = get_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if metadata.get("issuer") != issuer:
        raise ModelopsAuthError(f"{issuer}: its metadata names another issuer; compare the gateway's issuer.url")
    origin_of(_text(metadata, "token_endpoint", issuer), "token_endpoint")
    return metadata


def _text(document: Mapping[str, Any], key: str, where: str) -> str:
    value = document.get(key)
    if isinstance(value, str) and value:
        return value
    raise IssuerUnavailableError(f"{where}: expected {key} in its answer, got none")
