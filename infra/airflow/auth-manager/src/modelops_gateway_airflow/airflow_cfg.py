"""A complete `airflow.cfg` with random secrets."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

TEAM_NAME = re.compile(r"[a-zA-Z0-9_-]{3,50}")
"""What Airflow accepts as the name of a team."""
LOCAL_BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"

Sections = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Bundle:
    """A folder of DAGs and the team that it belongs to."""

    name: str
    path: str
    team: str | None

    def config(self) -> dict[str, object]:
        team = {} if self.team is None else {"team_name": self.team}
        return {"name": self.name, "classpath": LOCAL_BUNDLE, "kwargs": {"path": self.path}, **team}


def parse_bundle(text: str, *, with_team: bool = True) -> Bundle:
    """Read `NAME=PATH=PROJECT`, or `NAME=PATH` without teams. Raises ValueError."""
    parts = text.split("=")
    if len(parts) != (3 if with_team else 2) or not all(parts) or not Path(parts[1]).is_absolute():
        form = "NAME=PATH=PROJECT" if with_team else "NAME=PATH"
        raise ValueError(f"--bundle: expected {form} with an absolute path, got {text!r}")
    if with_team and not TEAM_NAME.fullmatch(parts[2]):
        raise ValueError(f"--bundle: expected a project of 3 to 50 letters, digits, `_` and `-`, got {parts[2]!r}")
    return Bundle(parts[0], parts[1], parts[2] if with_team else None)


def common_sections(base_url: str, port: int, bundles: list[Bundle]) -> Sections:
    """What every Airflow behind the gateway needs. Each call has other secrets."""
    path = base_url.split("://", 1)[-1].partition("/")[2].strip("/")
    return {
        "core": {
            "auth_manager": "modelops_gateway_airflow.manager.GatewayAuthManager",
            "execution_api_server_url": f"http://127.0.0.1:{port}/{path}/execution/".replace(
                "//execution", "/execution"
            ),
            "executor": "LocalExecutor",
            "fernet_key": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "load_examples": "False",
            "multi_team": str(any(each.team for each in bundles)),
        },
        "api": {"base_url": base_url, "host": "127.0.0.1", "port": str(port), "secret_key": secrets.token_urlsafe(32)},
        "api_auth": {"jwt_secret": secrets.token_urlsafe(64)},
        "dag_processor": {"dag_bundle_config_list": _json_lines([each.config() for each in bundles])},
    }


def text_of(sections: Sections) -> str:
    """The file. Airflow's parser expands `%`."""
    return "\n".join(
        "\n".join([f"[{section}]", *(f"{name} = {value.replace('%', '%%')}" for name, value in options.items()), ""])
        for section, options in sections.items()
    )


def write_once(file: Path, text: str) -> None:
    """Write a file that only its owner reads. Raises FileExistsError: existing secrets are never replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


def _json_lines(rows: list[dict[str, object]]) -> str:
    return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in rows) + "\n    ]"
