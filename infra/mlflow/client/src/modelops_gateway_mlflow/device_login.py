"""Sign-in of a person with a code that a browser confirms, on this machine or another (RFC 8628)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from .discovery import client_of, issuer_metadata
from .errors import IssuerUnavailableError, ModelopsAuthError
from .http import Rejected, post_form
from .login_cache import LoginCache
from .settings import origin_of
from .tokens import token_from

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: Between two requests where the issuer names no interval (RFC 8628 section 3.2), and what `slow_down` adds to it.
_INTERVAL_SECONDS = 5.0
#: Of a code where the issuer names no lifetime, although RFC 8628 section 3.2 requires one.
_CODE_SECONDS = 600.0


def sign_in(
    gateway: str,
    cache: LoginCache,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Signs in at the issuer of the gateway and keeps the tokens. Returns the user name. Raises ModelopsAuthError."""
    issuer, client_id, scopes = client_of(gateway)
    metadata = issuer_metadata(issuer)
    verifier = secrets.token_urlsafe(48)
    device = _start(issuer, metadata, client_id, scopes, verifier)
    say(f"To sign in, open {device.get('verification_uri_complete') or device['verification_uri']}")
    say(f"and check that the page shows the code {device['user_code']}")
    say("Waiting ...")
    form = {
        "grant_type": _GRANT,
        "device_code": str(device["device_code"]),
        "client_id": client_id,
        "code_verifier": verifier,
    }
    response = _poll(str(metadata["token_endpoint"]), form, device, clock, sleep)
    now = int(clock())
    token = token_from(response, now)
    refresh_token = response.get("refresh_token")
    kept = {
        "issuer": issuer,
        "client_id": client_id,
        "username": _username(response),
        "access_token": token.value,
        "issued_at": now,
        "expires_at": int(token.expires_at),
        **({"refresh_token": refresh_token} if isinstance(refresh_token, str) else {}),
    }
    cache.keep(kept)
    return str(kept["username"])


def _start(issuer: str, metadata: Mapping[str, Any], client_id: str, scopes: str, verifier: str) -> Mapping[str, Any]:
    endpoint = metadata.get("device_authorization_endpoint")
    if not isinstance(endpoint, str):
        raise ModelopsAuthError(f"{issuer} offers no sign-in with a device code; set MODELOPS_CLIENT_ID for a machine")
    origin_of(endpoint, "device_authorization_endpoint")
    # PKCE is sent although RFC 8628 does not define it: issuers that require it of a client do so here as well.
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    form = {
        "client_id": client_id,
        "scope": scopes,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    try:
        device = post_form(endpoint, form)
    except Rejected as refusal:
        raise ModelopsAuthError(
            f"{issuer} refused a device code for the client {client_id}: {refusal.code}; "
            "the administrator must turn on the device flow of this client"
        ) from None
    for name in ("device_code", "user_code", "verification_uri"):
        if not isinstance(device.get(name), str):
            raise IssuerUnavailableError(f"{endpoint}: expected {name} in the response, got none")
    return device


def _poll(
    endpoint: str,
    form: Mapping[str, str],
    device: Mapping[str, Any],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Mapping[str, Any]:
    interval = _seconds(device.get("interval"), _INTERVAL_SECONDS)
    ends_at = clock() + _seconds(device.get("expires_in"), _CODE_SECONDS)
    while clock() < ends_at:
        sleep(interval)
        try:
            return post_form(endpoint, form)
        except IssuerUnavailableError:
            interval += _INTERVAL_SECONDS
        except Rejected as refusal:
            if refusal.code == "slow_down":
                interval += _INTERVAL_SECONDS
            elif refusal.code == "access_denied":
                raise ModelopsAuthError("the sign-in was denied in the browser") from None
            elif refusal.code == "expired_token":
                break
            elif refusal.code != "authorization_pending":
                raise ModelopsAuthError(f"the sign-in failed: {refusal.code}; run the command again") from None
    raise ModelopsAuthError("the code has expired; run the command again")


def _seconds(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) and value > 0 else default


def _username(response: Mapping[str, Any]) -> str:
    """For messages only. The ID token came from the issuer itself over TLS (OpenID Connect Core section 3.1.3.7)."""
    try:
        payload = str(response["id_token"]).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims.get("preferred_username") or claims["sub"])
    except (KeyError, IndexError, ValueError, AttributeError):
        return "unknown"
