"""Error codes of the protocol, and the exceptions that they become.

A code is one integer: the type of the error, the type of the object, the property.
"""

from typing import Any

from reconciler.kinds.types.table import TYPES_BY_NUMBER
from reconciler.server.errors import BY_NUMBER, ConfigurationServerError
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Shapes

_OBJECT_BITS, _PROPERTY_BITS = 8, 16


def pack(number: int, object_type: int = 0, prop: int = 0) -> int:
    """The code of an error event."""
    return number | object_type << _OBJECT_BITS | prop << _PROPERTY_BITS


def unpack(code: int) -> tuple[int, int, int]:
    """Error type, object type and property behind a code."""
    return code & 0xFF, code >> _OBJECT_BITS & 0xFF, code >> _PROPERTY_BITS


def to_error(sdk: Sdk, shapes: Shapes, code: int, text: str) -> ConfigurationServerError:
    """The exception for an error event."""
    number, object_number, property_number = unpack(code)
    object_type, prop = "", ""
    kind = TYPES_BY_NUMBER.get(object_number)
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
    """The SDK's name for a member of an enumeration; ``#NUMBER`` if it has none."""
    found: Any = None
    try:
        found = sdk.conf(enumeration).valueOf(number)
    except sdk.error:
        found = None
    return f"#{number}" if found is None else str(found.name()).removeprefix("CFG")
