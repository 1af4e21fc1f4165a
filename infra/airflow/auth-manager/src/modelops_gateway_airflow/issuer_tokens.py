"""Access tokens of the issuer (RFC 9068, RFC 6750), for clients that reach Airflow without the gateway (FAB only)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import jwt
from jwt import InvalidTokenError, PyJWKClient

from modelops_gateway_airflow.settings import SECTION

ALGORITHMS = ["RS256", "PS256", "ES256"]
LEEWAY_SECONDS = 5


@dataclass(frozen=True)
class IssuerSettings:
    """The issuer of access tokens. Without an issuer no token is accepted."""

    issuer: str
    audience: str
    groups_claim: str


def load_issuer_settings() -> IssuerSettings:
    """Read `oidc_issuer`, `oidc_audience` and `groups_claim` of section ``[modelops_gateway]``."""
    from airflow.configuration import conf

    return IssuerSettings(
        issuer=conf.get(SECTION, "oidc_issuer", fallback=""),
        audience=conf.get(SECTION, "oidc_audience", fallback="gateway"),
        groups_claim=conf.get(SECTION, "groups_claim", fallback="groups"),
    )


class IssuerTokenVerifier:
    """Verifies access tokens with the issuer's published keys. Blocking; keys are fetched at the first token."""

    def __init__(self, settings: IssuerSettings) -> None:
        self._settings = settings

    def claims(self, token: str) -> dict[str, Any]:
        """Return the verified claims. Raises InvalidTokenError."""
        if not self._settings.issuer:
            raise InvalidTokenError("oidc_issuer is not configured")
        try:
            key = self._keys.get_signing_key_from_jwt(token)
        except (jwt.PyJWKClientError, httpx.HTTPError) as error:
            raise InvalidTokenError("the token's key is not the issuer's") from error
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            issuer=self._settings.issuer,
            audience=self._settings.audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "sub", "exp", "iat"]},
        )
        _check_is_access_token(token, claims)
        return claims

    def groups(self, claims: dict[str, Any]) -> list[str]:
        """The groups of verified claims. Issuers omit the claim for a user without a group."""
        groups = claims.get(self._settings.groups_claim, [])
        return [group for group in groups if isinstance(group, str)] if isinstance(groups, list) else []

    @cached_property
    def _keys(self) -> PyJWKClient:
        response = httpx.get(f"{self._settings.issuer}/.well-known/openid-configuration", timeout=5, trust_env=False)
        response.raise_for_status()
        return PyJWKClient(response.json()["jwks_uri"], timeout=5)


def _check_is_access_token(token: str, claims: dict[str, Any]) -> None:
    """An ID token is for its client and not valid at an API (RFC 9068, section 2.1; Keycloak's claim `typ`)."""
    header_type = str(jwt.get_unverified_header(token).get("typ", "")).lower()
    if header_type not in ("at+jwt", "application/at+jwt") and claims.get("typ") != "Bearer":
        raise InvalidTokenError("typ: expected an access token")
