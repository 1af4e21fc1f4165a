"""What each handler reads of a request: path, query, headers and body, by name.

Flask handlers say it in their source: the protobuf message they parse, the names of a schema, and the names they look
up in the arguments, the headers or the JSON of the request. FastAPI handlers declare it. Names are found in a wide
sense: one too many costs a line in the decisions, one too few would pass unseen.
"""

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from typing import Any

from routes import Route
from shapes import Shapes

# Functions that turn the request into something else; their callers are read, not they.
READERS = {
    "_get_request_message",
    "_get_validated_flask_request_json",
    "_get_normalized_request_json",
    "_get_request_json",
    "_raw_request_has_field",
    "_validate_content_type",
}
RAW = {"args", "json", "get_json", "form", "values", "files", "headers"}
BYTES = {"data", "get_data", "stream", "body"}


@dataclass
class Request:
    """Names of fields; `query` and `body` may also be the name of a shape."""

    message: str | None = None
    names: set[str] = field(default_factory=set)
    headers: set[str] = field(default_factory=set)
    raw: bool = False


def read_request(route: Route, shapes: Shapes) -> dict[str, Any]:
    """The request of a route: `path`, `query`, `body`, `headers`; absent where there is nothing to read."""
    found = fastapi_request(route, shapes) if route.dependant is not None else flask_request(route, shapes)
    if route.parameters:
        found["path"] = sorted(route.parameters)
    return found


def flask_request(route: Route, shapes: Shapes) -> dict[str, Any]:
    request = Request()
    for tree, scope in sources(route.handler):
        scan(tree, request, shapes, scope)
    where = "query" if route.method == "GET" else "body"
    found: dict[str, Any] = {}
    if request.message:
        found[where] = request.message
    if request.names:
        # Flask reads arguments on any method, and a handler may mix both.
        found["names"] = sorted(request.names)
    if request.headers:
        found["headers"] = sorted(request.headers)
    if request.raw:
        found["raw"] = True
    return found


def sources(handler, seen=None):
    """The syntax trees of a handler and of the server's own functions that it calls with the request at hand."""
    seen = seen if seen is not None else set()
    handler = inspect.unwrap(handler)
    if handler in seen or getattr(handler, "__name__", "") in READERS:
        return
    seen.add(handler)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(handler)))
    except (OSError, TypeError, SyntaxError):
        return
    scope = getattr(handler, "__globals__", {})
    yield tree, scope
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = scope.get(node.func.id)
            if inspect.isfunction(inspect.unwrap(called)) and reads_request(inspect.unwrap(called)):
                yield from sources(called, seen)


def reads_request(function) -> bool:
    module = getattr(function, "__module__", "") or ""
    if not module.startswith("mlflow.server"):
        return False
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        return False
    return "request." in source or any(reader in source for reader in READERS)


def scan(tree, request: Request, shapes: Shapes, scope) -> None:
    """Collects what one function reads."""
    raw_values = {"request_json", "payload", "args", "data", "body"} if mentions_raw(tree) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            scan_call(node, request, shapes, scope, raw_values)
        elif isinstance(node, ast.Subscript) and text_of(node.slice) and is_raw(node.value, raw_values):
            request.names.add(text_of(node.slice))
        elif isinstance(node, ast.Attribute) and is_request(node.value) and node.attr in BYTES:
            request.raw = True


def scan_call(node, request: Request, shapes: Shapes, scope, raw_values) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name == "_get_request_message" and node.args and isinstance(node.args[0], ast.Call):
        message = scope[node.args[0].func.id]
        request.message = shapes.of_protobuf(message.DESCRIPTOR)
    elif name == "_get_validated_flask_request_json":
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Dict):
                request.names.update(filter(None, map(text_of, keyword.value.keys)))
    elif name in ("get", "getlist", "pop") and node.args and text_of(node.args[0]):
        if is_headers(node.func.value):
            request.headers.add(text_of(node.args[0]).lower())
        elif is_raw(node.func.value, raw_values):
            request.names.add(text_of(node.args[0]))


def mentions_raw(tree) -> bool:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and is_request(node.value)
    }
    return bool(names & READERS - {"_get_request_message"} or attributes & RAW)


def text_of(node) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_request(node) -> bool:
    return isinstance(node, ast.Name) and node.id in ("request", "flask_request")


def is_headers(node) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "headers" and is_request(node.value)


def is_raw(node, raw_values) -> bool:
    """Whether a value is the request's arguments or JSON, or a name that such values usually have."""
    if isinstance(node, ast.Name):
        return node.id in raw_values
    if isinstance(node, ast.Attribute):
        return is_request(node.value) and node.attr in RAW - {"headers"}
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return name in READERS or name in ("to_dict", "get_json") and is_raw(getattr(node.func, "value", node), raw_values)
    return False


def fastapi_request(route: Route, shapes: Shapes) -> dict[str, Any]:
    dependant = route.dependant
    found: dict[str, Any] = {}
    names = {parameter.alias for parameter in flatten(dependant, "query_params")}
    headers = {parameter.alias.lower() for parameter in flatten(dependant, "header_params")}
    bodies = [shapes.of_pydantic(parameter.field_info.annotation) for parameter in flatten(dependant, "body_params")]
    request = Request()
    for tree, scope in sources(route.handler):
        scan(tree, request, shapes, scope)
    names |= request.names
    headers |= request.headers
    if bodies:
        found["body"] = bodies[0]
    if names:
        found["names"] = sorted(names)
    if headers:
        found["headers"] = sorted(headers)
    if request.raw or request_json_is_read(route.handler):
        found["raw"] = True
    return found


def request_json_is_read(handler) -> bool:
    return any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_get_request_body"
        for tree, _ in sources(handler)
        for node in ast.walk(tree)
    )


def flatten(dependant, kind: str):
    yield from getattr(dependant, kind)
    for child in dependant.dependencies:
        yield from flatten(child, kind)
