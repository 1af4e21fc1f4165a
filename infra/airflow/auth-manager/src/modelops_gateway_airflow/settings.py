"""Section ``[modelops_gateway]`` of Airflow's configuration (``AIRFLOW__MODELOPS_GATEWAY__ISSUER`` and so on)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

ProjectBy = Literal["team", "tag"]
ProjectKey = Literal["name", "id"]
DagIds = Literal["own", "prefixed"]
Names = Literal["prefixed", "free"]
Choice = TypeVar("Choice")

SECTION = "modelops_gateway"


@dataclass(frozen=True)
class Settings:
    """How the auth managers reach and read the gateway, and how Airflow's rows belong to its projects."""

    issuer: str
    """The gateway's ``publicUrl``: origin without a trailing slash; the assertion's ``iss``."""
    jwks_url: str
    """Where the gateway's keys are. Default: ``<issuer>/auth/jwks.json``."""
    audience: str = "airflow"
    """The route's name; the assertion's ``aud``."""
    project_by: ProjectBy = "team"
    """How a DAG belongs to a project: by its bundle's team (``[core] multi_team``), or by a DAG tag."""
    project_key: ProjectKey = "id"
    """Whether teams and tags are named after the project's UUID or its name. Names may change and repeat."""
    tag_prefix: str = "project:"
    """A DAG with the tag ``<tag_prefix><project>`` belongs to that project."""
    leeway_seconds: int = 5
    """Clock difference tolerated in ``exp``, ``nbf`` and ``iat``."""
    request_secret: str = ""
    """Shared with the gateway: each request needs its own proof (`X-Gateway-Request`). Empty: none does."""
    dag_ids: DagIds = "own"
    """``own``: no id of another team's bundle. ``prefixed``: also, every id starts with its bundle's name."""
    names: Names = "prefixed"
    """Whether new variables and connections of members must start with the name of one of their team's bundles."""
    renamed_bundles: Mapping[str, str | None] = field(default_factory=dict)
    """Previous to current names of bundles, which keep their DAG ids. None: every bundle may take the ids over."""

    @property
    def by_team(self) -> bool:
        return self.project_by == "team"


def load_settings() -> Settings:
    """Read the section. Raises ValueError naming the option, the expected and the received value."""
    from airflow.configuration import conf

    def option(name: str, default: str) -> str:
        return str(conf.get(SECTION, name, fallback=default)).strip()

    multi_team = conf.getboolean("core", "multi_team", fallback=False)
    issuer = _origin("issuer", option("issuer", ""))
    settings = Settings(
        issuer=issuer,
        jwks_url=_http_url("jwks_url", option("jwks_url", f"{issuer}/auth/jwks.json")),
        audience=option("audience", "airflow"),
        project_by=_one_of("project_by", option("project_by", "team" if multi_team else "tag"), ProjectBy),
        project_key=_one_of("project_key", option("project_key", "id"), ProjectKey),
        tag_prefix=option("tag_prefix", "project:"),
        leeway_seconds=_seconds("leeway_seconds", option("leeway_seconds", "5")),
        request_secret=_secret("request_secret", option("request_secret", "")),
        dag_ids=_one_of("dag_ids", option("dag_ids", "own"), DagIds),
        names=_one_of("names", option("names", "prefixed"), Names),
        renamed_bundles=_names("renamed_bundles", option("renamed_bundles", "{}")),
    )
    if settings.by_team and not multi_team:
        raise _fault("project_by", "[core] multi_team = True with 'team'", False)
    if not settings.by_team and not settings.tag_prefix:
        raise _fault("tag_prefix", "at least one character", "")
    return settings


def _fault(name: str, expected: str, got: object) -> ValueError:
    return ValueError(f"[{SECTION}] {name}: expected {expected}, got {got!r}")


def _http_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _fault(name, "an http or https URL", value)
    return value


def _origin(name: str, value: str) -> str:
    url = _http_url(name, value)
    if urlsplit(url).path.rstrip("/") or url.endswith("/"):
        raise _fault(name, "the gateway's origin without a path", value)
    return url


def _one_of(name: str, value: str, choices: Callable[..., Choice] | object) -> Choice:
    allowed = get_args(choices)
    if value not in allowed:
        raise _fault(name, f"one of {', '.join(allowed)}", value)
    return cast("Choice", value)


def _seconds(name: str, value: str) -> int:
    if not value.isdecimal() or int(value) > 60:
        raise _fault(name, "whole seconds from 0 to 60", value)
    return int(value)


def _secret(name: str, value: str) -> str:
    if value and len(value) < 32:
        raise ValueError(f"[{SECTION}] {name}: expected at least 32 characters, got {len(value)}")
    return value


def _names(name: str, value: str) -> dict[str, str | None]:
    try:
        names = json.loads(value)
    except ValueError:
        names = None
    if not isinstance(names, dict) or not all(each is None or isinstance(each, str) for each in names.values()):
        raise _fault(name, 'a JSON object of names, e.g. {"alpha-old": "alpha", "dags": null}', value)
    return names
