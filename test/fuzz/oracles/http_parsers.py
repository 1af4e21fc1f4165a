"""Requests and responses, as the HTTP parsers of Python read them."""

import io
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote


class Quiet(BaseHTTPRequestHandler):
    """Parses a request without a connection."""

    def __init__(self, data):
        self.rfile = io.BytesIO(data)
        self.wfile = io.BytesIO()
        self.client_address = ("127.0.0.1", 1)
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(65537)
        self.accepted = self.parse_request()

    def send_error(self, code, message=None, explain=None):
        self.refused = f"{code} {message}"


def http_server(data):
    request = Quiet(data)
    if not request.accepted:
        raise ValueError(request.refused)
    headers = [[name.lower(), value] for name, value in request.headers.items()]
    length = int(request.headers.get("Content-Length", "0"))
    return {"method": request.command, "target": request.path, "headers": headers, "body": length}


def h11_request(data):
    import h11

    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    requests = []
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in event.headers]
            target = event.target.decode("latin-1")
            requests.append({"method": event.method.decode("latin-1"), "target": target, "headers": headers, "body": 0})
        elif isinstance(event, h11.Data):
            requests[-1]["body"] += len(event.data)
        elif isinstance(event, h11.EndOfMessage):
            connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is h11.MUST_CLOSE or len(requests) == 2:
                return requests
            connection.start_next_cycle()
        else:
            return requests


def werkzeug_request(data):
    from werkzeug.serving import WSGIRequestHandler
    from werkzeug.wrappers import Request

    class Handler(WSGIRequestHandler):
        __init__ = Quiet.__init__
        send_error = Quiet.send_error
        server = type("Server", (), {
            "ssl_context": None, "multithread": False, "multiprocess": False,
            "server_address": ("127.0.0.1", 80), "port": 80,
        })()

        @property
        def connection(self):
            return None

    handler = Handler(data)
    if not handler.accepted:
        raise ValueError(handler.refused)
    environ = handler.make_environ()
    request = Request(environ)
    return {
        "method": request.method,
        "path": request.path,
        "args": [name for name, _ in request.args.items(multi=True)],
        "cookies": list(request.cookies),
        "environ": {name: value for name, value in environ.items() if isinstance(value, str)},
    }


def starlette_request(data):
    from starlette.requests import Request

    requests = h11_request(data)
    first = requests[0]
    raw_path, _, query = first["target"].partition("?")
    scope = {
        "type": "http",
        "method": first["method"],
        "path": unquote(raw_path),
        "raw_path": raw_path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in first["headers"]],
    }
    request = Request(scope)
    return {
        "method": request.method,
        "path": request.url.path and request.scope["path"],
        "args": [name for name, _ in request.query_params.multi_items()],
        "cookies": list(request.cookies),
        "headers": [[name, value] for name, value in request.headers.items()],
    }


def h11_response(data):
    import h11

    method, _, rest = data.partition(b"\n")
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(rest)
    connection.receive_data(b"")
    head, body = None, b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.InformationalResponse):
            if event.status_code == 101:
                return {"status": 101, "headers": [], "body": ""}
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in head.headers]
            return {"status": head.status_code, "headers": headers, "body": body.decode("latin-1")}
        else:
            raise ValueError(f"no end: {event}")


def http_client(data):
    method, _, rest = data.partition(b"\n")
    stream = io.BytesIO(rest)
    socket = type("Socket", (), {"makefile": lambda self, mode: stream})()
    response = HTTPResponse(socket, method=method.decode("latin-1"))
    response.begin()
    body = response.read()
    headers = [[name.lower(), value] for name, value in response.getheaders()]
    return {"status": response.status, "headers": headers, "body": body.decode("latin-1")}
