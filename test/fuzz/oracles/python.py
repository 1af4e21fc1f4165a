"""Reads bytes with the parsers of Python: one record in, one out, each a length of four bytes and JSON."""

import json
import struct
import sys

import data_parsers
import http_parsers

PARSERS = {
    "http.server": http_parsers.http_server,
    "h11": http_parsers.h11_request,
    "werkzeug": http_parsers.werkzeug_request,
    "starlette": http_parsers.starlette_request,
    "path": data_parsers.path,
    "query": data_parsers.query,
    "cookies": data_parsers.cookies,
    "h11:response": http_parsers.h11_response,
    "http.client": http_parsers.http_client,
    "json": data_parsers.json_pair,
    "otlp:protobuf": data_parsers.otlp_protobuf,
    "otlp:json": data_parsers.otlp_json,
    "jwt": data_parsers.jwt,
}


def reading(parse, text):
    try:
        return {"value": parse(text.encode("latin-1"))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def main():
    while len(head := sys.stdin.buffer.read(4)) == 4:
        record = json.loads(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
        readings = [reading(PARSERS[record["parser"]], text) for text in record["inputs"]]
        out = json.dumps(readings).encode()
        sys.stdout.buffer.write(struct.pack(">I", len(out)) + out)
        sys.stdout.buffer.flush()


main()
