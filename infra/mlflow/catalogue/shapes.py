"""The fields of request messages, protobuf and pydantic, as trees by name."""

import types
import typing
from typing import Any

# A value of any JSON: a map, a list or a text chosen by the caller.
FREE = "free"
SCALAR = "scalar"


class Shapes:
    """Every message once. A field is `scalar`, `free`, or the name of another shape; a list is not told apart."""

    def __init__(self) -> None:
        self.all: dict[str, dict[str, str]] = {}

    def of_protobuf(self, descriptor) -> str:
        name = short_name(descriptor)
        if name not in self.all:
            self.all[name] = {}
            for field in descriptor.fields:
                self.all[name][field.name] = self.protobuf_field(field)
        return name

    def protobuf_field(self, field) -> str:
        nested = field.message_type
        if nested is None:
            return SCALAR
        if nested.GetOptions().map_entry or nested.full_name.startswith("google.protobuf."):
            return SCALAR if nested.name in ("Timestamp", "Duration") else FREE
        return self.of_protobuf(nested)

    def of_pydantic(self, annotation: Any) -> str:
        """The shape of a model; anything else is `scalar` or `free`."""
        arguments = typing.get_args(annotation)
        origin = typing.get_origin(annotation)
        if origin in (typing.Union, types.UnionType):
            return next((found for found in map(self.of_pydantic, arguments) if found != SCALAR), SCALAR)
        if origin is typing.Annotated:
            return self.of_pydantic(arguments[0])
        if origin in (list, tuple, set):
            return self.of_pydantic(arguments[0])
        if origin is dict or annotation in (dict, Any):
            return FREE
        fields = getattr(annotation, "model_fields", None)
        if fields is None:
            return SCALAR
        if annotation.__name__ not in self.all:
            self.all[annotation.__name__] = {}
            for name, field in fields.items():
                self.all[annotation.__name__][field.alias or name] = self.of_pydantic(field.annotation)
        return annotation.__name__


def short_name(descriptor) -> str:
    """The full name without the package that nearly all share: `LogMetric`, `artifacts.ListArtifacts`."""
    return descriptor.full_name.removeprefix("mlflow.")
