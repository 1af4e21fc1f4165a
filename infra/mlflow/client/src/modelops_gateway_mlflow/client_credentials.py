"""Tokens of a machine: client credentials (RFC 6749 section 4.4)."""

from __future__ import annotations

import time
from urllib.parse import quote

from .discovery import Endpoints
from .errors import ModelopsAuthError
from .http import Rejected, post_form
from .settings import Settings, client_secret
from .tokens import Token, token_from


def fetch_for_client(settings: Settings, endpoints: Endpoints) -> Token:
    """Raises ModelopsAuthError; IssuerUnavailableError when asking later may help."""
    client_id = settings.client_id or ""
    # RFC 6749 section 2.3.1: both are form-encoded before they become user name and password.
    basic = (quote(client_id, safe=""), quote(client_secret(), safe=""))
    form = {"grant_type": "client_credentials"}
    if settings.scope:
        form["scope"] = settings.scope
    asked_at = time.time()
    try:
        return token_from(post_form(endpoints.token, form, basic), asked_at)
    except Rejected as refusal:
        raise ModelopsAuthError(
            f"issuer {endpoints.issuer} refused MODELOPS_CLIENT_ID {client_id}: {refusal.code}; "
            "compare MODELOPS_CLIENT_ID, its secret and MODELOPS_SCOPE with the client at the issuer"
        ) from None
