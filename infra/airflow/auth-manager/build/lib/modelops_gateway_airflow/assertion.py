"""Verification of ``X-Gateway-Assertion``: an ES256 JWT of the gateway (RFC 7515, RFC 7519)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
from jwt import InvalidTokenError

from modelops_gateway_airflow.keys import GatewayKeys
from modelops_gateway_airflow.request_proof import RequestProof
from modelops_gateway_airflow.settings import Settings
from modelops_gateway_airflow.user import GatewayUser, parse_user

if TYPE_CHECKING:
    from starlette.types import Scope

HEADER = b"x-gateway-assertion"
MAX_LIFE_SECONDS = 120
"""An assertion lives 60 s. A longer-lived token is not an assertion."""
MAX_AGE_SECONDS = 20
"""The gateway sends an assertion for 10 s. An older one was captured: it ends before its `exp`."""
REQUIRED = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti"]


class AssertionVerifier:
    """Verifies an assertion and returns the caller of the request."""

    def __init__(self, settings: Settings, keys: GatewayKeys | None = None) -> None:
        self._settings = settings
        self._keys = keys or GatewayKeys(settings.jwks_url, host=urlsplit(settings.issuer).netloc)
        secret = settings.request_secret
        self._proof = RequestProof(secret, settings.leeway_seconds) if secret else None

    async def verify(self, assertion: str, scope: Scope | None = None) -> GatewayUser:
        """
        Return the caller. Raises InvalidTokenError, or KeysUnavailable when no key can be read.

        With the request's `scope` and a configured `request_secret`, the request itself must be the gateway's too.
        """
        user = parse_user(await self.claims(assertion))
        if self._proof is not None and scope is not None:
            self._proof.check(assertion, scope)
        return user

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
        if time.time() - claims["iat"] > MAX_AGE_SECONDS + self._settings.leeway_seconds:
            raise InvalidTokenError(f"iat: expected at most {MAX_AGE_SECONDS} s ago")
        return claims


def _kid(assertion: str) -> str:
    header = jwt.get_unverified_header(assertion)
    kid = header.get("kid")
    if header.get("alg") != "ES256" or not isinstance(kid, str):
        raise InvalidTokenError("header: expected alg ES256 and a kid")
    return kid
