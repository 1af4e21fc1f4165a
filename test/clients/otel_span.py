"""One span by OpenTelemetry's SDK, exported as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and _HEADERS say. Prints the result."""

import json
import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter


class Remembering(SpanExporter):
    """The exporter, with its last result: the SDK's processor drops it."""

    def __init__(self):
        self.exporter = OTLPSpanExporter()
        self.result = None

    def export(self, spans):
        self.result = self.exporter.export(spans)
        return self.result

    def shutdown(self):
        self.exporter.shutdown()


exporter = Remembering()
provider = TracerProvider(resource=Resource({"service.name": "shop"}))
provider.add_span_processor(SimpleSpanProcessor(exporter))
with provider.get_tracer("shop").start_as_current_span(sys.argv[1]) as span:
    span.set_attribute("basket.items", 3)
    trace_id = format(span.get_span_context().trace_id, "032x")
print(json.dumps({"result": exporter.result.name, "trace_id": trace_id}))
