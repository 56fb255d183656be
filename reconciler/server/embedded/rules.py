"""What Configuration Server checks of one object by itself, from the table of types.

Mandatory, immutable and read-only attributes, value types, lengths, the two levels of
key-value lists; which keys are unique and what an object refers to. Pure.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, Attributes, ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.errors import (
    IncompleteObjectDataError,
    UnchangeableInfoError,
    UnsupportedObjectError,
    UnsupportedPropertyError,
    ValueOutOfRangeError,
)


def object_type(name: str) -> ObjectType:
    """The type, or UnsupportedObjectError."""
    try:
        return OBJECT_TYPES[name]
    except KeyError:
        raise UnsupportedObjectError(f"no object type is called {name}", name) from None


def attribute_of(kind: ObjectType, name: str) -> Attribute:
    """The attribute, or UnsupportedPropertyError."""
    attribute = kind.attribute(name)
    if attribute is None:
        raise UnsupportedPropertyError(f"no attribute is called {name}", kind.name, name)
    return attribute


def complete(kind: ObjectType, given: Attributes) -> dict[str, Any]:
    """The attributes of a new object: checked, with the server's defaults."""
    for name in given:
        attribute_of(kind, name)
    result: dict[str, Any] = {}
    for attribute in kind.attributes:
        value = given.get(attribute.name)
        if value is None:
            value = attribute.default
        if value is None or value == "":
            if attribute.mandatory:
                raise IncompleteObjectDataError(
                    f"{attribute.name} is missing", kind.name, attribute.name
                )
            continue
        check_value(kind, attribute, value)
        result[attribute.name] = _normal(attribute, value)
    if kind.name == "Application":
        result["isServer"] = result["type"] not in enums.CLIENT_APPLICATION_TYPES
    return result


def check_delta(kind: ObjectType, live: Attributes, delta: Delta) -> None:
    """Refuses what an update may not touch."""
    for name in (*delta.values, *delta.key_values, *delta.lists):
        attribute = attribute_of(kind, name)
        if attribute.read_only or attribute.immutable:
            if name in delta.values and delta.values[name] == live.get(name):
                continue
            raise UnchangeableInfoError(f"{name} cannot be changed", kind.name, name)
    for name, value in delta.values.items():
        attribute = attribute_of(kind, name)
        if attribute.mandatory and value in (None, "", 0):
            raise IncompleteObjectDataError(f"{name} cannot be empty", kind.name, name)
        if value is not None:
            check_value(kind, attribute, value)


def check_value(kind: ObjectType, attribute: Attribute, value: Any) -> None:
    """Refuses a value that the attribute cannot hold."""
    problem = _problem(attribute, value)
    if problem:
        raise ValueOutOfRangeError(f"{attribute.name}: {problem}", kind.name, attribute.name)


def _problem(attribute: Attribute, value: Any) -> str:
    match attribute.type:
        case ValueType.TEXT:
            if not isinstance(value, str):
                return f"a text is needed, not {value!r}"
            if len(value) > attribute.max_length:
                return f"longer than {attribute.max_length} characters"
        case ValueType.FLAG:
            return "" if isinstance(value, bool) else f"a flag is needed, not {value!r}"
        case ValueType.INTEGER | ValueType.REFERENCE:
            return "" if _is_integer(value) else f"a whole number is needed, not {value!r}"
        case ValueType.ENUM:
            if not _is_integer(value):
                return f"a number is needed, not {value!r}"
            known = value in attribute.enumeration.values()
            return "" if known or (attribute.open_ended and value > 0) else f"no member {value}"
        case ValueType.REFERENCES:
            if not isinstance(value, list | tuple) or not all(_is_integer(v) for v in value):
                return "a list of DBIDs is needed"
            return "" if len(set(value)) == len(value) else "an object stands in the list twice"
        case ValueType.KEY_VALUES:
            return _key_values_problem(value)
        case ValueType.STRUCTURE:
            return _structure_problem(attribute, value)
        case ValueType.STRUCTURES:
            if not isinstance(value, list | tuple):
                return "a list of structures is needed"
            keys = [one.get(attribute.key) for one in value if isinstance(one, Mapping)]
            if len(set(keys)) != len(keys):
                return f"two entries have the same {attribute.key}"
            return next(filter(None, (_structure_problem(attribute, one) for one in value)), "")
    return ""


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _key_values_problem(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "a key-value list is needed"
    for section, options in value.items():
        if not isinstance(section, str) or not section:
            return "a section needs a name"
        if not isinstance(options, Mapping):
            return f"the list has two levels, and [{section}] is no section"
        for key, one in options.items():
            if not isinstance(key, str) or not key:
                return f"an option of [{section}] has no name"
            if isinstance(one, bool) or not isinstance(one, str | int | bytes):
                return f"{section}/{key} is neither text, integer nor binary"
    return ""


def _structure_problem(attribute: Attribute, value: Any) -> str:
    if not isinstance(value, Mapping):
        return "a structure is needed"
    by_name = {field.name: field for field in attribute.fields}
    for name, one in value.items():
        if name not in by_name:
            return f"the structure has no field {name}"
        if one is not None and (problem := _problem(by_name[name], one)):
            return f"{name}: {problem}"
    missing = [f.name for f in attribute.fields if f.mandatory and not value.get(f.name)]
    return f"{missing[0]} is missing" if missing else ""


def _normal(attribute: Attribute, value: Any) -> Any:
    """Copies with plain containers; empty sections dropped; structures with defaults."""
    match attribute.type:
        case ValueType.KEY_VALUES:
            return {section: dict(options) for section, options in value.items() if options}
        case ValueType.REFERENCES:
            return list(value)
        case ValueType.STRUCTURE:
            return _with_defaults(attribute, value)
        case ValueType.STRUCTURES:
            return [_with_defaults(attribute, one) for one in value]
    return value


def _with_defaults(attribute: Attribute, value: Attributes) -> dict[str, Any]:
    defaults = {f.name: f.default for f in attribute.fields if f.default is not None}
    return {**defaults, **{name: one for name, one in value.items() if one is not None}}


def unique_keys(kind: ObjectType, attributes: Attributes) -> list[str]:
    """The keys that no other object of the type may have."""
    sets = (kind.key, *kind.unique)
    return [json.dumps([list(names), [attributes.get(n) for n in names]]) for names in sets]


def references(kind: ObjectType, attributes: Attributes) -> list[tuple[str, str, int]]:
    """What an object refers to: (attribute, target type, target DBID)."""
    return list(_references(kind.attributes, attributes, ""))


def _references(
    declared: tuple[Attribute, ...], values: Attributes, outer: str
) -> Iterator[tuple[str, str, int]]:
    for attribute in declared:
        value = values.get(attribute.name)
        if not value:
            continue
        name = outer or attribute.name
        match attribute.type:
            case ValueType.REFERENCE:
                yield name, attribute.refers_to, value
            case ValueType.REFERENCES:
                yield from ((name, attribute.refers_to, one) for one in value)
            case ValueType.STRUCTURE:
                yield from _references(attribute.fields, value, attribute.name)
            case ValueType.STRUCTURES:
                for one in value:
                    yield from _references(attribute.fields, one, attribute.name)
