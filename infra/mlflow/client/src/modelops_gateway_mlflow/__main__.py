"""``python -m modelops_gateway_mlflow login URL``: signs in without any other program."""

from __future__ import annotations

import argparse
import sys

from .device_login import sign_in
from .errors import ModelopsAuthError
from .login_cache import LoginCache, config_dir
from .settings import origin_of


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m modelops_gateway_mlflow")
    login = parser.add_subparsers(dest="command", required=True).add_parser(
        "login", help="sign in with a browser, on this machine or another"
    )
    login.add_argument("gateway", help="URL of the gateway, such as https://o.example")
    options = parser.parse_args(arguments)
    try:
        gateway = origin_of(options.gateway, "gateway")
        username = sign_in(gateway, LoginCache(gateway, config_dir()), _say)
    except ModelopsAuthError as error:
        _say(str(error))
        return 1
    _say(f"Signed in to {options.gateway} as {username}.")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
