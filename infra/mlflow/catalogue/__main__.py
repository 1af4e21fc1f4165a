"""Prints the catalogue of the MLflow that is installed beside this interpreter, as JSON.

Every method and path that the server's Flask map and its ASGI routers serve has one of four uses:

    viewer   reading; any member of the project
    editor   writing; members who are not viewers
    admin    administrators only
    denied   never forwarded: known, and refused on purpose

Every field that a viewer's or an editor's request may contain has a class:

    workspace KIND   MLflow looks the identifier up within the workspace; a probe proves it
    checked KIND     the gateway looks it up in the caller's workspace before the request is forwarded
    derived KIND     an identifier that the client chooses: the gateway makes it the project's own
    path             repeats the parameter of the path, and must be the same
    refused          a request that has it is refused
    removed          never forwarded
    plain            identifies nothing

Both are decided by a person, in `infra/mlflow/decisions/`. This program fails for what is not decided. For a new
release, add its file there and run:

    python infra/mlflow/catalogue > src/gateway/apps/mlflow/catalogue/3.18.generated.json
"""

import json
import sys

from decisions import apply, decisions_until
from server import installed_server


def read_server():
    """What each route reads, by its line, and the shapes of its messages."""
    from handlers import read_request
    from routes import all_routes, fold_twins
    from shapes import Shapes

    shapes = Shapes()
    found = {f"{route.method} {route.path}": read_request(route, shapes) for route in all_routes()}
    routes = {}
    for line in fold_twins(set(found)):
        request = found[line.replace("{,ajax-}", "", 1)]
        own = [*request.get("path", []), *request.get("names", []), *request.get("headers", [])]
        routes[line] = {**request, "own": list(dict.fromkeys(own))}
    return routes, shapes.all


def main() -> int:
    with installed_server():
        import mlflow

        routes, shapes = read_server()
        release = ".".join(mlflow.__version__.split(".")[:2])
        decisions = decisions_until(release)
        catalogue = apply(routes, shapes, decisions)
    json.dump({"mlflow": mlflow.__version__, **catalogue}, sys.stdout, indent=1)
    print()
    for error in decisions.errors:
        print(error, file=sys.stderr)
    return 1 if decisions.errors else 0


if __name__ == "__main__":
    sys.exit(main())
