"""Paths, queries, cookies, bodies and tokens, as Python reads them."""

import base64
import importlib
import json
import posixpath
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, unquote_to_bytes


def path(data):
    text = data.decode("latin-1")
    decoded = unquote_to_bytes(text).decode("utf-8")
    return {"decoded": decoded, "normal": posixpath.normpath(decoded)}


def query(data):
    from starlette.datastructures import QueryParams
    from werkzeug.datastructures import ImmutableMultiDict
    from werkzeug.wrappers import Request

    text = data.decode("latin-1")
    environ = {"REQUEST_METHOD": "GET", "QUERY_STRING": text, "PATH_INFO": "/"}
    args: ImmutableMultiDict = Request(environ).args
    return {
        "urllib": [name for name, _ in parse_qsl(text, keep_blank_values=True)],
        "semicolon": [name for name, _ in parse_qsl(text.replace("&", ";"), keep_blank_values=True, separator=";")],
        "werkzeug": [name for name, _ in args.items(multi=True)],
        "starlette": [name for name, _ in QueryParams(text).multi_items()],
    }


def cookies(data):
    from starlette.requests import cookie_parser
    from werkzeug.http import parse_cookie

    text = data.decode("latin-1")
    def simple(header):
        read = SimpleCookie()
        read.load(header)
        return {name: morsel.value for name, morsel in read.items()}

    read = {}
    for name, parse in (("http.cookies", simple), ("werkzeug", parse_cookie), ("starlette", cookie_parser)):
        try:
            read[name] = dict(parse(text))
        except (CookieError, UnicodeDecodeError):
            read[name] = {}  # whoever reads nothing is told nothing
    return read


def pairs_of(text, seen):
    def pairs(items):
        names = [name for name, _ in items]
        if len(set(names)) != len(names):
            seen.append("a name twice")
        return ("object", tuple(sorted(items, key=lambda item: item[0])))

    return repr(json.loads(text, object_pairs_hook=pairs))


def two(data):
    first, second = json.loads(data)
    return first.encode("latin-1"), second.encode("latin-1")


def json_pair(data):
    original, written = two(data)
    repeated = []
    after = pairs_of(written, repeated)
    before = pairs_of(original, repeated)
    return {"same": before == after, "repeated": len(repeated) > 0}


def messages():
    return importlib.import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


def tag_keys(message):
    keys = []
    for resource_spans in message.resource_spans:
        keys += [attribute.key for attribute in resource_spans.resource.attributes]
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                keys += [attribute.key for attribute in span.attributes]
    return keys


def without_unlisted(message):
    """The gateway drops what MLflow does not read."""
    message.DiscardUnknownFields()
    for resource_spans in message.resource_spans:
        if resource_spans.HasField("resource"):
            resource_spans.resource.ClearField("entity_refs")
    return message.SerializeToString(deterministic=True)


def otlp_protobuf(data):
    original, written = two(data)
    kind = messages().ExportTraceServiceRequest
    after = kind.FromString(written)
    whole = after.SerializeToString(deterministic=True)
    after.DiscardUnknownFields()
    known = after.SerializeToString(deterministic=True)
    same = without_unlisted(kind.FromString(original)) == known
    return {"same": same, "unknown": whole != known, "keys": tag_keys(after)}


def otlp_json(data):
    from google.protobuf.json_format import Parse

    convert = importlib.import_module("mlflow.server.otel_api")._convert_otlp_json_ids_to_base64
    original, written = two(data)
    kind = messages().ExportTraceServiceRequest
    after = Parse(convert(written), kind())
    try:
        before = without_unlisted(Parse(convert(original), kind(), ignore_unknown_fields=True))
    except Exception:
        before = None
    same = before is None or before == after.SerializeToString(deterministic=True)
    return {"same": same, "keys": tag_keys(after)}


def jwt(data):
    header, claims, _ = data.split(b".")
    seen = []
    texts = [base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode() for part in (header, claims)]
    for text in texts:
        pairs_of(text, seen)
    parsed = [json.loads(text) for text in texts]
    strings = [{name: value for name, value in part.items() if isinstance(value, str)} for part in parsed]
    return {"strings": strings, "repeated": len(seen) > 0}
