"""Verification of ``X-Gateway-Assertion``: an ES256 JWT of the gateway (RFC 7515, RFC 7519)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt
from jwt import InvalidTokenError

from modelops_gateway_airflow.keys import GatewayKeys
from modelops_gateway_airflow.settings import Settings
from modelops_gateway_airflow.user import GatewayUser, parse_user

HEADER = b"x-gateway-assertion"
MAX_LIFE_SECONDS = 120
"""Assertions are made for one request: a longer-lived token is something else."""
REQUIRED = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti"]


class AssertionVerifier:
    """Turns an assertion into the caller of the request."""

    def __init__(self, settings: Settings, keys: GatewayKeys | None = None) -> None:
        self._settings = settings
        self._keys = keys or GatewayKeys(settings.jwks_url, host=urlsplit(settings.issuer).netloc)

    async def verify(self, assertion: str) -> GatewayUser:
        """Return the caller. Raises InvalidTokenError, or KeysUnavailable when nobody can be judged."""
        return parse_user(await self.claims(assertion))

    async def claims(self, assertion: str) -> dict[str, Any]:
        """Return the verified claims. Raises as `verify`."""
        key = await self._keys.find(_kid(assertion))
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=["ES256"],
            issuer=self._settings.issuer,
            audience=self._settings.audience,
            leeway=self._settings.leeway_seconds,
            options={"require": REQUIRED, "strict_aud": True},
        )
        if claims["exp"] - claims["iat"] > MAX_LIFE_SECONDS:
            raise InvalidTokenError(f"exp: expected at most {MAX_LIFE_SECONDS} s after iat")
        return claims


def _kid(assertion: str) -> str:
    header = jwt.get_unverified_header(assertion)
    kid = header.get("kid")
    if header.get("alg") != "ES256" or not isinstance(kid, str):
        raise InvalidTokenError("header: expected alg ES256 and a kid")
    return kid
