"""Translates exceptions into the error events with which a client's request is refused."""

from typing import Any

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.errors import ConfigurationServerError, ServerError
from reconciler.server.psdk.codes import pack
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Shapes

UNKNOWN_MESSAGE, DATABASE_ERROR, WRONG_PARAMETERS, UNDEFINED = 3, 6, 20, 26
"""Error types for which there is no exception class."""


def error_event(sdk: Sdk, code: int, text: str) -> Any:
    """The event with an error code (see ``psdk.codes``) and a description."""
    return sdk.conf("confserver.events.EventError").create(sdk.integer(code), text)


def refusal(sdk: Sdk, shapes: Shapes, error: ServerError) -> Any:
    """The event for an error of the embedded server."""
    if isinstance(error, ConfigurationServerError):
        return error_event(sdk, _code_of(shapes, error), error.detail)
    return error_event(sdk, pack(DATABASE_ERROR), error.message)


def _code_of(shapes: Shapes, error: ConfigurationServerError) -> int:
    kind = OBJECT_TYPES.get(error.object_type)
    if kind is None:
        return pack(error.number)
    prop = shapes.of(kind.name).numbers.get(error.prop, 0)
    return pack(error.number, kind.number, prop)
