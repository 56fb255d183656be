"""Properties of the SDK's objects and deltas that our table does not know.

If they were ignored, their values would be lost: when the listener stores an object, and when a
replace creates an object again.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from reconciler.kinds.model import Attribute, ObjectType
from reconciler.server.errors import UnsupportedPropertyError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Location, Shape

_Known = dict[str, Any]
"""Property -> the properties that are known inside it; empty: whatever is inside."""


def check_delta(shape: Shape, sdk_delta: Any) -> None:
    """Raises UnsupportedPropertyError for a property of a delta that ``shape`` lacks."""
    known = {attribute.name for attribute in shape.kind.attributes}
    located = [(shape.delta_dbid, ""), *((place, name) for name, place in shape.delta.items())]
    located += [(place, name) for (name, _), place in shape.buckets.items() if name in known]
    for name in _unknown(sdk_delta, _known_at(shape, located)):
        raise _cannot_keep(shape.kind, name)


class UnknownProperties:
    """Finds unknown properties in the objects of a type. ``shape``: the type by the metadata of the
    server, which may be newer than our table."""

    def __init__(self, sdk: Sdk, shape: Shape) -> None:
        self._kind = shape.kind
        self._places = _places(sdk, shape.description, _known_in_objects(shape))

    def of(self, sdk_object: Any) -> tuple[str, ...]:
        """The properties of an object that have a value, as paths with dots."""
        return tuple(self._places.of(sdk_object)) if self._places else ()

    def check(self, sdk_object: Any) -> None:
        """UnsupportedPropertyError if an object has such a property."""
        for name in self.of(sdk_object):
            raise _cannot_keep(self._kind, name)


class _Places(Struct, frozen=True):
    """Where the objects of a class may have unknown properties: names, each with its Java String.
    ``inside``: structures or lists of structures -> the places in them. Only these places are
    checked: checking all properties would take as long as reading the object."""

    unknown: tuple[tuple[str, Any], ...]
    inside: tuple[tuple[str, Any, "_Places"], ...]

    def __bool__(self) -> bool:
        return bool(self.unknown or self.inside)

    def of(self, holder: Any) -> Iterator[str]:
        for name, text in self.unknown:
            if not _is_empty(holder.getPropertyValue(text)):
                yield name
        for name, text, places in self.inside:
            value = holder.getPropertyValue(text)
            for inner in () if value is None else [value] if _is_structure(value) else value:
                yield from (f"{name}.{path}" for path in places.of(inner))


def _places(sdk: Sdk, description: Any, known: _Known) -> _Places:
    """The places in a class of the metadata."""
    unknown, inside = [], []
    for declared in description.getAttributes():
        name = str(declared.getSchemaName())
        if name not in known:
            if name != constants.SERVER_NUMBER:
                unknown.append((name, sdk.text(name)))
        elif known[name] and (places := _places(sdk, declared.getCfgClass(), known[name])):
            inside.append((name, sdk.text(name), places))
    return _Places(tuple(unknown), tuple(inside))


def _known_in_objects(shape: Shape) -> _Known:
    located = [(shape.dbid, ""), *((place, name) for name, place in shape.attributes.items())]
    return _known_at(shape, located)


def _known_at(shape: Shape, located: Iterable[tuple[Location, str]]) -> _Known:
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
    return known


def _fields(attribute: Attribute) -> _Known:
    return {field.name: _fields(field) for field in attribute.fields}


def _cannot_keep(kind: ObjectType, name: str) -> UnsupportedPropertyError:
    return UnsupportedPropertyError(
        f"{kind.name} has a property {name} that this server cannot keep", kind.name, name
    )


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
    """Whether a value is empty: unset, 0, an empty text or list, or a structure of empty values."""
    if _is_structure(value):
        names = (str(declared.getSchemaName()) for declared in value.getClassInfo().getAttributes())
        return all(_is_empty(value.getPropertyValue(name)) for name in names)
    return not value or (hasattr(value, "__len__") and len(value) == 0)
