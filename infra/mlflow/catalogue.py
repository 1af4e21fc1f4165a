"""Prints the route catalogue of the MLflow that is installed beside this interpreter, as JSON.

Every method and path that the server's Flask map and its ASGI routers answer is put into one class:

    viewer   reading; any member of the project
    editor   writing; members who are not viewers
    admin    administrators only
    denied   never passed on: known, and refused on purpose

A route that no rule names is `unclassified`, and this program fails: a new release must be read by a person before
the gateway lets its new functions through. Run it again for each release:

    python infra/mlflow/catalogue.py > src/gateway/apps/mlflow/catalogue-3.18.generated.json
"""

import json
import os
import re
import sys
import tempfile
import warnings

API = r"/(?:ajax-)?api"

# Families of routes that were tried across two workspaces, as a member of one against the objects of the other
# (`test/mlflow/`, and docs/mlflow-isolation.md). A new family is in no class.
TRACKING = (
    "artifacts|experiments|get-online-trace-details|get-trace-artifact|logged-models|metrics|model-versions"
    "|registered-models|runs|traces|unified-traces|upload-artifact"
)
GENAI = (
    "datasets|genai|get-trace-artifact|issues|jobs|label-schemas|mcp-servers|prompt-optimization|review-queues"
    "|scorers?|server-info|traces|ui-telemetry"
)
SCOPED = rf"{API}/(?:2\.0/(?:mlflow/(?:{TRACKING})|mlflow-artifacts)|3\.0/mlflow/(?:{GENAI}))(?:/|$)"

# The first rule that matches `METHOD path` decides. Paths are the server's own patterns, parameters as `{name}`.
RULES = [
    # Runs commands on the server, or calls out with the server's credentials and without a project.
    ("denied", rf"\w+ {API}/3\.0/mlflow/(?:assistant|demo)(?:/|$)"),
    ("denied", rf"\w+ {API}/2\.0/mlflow/gateway-proxy$"),
    # Process-wide, of a login that the gateway replaces, or misspelt by the release.
    ("denied", r"\w+ /(?:metrics|signup)$"),
    ("denied", r"\w+ /build/"),
    ("denied", rf"\w+ {API}/2\.0mlflow/"),
    # The gateway answers these itself, with the principal's projects (`answers.ts`).
    ("viewer", rf"GET {API}/3\.0/mlflow/workspaces(?:/\{{\w+\}})?$"),
    # Workspaces ignore the workspace header, webhooks call out, secrets cost money: administrators.
    ("admin", rf"\w+ {API}/3\.0/mlflow/workspaces(?:/|$)"),
    ("admin", rf"\w+ {API}/2\.0/mlflow/webhooks(?:/|$)"),
    ("admin", rf"\w+ {API}/3\.0/mlflow/gateway/(?:secrets|budgets|guardrails)(?:/|$)"),
    # New in 3.18, not yet tried across workspaces: administrators, who reach every project anyway.
    ("admin", rf"\w+ {API}/3\.0/mlflow/(?:skills(?:/|$)|issues/schedule/)"),
    # Reading.
    ("viewer", r"GET /(?:static-files/\{path\.\.\.\}|get-artifact|model-versions/get-artifact|health|version)?$"),
    ("viewer", rf"GET {SCOPED}"),
    ("viewer", rf"GET {API}/3\.0/mlflow/gateway/"),
    ("viewer", r"GET /ajax-api/3\.0/jobs/"),
    ("viewer", r"(?:GET|POST) /graphql$"),  # the schema has reading resolvers only
    # Searches that are POST because their question is long.
    ("viewer", rf"POST {API}/2\.0/mlflow/(?:experiments|runs|logged-models)/search$"),
    ("viewer", rf"POST {API}/2\.0/mlflow/experiments/search-datasets$"),
    ("viewer", rf"POST {API}/2\.0/mlflow/registered-models/get-latest-versions$"),
    ("viewer", rf"POST {API}/2\.0/mlflow/artifacts/presigned-download-url$"),
    ("viewer", rf"POST {API}/3\.0/mlflow/traces/(?:search|metrics|batchGetInfos|calculate-filter-correlation)$"),
    ("viewer", rf"POST {API}/3\.0/mlflow/(?:datasets|issues|prompt-optimization/jobs)/search$"),
    ("viewer", r"POST /ajax-api/3\.0/(?:jobs/search|mlflow/ui-telemetry)$"),
    # Writing, within the project's workspace.
    ("admin", rf"\w+ {API}/3\.0/mlflow/gateway/"),
    ("editor", rf"\w+ {SCOPED}"),
    ("editor", r"\w+ /ajax-api/3\.0/jobs/"),
    ("editor", r"POST /v1/traces$"),
    ("editor", r"\w+ /gateway/"),  # spends the provider's money
]

