"""Refuses an object or delta of a client that has a property which our table does not know.

Left out in silence, its value would be lost.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds.model import Attribute
from reconciler.server.errors import UnsupportedPropertyError
from reconciler.server.psdk import constants
from reconciler.server.psdk.shapes import Location, Shape

_Known = dict[str, Any]
"""Property -> the properties that are known inside it; empty: whatever is inside."""


def check_object(shape: Shape, sdk_object: Any) -> None:
    """Raises UnsupportedPropertyError for a property of an object that ``shape`` lacks."""
    located = [(shape.dbid, ""), *((place, name) for name, place in shape.attributes.items())]
    _check(shape, sdk_object, located)


def check_delta(shape: Shape, sdk_delta: Any) -> None:
    """Raises UnsupportedPropertyError for a property of a delta that ``shape`` lacks."""
    known = {attribute.name for attribute in shape.kind.attributes}
    located = [(shape.delta_dbid, ""), *((place, name) for name, place in shape.delta.items())]
    located += [(place, name) for (name, _), place in shape.buckets.items() if name in known]
    _check(shape, sdk_delta, located)


def _check(shape: Shape, sdk_object: Any, located: Iterable[tuple[Location, str]]) -> None:
    known: _Known = {}
    for place, name in located:
        holder = known
        for outer in place.holders:
            holder = holder.setdefault(str(outer), {})
        attribute = shape.kind.attribute(name)
        names = constants.FIELD_NAMES.get((shape.kind.name, name), {})
        holder[str(place.name)] = {
            names.get(field.name, field.name): _fields(field)
            for field in (attribute.fields if attribute else ())
        }
    for name in _unknown(sdk_object, known):
        raise UnsupportedPropertyError(
            f"{shape.kind.name} has a property {name} that this server cannot keep",
            shape.kind.name,
            name,
        )


def _fields(attribute: Attribute) -> _Known:
    return {field.name: _fields(field) for field in attribute.fields}


def _unknown(holder: Any, known: _Known) -> Iterator[str]:
    """The properties with a value that are not known, as paths with dots."""
    for declared in holder.getClassInfo().getAttributes():
        name = str(declared.getSchemaName())
        value = holder.getPropertyValue(name)
        if _is_empty(value):
            continue
        if name not in known:
            yield name
        elif known[name]:
            for inner in [value] if _is_structure(value) else value:
                if _is_structure(inner):
                    yield from (f"{name}.{path}" for path in _unknown(inner, known[name]))


def _is_structure(value: Any) -> bool:
    return hasattr(value, "getPropertyValue")


def _is_empty(value: Any) -> bool:
    """Whether a value says nothing: unset, 0, an empty text or list, a structure of such."""
    if _is_structure(value):
        names = (str(declared.getSchemaName()) for declared in value.getClassInfo().getAttributes())
        return all(_is_empty(value.getPropertyValue(name)) for name in names)
    return not value or (hasattr(value, "__len__") and len(value) == 0)
