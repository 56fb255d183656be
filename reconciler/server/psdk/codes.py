"""Error events: the number on the wire, and our exception tree.

One whole number holds the type of the error, the type of the object and the property.
"""

from typing import Any

from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.errors import BY_NUMBER, ConfigurationServerError
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Shapes

_OBJECT_BITS, _PROPERTY_BITS = 8, 16
UNDEFINED = 26
"""CFGUndefinedError: what has no number of its own."""


def pack(number: int, object_type: int = 0, prop: int = 0) -> int:
    """The number that an error event carries."""
    return number | object_type << _OBJECT_BITS | prop << _PROPERTY_BITS


def unpack(code: int) -> tuple[int, int, int]:
    """Error type, object type and property of an error event's number."""
    return code & 0xFF, code >> _OBJECT_BITS & 0xFF, code >> _PROPERTY_BITS


def to_error(sdk: Sdk, shapes: Shapes, code: int, text: str) -> ConfigurationServerError:
    """The exception for an error event."""
    number, object_number, property_number = unpack(code)
    object_type, prop = "", ""
    kind = next((one for one in OBJECT_TYPES.values() if one.number == object_number), None)
    if kind is not None:
        object_type = kind.name
        prop = shapes.of(kind.name).attribute_of(property_number)
    elif object_number:
        object_type = _name(sdk, "types.CfgObjectType", object_number)
    if property_number and not prop:
        prop = _name(sdk, "types.CfgObjectProperty", property_number)
    error = BY_NUMBER.get(number)
    text = text.strip() or "the server answered with an error"
    if error is not None:
        return error(text, object_type, prop)
    named = _name(sdk, "types.CfgErrorType", number)
    return ConfigurationServerError(f"{text} (error {number}: {named})", object_type, prop)


def _name(sdk: Sdk, enumeration: str, number: int) -> str:
    """What the SDK calls a member of one of its enumerations; else the number."""
    found: Any = None
    try:
        found = sdk.conf(enumeration).valueOf(number)
    except sdk.error:
        found = None
    return f"#{number}" if found is None else str(found.name()).removeprefix("CFG")


def code_of(shapes: Shapes, error: ConfigurationServerError) -> int:
    """The number for an exception: what a server of ours answers."""
    kind = OBJECT_TYPES.get(error.object_type)
    if kind is None:
        return pack(error.number)
    prop = shapes.of(kind.name).numbers.get(error.prop, 0)
    return pack(error.number, kind.number, prop)
