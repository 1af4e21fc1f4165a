"""``MLFLOW_TRACKING_AUTH=modelops``."""

from __future__ import annotations

import threading

from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider

from .bearer_auth import BearerAuth
from .client_credentials import fetch_for_client
from .discovery import Endpoints, discover
from .login_cache import LoginCache, config_dir
from .settings import Settings
from .tokens import Token, TokenSource
from .workload_tokens import fetch_for_workload


class ModelopsAuthProvider(RequestAuthProvider):
    """MLflow asks it for an auth object before every request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gateways: dict[Settings, _Gateway] = {}

    def get_name(self) -> str:
        return "modelops"

    def get_auth(self) -> BearerAuth:
        """Raises ModelopsAuthError when the settings are wrong."""
        settings = Settings.from_environment()
        with self._lock:
            gateway = self._gateways.setdefault(settings, _Gateway(settings))
        return gateway.auth()


class _Gateway:
    """What is known of one gateway under one set of settings; asked for when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._endpoints: Endpoints | None = None
        self._login = LoginCache(settings.gateway, config_dir())
        self._source = TokenSource(self._fetch)

    def auth(self) -> BearerAuth:
        self._source.get()
        return BearerAuth(self._source, self._known_endpoints().origins)

    def _fetch(self, refused: Token | None) -> Token:
        if self._settings.is_workload:
            return fetch_for_workload(self._settings)
        endpoints = self._known_endpoints()
        if self._settings.client_id is None:
            return self._login.fetch(refused)
        return fetch_for_client(self._settings, endpoints)

    def _known_endpoints(self) -> Endpoints:
        if self._endpoints is None:
            self._endpoints = discover(self._settings)
        return self._endpoints
