"""Section ``[modelops_gateway]`` of Airflow's configuration (``AIRFLOW__MODELOPS_GATEWAY__ISSUER`` and so on)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

ProjectBy = Literal["team", "tag"]
ProjectKey = Literal["name", "id"]

SECTION = "modelops_gateway"


@dataclass(frozen=True)
class Settings:
    """What the auth managers need to know of the gateway."""

    issuer: str
    """The gateway's ``publicUrl``: origin without a trailing slash; the assertion's ``iss``."""
    jwks_url: str
    """Where the gateway's keys are. Default: ``<issuer>/auth/jwks.json``."""
    audience: str
    """The route's name; the assertion's ``aud``."""
    project_by: ProjectBy
    """What ties a DAG to a project: its bundle's team (``[core] multi_team``), or a DAG tag."""
    project_key: ProjectKey
    """Whether teams and tags hold the project's name or its UUID."""
    tag_prefix: str
    """A DAG with the tag ``<tag_prefix><project>`` belongs to that project."""
    leeway_seconds: int
    """Clock difference tolerated in ``exp``, ``nbf`` and ``iat``."""


def load_settings() -> Settings:
    """Read the section. Raises ValueError naming the option, what was expected and what was found."""
    from airflow.configuration import conf

    def option(name: str, default: str) -> str:
        return str(conf.get(SECTION, name, fallback=default)).strip()

    multi_team = conf.getboolean("core", "multi_team", fallback=False)
    issuer = _origin("issuer", option("issuer", ""))
    settings = Settings(
        issuer=issuer,
        jwks_url=_http_url("jwks_url", option("jwks_url", f"{issuer}/auth/jwks.json")),
        audience=option("audience", "airflow"),
        project_by=cast(
            "ProjectBy", _one_of("project_by", option("project_by", "team" if multi_team else "tag"), ProjectBy)
        ),
        project_key=cast("ProjectKey", _one_of("project_key", option("project_key", "name"), ProjectKey)),
        tag_prefix=option("tag_prefix", "project:"),
        leeway_seconds=_seconds("leeway_seconds", option("leeway_seconds", "5")),
    )
    if settings.project_by == "team" and not multi_team:
        raise ValueError(f"[{SECTION}] project_by: expected [core] multi_team = True with 'team', got False")
    if settings.project_by == "tag" and not settings.tag_prefix:
        raise ValueError(f"[{SECTION}] tag_prefix: expected at least one character, got ''")
    return settings


def _http_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"[{SECTION}] {name}: expected an http or https URL, got {value!r}")
    return value


def _origin(name: str, value: str) -> str:
    url = _http_url(name, value)
    if urlsplit(url).path.rstrip("/") or url.endswith("/"):
        raise ValueError(f"[{SECTION}] {name}: expected the gateway's origin without a path, got {value!r}")
    return url


def _one_of(name: str, value: str, choices: object) -> str:
    allowed = get_args(choices)
    if value not in allowed:
        raise ValueError(f"[{SECTION}] {name}: expected one of {', '.join(allowed)}, got {value!r}")
    return value


def _seconds(name: str, value: str) -> int:
    if not value.isdecimal() or int(value) > 60:
        raise ValueError(f"[{SECTION}] {name}: expected whole seconds from 0 to 60, got {value!r}")
    return int(value)
