"""`python -m modelops_gateway_airflow`: what is done once, beside Airflow's own commands."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m modelops_gateway_airflow")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    init = verbs.add_parser("init", help="write a complete airflow.cfg with random secrets")
    init.add_argument("--issuer", required=True, help="the gateway's server.publicUrl")
    init.add_argument("--base-url", help="Airflow's address behind the gateway; default: the issuer and /airflow")
    init.add_argument("--port", type=int, default=8080, help="port of the API server on loopback; default: 8080")
    init.add_argument("--bundle", action="append", required=True, metavar="NAME=PATH=PROJECT",
                      help="a folder of DAGs and the UUID of its project; with FAB without project")  # fmt: skip
    init.add_argument("--fab", metavar="WEBSERVER_CONFIG", help="with FAB roles: the path of webserver_config.py")
    init.add_argument("--oidc-issuer", default="", help="with FAB roles: the issuer whose access tokens are accepted")
    init.set_defaults(run=_init)
    roles = verbs.add_parser("fab-roles", help="with FAB roles: a role for each project, from the tags of its DAGs")
    roles.add_argument("--group", action="append", required=True, metavar="GROUP=PROJECT")
    roles.add_argument("--tag-prefix", default="project:", help="default: project:")
    roles.set_defaults(run=_fab_roles)
    return parser


def _init(options: argparse.Namespace) -> None:
    from modelops_gateway_airflow.airflow_cfg import common_sections, parse_bundle, text_of, write_once

    issuer = options.issuer.rstrip("/")
    bundles = [parse_bundle(each, with_team=options.fab is None) for each in options.bundle]
    sections = common_sections(options.base_url or f"{issuer}/airflow", options.port, bundles)
    sections["modelops_gateway"] = {"issuer": issuer}
    if options.fab:
        sections["core"]["auth_manager"] = "modelops_gateway_airflow.fab.GatewayFabAuthManager"
        sections["api_auth"]["jwt_expiration_time"] = "600"
        sections["fab"] = {"config_file": options.fab}
        sections["modelops_gateway"]["oidc_issuer"] = options.oidc_issuer
    file = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "airflow.cfg"
    try:
        write_once(file, text_of(sections))
    except FileExistsError:
        raise ValueError(
            f"{file} exists. It contains secrets, so it is not replaced: edit it, or move it away."
        ) from None
    print(f"Wrote {file}. Only this user can read it.")


def _fab_roles(options: argparse.Namespace) -> None:
    from modelops_gateway_airflow.fab_roles import sync_roles

    groups = dict(_pair(each) for each in options.group)
    for role, dag_ids in sync_roles(groups, options.tag_prefix).items():
        print(f"{role}: {', '.join(dag_ids) or 'no DAGs'}")


def _pair(text: str) -> tuple[str, str]:
    group, _, project = text.partition("=")
    if not group or not project:
        raise ValueError(f"--group: expected GROUP=PROJECT, got {text!r}")
    return group, project


if __name__ == "__main__":
    sys.exit(main())
