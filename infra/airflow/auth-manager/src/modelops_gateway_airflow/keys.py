"""The gateway's public keys, by ``kid``."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import httpx
from jwt import InvalidTokenError, PyJWK, PyJWTError

log = logging.getLogger(__name__)

FRESH_SECONDS = 600
"""A key that the gateway no longer publishes is dropped after this time."""
RETRY_SECONDS = 2
"""Shortest time between two requests for the key set, whatever key ids callers send."""
MAX_KEYS = 20


class KeysUnavailable(Exception):
    """The gateway's keys cannot be read, so no assertion can be verified."""


class GatewayKeys:
    """Keys of the gateway's JWKS (RFC 7517); only ES256 signature keys are kept."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic, host: str | None = None) -> None:
        """``host`` is the gateway's public host: the gateway refuses other names, at an internal address too."""
        self._url = url
        self._headers = {"accept": "application/json"} | ({"host": host} if host else {})
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._requested_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> PyJWK:
        """Return the key. Raises InvalidTokenError for an unknown one, KeysUnavailable when nothing is known."""
        if kid not in self._keys or self._clock() - self._fetched_at > FRESH_SECONDS:
            async with self._lock:
                await self._refresh(kid)
        key = self._keys.get(kid)
        if key is None:
            raise InvalidTokenError("kid: the gateway publishes no such key")
        return key

    async def _refresh(self, kid: str) -> None:
        now = self._clock()
        known = kid in self._keys and now - self._fetched_at <= FRESH_SECONDS
        if known or now - self._requested_at < RETRY_SECONDS:
            return
        self._requested_at = now
        try:
            self._keys = await self._fetch()
            self._fetched_at = now
        except (httpx.HTTPError, ValueError) as error:
            log.error(
                "The gateway's keys cannot be read from %s: %s. Check [modelops_gateway] jwks_url.",
                self._url,
                type(error).__name__,
            )
            if not self._keys:
                raise KeysUnavailable(self._url) from error

    async def _fetch(self) -> dict[str, PyJWK]:
        async with httpx.AsyncClient(timeout=5, follow_redirects=False, trust_env=False) as client:
            response = await client.get(self._url, headers=self._headers)
        response.raise_for_status()
        document = response.json()
        if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
            raise ValueError("keys: expected a list")
        return {kid: key for kid, key in map(_parse_key, document["keys"][:MAX_KEYS]) if kid and key}


def _parse_key(value: object) -> tuple[str | None, PyJWK | None]:
    """Skips keys of other types: a gateway may publish more than this package needs."""
    if not isinstance(value, dict) or value.get("kty") != "EC" or value.get("crv") != "P-256":
        return None, None
    if value.get("use", "sig") != "sig" or not isinstance(value.get("kid"), str):
        return None, None
    try:
        return value["kid"], PyJWK(value, "ES256")
    except PyJWTError:
        return None, None