CLASSES = ("viewer", "editor", "admin", "denied")


def classify(method: str, path: str) -> str:
    """Returns the class of a route, or `unclassified`."""
    for name, pattern in RULES:
        if re.match(pattern, f"{method} {path}"):
            return name
    return "unclassified"


def flask_routes():
    """Yields (method, path) of the Flask map; `<path:x>` becomes `{x...}`, `<x>` becomes `{x}`."""
    from mlflow.server import app

    for rule in app.url_map.iter_rules():
        path = re.sub(r"<path:(\w+)>", r"{\1...}", rule.rule)
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        for method in rule.methods:
            yield method, path


def asgi_routes():
    """Yields (method, path) of the native routers, which stand before the Flask map."""
    from fastapi import APIRouter

    included = {}
    original = APIRouter.include_router

    def include_router(self, router, **options):
        included.setdefault(id(self), []).append((router, options.get("prefix", "")))
        return original(self, router, **options)

    APIRouter.include_router = include_router
    from mlflow.server.fastapi_app import app

    def walk(router, prefix):
        for route in router.routes:
            for method in getattr(route, "methods", None) or ():
                yield method, prefix + re.sub(r"\{(\w+):path\}", r"{\1...}", route.path)
        for child, child_prefix in included.get(id(router), []):
            yield from walk(child, prefix + child_prefix)

    yield from walk(app.router, "")


def twins(paths: set[str]) -> list[str]:
    """Writes a path that exists under /api and /ajax-api once, as `/{,ajax-}api/…`."""
    folded = set()
    for path in paths:
        method, _, rest = path.partition(" ")
        plain = rest.replace("/ajax-api/", "/api/", 1) if rest.startswith("/ajax-api/") else rest
        ajax = plain.replace("/api/", "/ajax-api/", 1) if plain.startswith("/api/") else plain
        both = plain != ajax and f"{method} {plain}" in paths and f"{method} {ajax}" in paths
        folded.add(f"{method} {plain.replace('/api/', '/{,ajax-}api/', 1)}" if both else path)
    return sorted(folded, key=lambda line: (line.partition(" ")[2], line))


def catalogue() -> dict:
    """Builds the catalogue: the version, and the routes of each class."""
    import mlflow

    found = {name: set() for name in (*CLASSES, "unclassified")}
    for method, path in {*asgi_routes(), *flask_routes()}:
        if method not in ("HEAD", "OPTIONS"):  # HEAD is judged as GET, OPTIONS is the gateway's
            found[classify(method, path)].add(f"{method} {path}")
    return {"mlflow": mlflow.__version__, **{name: twins(paths) for name, paths in found.items()}}


def main() -> int:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        # Importing the server as `mlflow server` would set it up: all optional routes that need no extra package.
        os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{folder}/mlflow.db"
        os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        result = catalogue()
    unclassified = result.pop("unclassified")
    json.dump(result, sys.stdout, indent=1)
    print()
    for route in unclassified:
        print(f"in no class: {route}", file=sys.stderr)
    return 1 if unclassified else 0


if __name__ == "__main__":
    sys.exit(main())
