"""Tokens of a person: the file that ``modelops-gateway login`` keeps, shared with that program and refreshed alike."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .discovery import token_endpoint
from .errors import IssuerUnavailableError, ModelopsAuthError
from .http import Rejected, post_form
from .settings import canonical_origin, shortest_origin
from .tokens import Token, token_from

_LOCK_WAIT_SECONDS = 30.0


def config_dir(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the command line keeps its tokens, by the custom of the operating system."""
    home = Path.home()
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "modelops-gateway"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "modelops-gateway"
    xdg = environ.get("XDG_CONFIG_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else home / ".config") / "modelops-gateway"


class LoginCache:
    """One gateway's sign-in in the token file."""

    def __init__(self, gateway: str, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self._gateway = gateway
        self._path = directory / "tokens.json"
        self._clock = clock

    def fetch(self, refused: Token | None) -> Token:
        """The file's token when it is fresh and not the refused one; else a refreshed one. Raises ModelopsAuthError.

        The refresh token is used by one process at a time: an issuer that rotates refresh tokens may end the whole
        sign-in when one is used twice (RFC 9700 section 4.14.2).
        """
        known = self._sign_in(self._load())
        if self._usable(known, refused):
            return _token(known)
        with self._locked():
            cache = self._load()
            known = self._sign_in(cache)
            if self._usable(known, refused):
                return _token(known)
            try:
                renewed = self._refresh(known)
            except IssuerUnavailableError:
                token = _token(known)
                if refused is None and token.is_alive(self._clock()):
                    return token
                raise
            cache["gateways"][self._key(cache)] = renewed
            self._write(cache)
            return _token(renewed)

    def keep(self, sign_in: Mapping[str, Any]) -> None:
        """Writes a new sign-in at this gateway and leaves those at others. Raises ModelopsAuthError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked():
            cache: dict[str, Any] = self._load() if self._path.exists() else {"version": 1, "gateways": {}}
            known = (key for key in cache["gateways"] if canonical_origin(urlsplit(key)) == self._gateway)
            key = next(known, shortest_origin(self._gateway))
            cache["gateways"][key] = sign_in
            self._write({**cache, "current": key})

    def _usable(self, sign_in: Mapping[str, Any], refused: Token | None) -> bool:
        token = _token(sign_in)
        return token.is_fresh(self._clock()) and (refused is None or token.value != refused.value)

    def _refresh(self, former: dict[str, Any]) -> dict[str, Any]:
        refresh_token = former.get("refresh_token")
        if not isinstance(refresh_token, str):
            raise self._ended()
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": str(former["client_id"])}
        asked_at = int(self._clock())
        try:
            answer = post_form(token_endpoint(str(former["issuer"])), form)
        except Rejected as refusal:
            if refusal.code == "invalid_grant":
                raise self._ended() from None
            raise ModelopsAuthError(f"issuer {former['issuer']} refused to renew the sign-in: {refusal.code}") from None
        token = token_from(answer, asked_at)
        rotated = answer.get("refresh_token")
        return {
            **former,
            "access_token": token.value,
            "issued_at": token.issued_at,
            "expires_at": token.expires_at,
            "refresh_token": rotated if isinstance(rotated, str) else refresh_token,
        }

    def _ended(self) -> ModelopsAuthError:
        return ModelopsAuthError(
            f"not signed in to {self._gateway}: run modelops-gateway login --gateway {self._gateway} "
            f"or python -m modelops_gateway_mlflow login {self._gateway}, or set MODELOPS_CLIENT_ID for a machine"
        )

    def _key(self, cache: Mapping[str, Any]) -> str:
        for key in cache["gateways"]:
            if canonical_origin(urlsplit(key)) == self._gateway:
                return str(key)
        raise self._ended()

    def _sign_in(self, cache: Mapping[str, Any]) -> dict[str, Any]:
        sign_in = cache["gateways"][self._key(cache)]
        if not isinstance(sign_in, dict) or not {"issuer", "client_id", "access_token"} <= sign_in.keys():
            raise ModelopsAuthError(f"{self._path}: not a token file of this version; delete it and sign in again")
        return sign_in

    def _load(self) -> dict[str, Any]:
        try:
            with open(self._path, encoding="utf-8") as file:
                if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise ModelopsAuthError(f"{self._path}: other users may read this file; expected mode 600")
                cache = json.load(file)
        except FileNotFoundError:
            raise self._ended() from None
        except (OSError, ValueError):
            raise ModelopsAuthError(f"{self._path}: cannot be read; delete it and sign in again") from None
        if not isinstance(cache, dict) or cache.get("version") != 1 or not isinstance(cache.get("gateways"), dict):
            raise ModelopsAuthError(f"{self._path}: not a token file of this version; delete it and sign in again")
        return cache

    def _write(self, cache: Mapping[str, Any]) -> None:
        beside = self._path.with_name(f"{self._path.name}.{uuid.uuid4()}")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(cache, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self._path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise ModelopsAuthError(f"{self._path}: cannot be written: {error.strerror}") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The command line's lock: that of an empty SQLite database, which ends with the process that holds it."""
        path = f"{self._path}.lock"
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(path, timeout=_LOCK_WAIT_SECONDS, isolation_level=None)) as database:
            try:
                database.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise IssuerUnavailableError(f"{path}: another process has held this lock for too long") from None
            yield


def _token(sign_in: Mapping[str, Any]) -> Token:
    return Token(
        value=str(sign_in["access_token"]),
        issued_at=float(sign_in.get("issued_at", 0)),
        expires_at=float(sign_in.get("expires_at", 0)),
    )
