"""The routes of the installed MLflow: method, path, and the function that handles them."""

import inspect
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterator


@dataclass(frozen=True)
class Route:
    """One method on one path; `<path:x>` is written `{x...}`, `<x>` is `{x}`."""

    method: str
    path: str
    handler: Callable[..., Any]
    # FastAPI's reading of the handler's parameters; None for Flask.
    dependant: Any = None

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)(?:\.\.\.)?\}", self.path)


def flask_routes() -> Iterator[Route]:
    from mlflow.server import app

    for rule in app.url_map.iter_rules():
        path = re.sub(r"<path:(\w+)>", r"{\1...}", rule.rule)
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        for method in rule.methods:
            yield Route(method, path, inspect.unwrap(app.view_functions[rule.endpoint]))


def asgi_routes() -> Iterator[Route]:
    """The native routers, which come before the Flask map. FastAPI forgets their prefixes: they are recorded here."""
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
                path = prefix + re.sub(r"\{(\w+):path\}", r"{\1...}", route.path)
                yield Route(method, path, inspect.unwrap(route.endpoint), getattr(route, "dependant", None))
        for child, child_prefix in included.get(id(router), []):
            yield from walk(child, prefix + child_prefix)

    yield from walk(app.router, "")


def all_routes() -> list[Route]:
    """Every route once: a native one hides the Flask rule of the same method and path. OPTIONS is the gateway's."""
    found = {}
    for route in (*asgi_routes(), *flask_routes()):
        if route.method not in ("HEAD", "OPTIONS"):
            found.setdefault((route.method, route.path), route)
    return list(found.values())


def fold_twins(lines: set[str]) -> list[str]:
    """Writes a path that exists under /api and /ajax-api once, as `/{,ajax-}api/…`."""
    folded = set()
    for line in lines:
        method, _, rest = line.partition(" ")
        plain = rest.replace("/ajax-api/", "/api/", 1) if rest.startswith("/ajax-api/") else rest
        ajax = plain.replace("/api/", "/ajax-api/", 1) if plain.startswith("/api/") else plain
        both = plain != ajax and f"{method} {plain}" in lines and f"{method} {ajax}" in lines
        folded.add(f"{method} {plain.replace('/api/', '/{,ajax-}api/', 1)}" if both else line)
    return sorted(folded, key=lambda line: (line.partition(" ")[2], line))
