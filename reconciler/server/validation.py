"""Which values and deltas of an object are valid, as far as the table of types alone tells.

The embedded server checks everything here. The SDK's adapter checks what could not be sent;
the rest it leaves to the server behind it. Also from the table: unique keys, references, and what
the deletion of a referenced object causes. Pure.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.model import (
    Attribute,
    Attributes,
    ObjectType,
    OnDelete,
    ValueType,
    on_server,
)
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    IncompleteObjectDataError,
    UnchangeableInfoError,
    UnsupportedObjectError,
    UnsupportedPropertyError,
    ValueOutOfRangeError,
)
from reconciler.server.values import normal, problem_of

_LISTS = (ValueType.REFERENCES, ValueType.STRUCTURES)


def object_type(name: str) -> ObjectType:
    """The type, or UnsupportedObjectError."""
    try:
        return OBJECT_TYPES[name]
    except KeyError:
        raise UnsupportedObjectError(f"there is no object type {name}", name) from None


def attribute_of(kind: ObjectType, name: str) -> Attribute:
    """The attribute, or UnsupportedPropertyError."""
    attribute = kind.attribute(name)
    if attribute is None:
        raise UnsupportedPropertyError(f"there is no attribute {name}", kind.name, name)
    return attribute


def complete(kind: ObjectType, given: Attributes) -> dict[str, Any]:
    """The attributes of a new object: checked, with the server's defaults. Read-only
    attributes that were given are ignored, unless the server took them from another object."""
    for name in given:
        attribute_of(kind, name)
    result: dict[str, Any] = {}
    for attribute in kind.attributes:
        ignored = attribute.read_only and not attribute.taken_from
        value = None if ignored else given.get(attribute.name)
        if value is None or value == "":
            value = attribute.default
        empty = value is None or (attribute.type is ValueType.REFERENCE and value == 0)
        if empty and attribute.mandatory:
            raise IncompleteObjectDataError(
                f"{attribute.name} is missing", kind.name, attribute.name
            )
        if not empty:
            check_value(kind, attribute, value)
            result[attribute.name] = normal(attribute, value)
            if attribute.key:  # with a default key, two entries may be equal
                check_value(kind, attribute, result[attribute.name])
    return result


def check_delta(kind: ObjectType, live: Attributes, delta: Delta) -> None:
    """Refuses changes to immutable attributes, emptied mandatory attributes and malformed
    changes."""
    for name in (*delta.values, *delta.key_values, *delta.lists):
        attribute = attribute_of(kind, name)
        if attribute.read_only or attribute.immutable:
            if name in delta.values and delta.values[name] == live.get(name):
                continue
            if attribute.immutable and _unset_number(attribute, live):
                continue
            raise UnchangeableInfoError(f"{name} cannot be changed", kind.name, name)
    for name, value in delta.values.items():
        if attribute_of(kind, name).mandatory and value in ("", 0):
            raise IncompleteObjectDataError(f"{name} cannot be empty", kind.name, name)
    check_shape(kind, delta)


def without_lone_types(kind: ObjectType, delta: Delta) -> Delta:
    """The delta without the type of a reference whose DBID it does not change. The type of a
    campaign group's group cannot be set by itself: it is read-only, and follows the group (vendor's
    reference of the object)."""
    lone = {one.type_from for one in kind.attributes if one.name not in delta.values}
    values = {name: value for name, value in delta.values.items() if name not in lone}
    return delta if len(values) == len(delta.values) else replace(delta, values=values)


def _unset_number(attribute: Attribute, live: Attributes) -> bool:
    """Whether a number was not given: a client that gives none sends 0."""
    return attribute.type is ValueType.INTEGER and live.get(attribute.name, 0) == 0


def check_shape(kind: ObjectType, delta: Delta) -> None:
    """Refuses changes that are malformed for every object of the type."""
    for name in (*delta.values, *delta.key_values, *delta.lists):
        attribute_of(kind, name)
    for name, value in delta.values.items():
        attribute = attribute_of(kind, name)
        if attribute.type is ValueType.KEY_VALUES or attribute.type in _LISTS:
            raise ValueOutOfRangeError(
                "a list cannot be set as a whole, only entry by entry", kind.name, name
            )
        if value is None:
            raise ValueOutOfRangeError("an attribute cannot be set to None", kind.name, name)
        check_value(kind, attribute, value, partly=True)
    for name, change in delta.key_values.items():
        _check_key_value_delta(kind, attribute_of(kind, name), change)
    for name, entries in delta.lists.items():
        _check_list_delta(kind, attribute_of(kind, name), entries)


def _check_key_value_delta(kind: ObjectType, attribute: Attribute, delta: KeyValueDelta) -> None:
    if attribute.type is not ValueType.KEY_VALUES:
        raise ValueOutOfRangeError("it is not a key-value list", kind.name, attribute.name)
    for bucket in (delta.added, delta.changed):
        check_value(kind, attribute, bucket)


def _check_list_delta(kind: ObjectType, attribute: Attribute, delta: ListDelta) -> None:
    if attribute.type not in _LISTS:
        raise ValueOutOfRangeError("it is not a list", kind.name, attribute.name)
    for entry in delta.added:
        check_value(kind, attribute, [entry])
    for entry in delta.changed:
        check_value(kind, attribute, [entry], partly=True)
    parts = [name for name in attribute.key if attribute.field(name).mandatory]
    for entry in (*delta.added, *delta.changed):
        if not all(part in entry for part in parts):
            raise ValueOutOfRangeError("an entry needs its key", kind.name, attribute.name)
    for key in delta.deleted:
        if not isinstance(key, str | int | tuple):
            raise ValueOutOfRangeError("an entry is deleted by its key", kind.name, attribute.name)


def check_value(
    kind: ObjectType, attribute: Attribute, value: Any, *, partly: bool = False
) -> None:
    """Refuses a value that the attribute cannot hold. ``partly``: see ``values.problem_of``."""
    problem = problem_of(attribute, value, partly=partly)
    if problem:
        raise ValueOutOfRangeError(f"{attribute.name}: {problem}", kind.name, attribute.name)


def unique_keys(kind: ObjectType, attributes: Attributes) -> list[str]:
    """The keys that no other object of the type may have, as JSON: the natural key, and
    further unique sets of attributes that all have a value."""
    sets = [kind.key, *(names for names in kind.unique if all(attributes.get(n) for n in names))]
    return [
        f"[{_as_json(names)}, [{', '.join([_part(attributes.get(n)) for n in names])}]]"
        for names in sets
    ]


@cache
def _as_json(names: tuple[str, ...]) -> str:
    return json.dumps(names)


def _part(value: Any) -> str:
    """A value of a key as JSON; nearly all are texts and numbers."""
    return str(value) if type(value) is int else json.dumps(value)


def references(kind: ObjectType, attributes: Attributes) -> list[tuple[str, str, int]]:
    """The references of an object: (attribute, target type, target DBID)."""
    return list(_references(_referring(kind), attributes, ""))


@cache
def _referring(kind: ObjectType) -> tuple[Attribute, ...]:
    """The attributes that can refer to objects, or whose fields can."""
    return tuple(one for one in kind.attributes if one.word in kind.referring)


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
                yield name, attribute.target(values), value
            case ValueType.REFERENCES:
                yield from ((name, attribute.refers_to, dbid) for dbid in value)
            case ValueType.STRUCTURE:
                yield from _references(attribute.fields, value, attribute.name)
            case ValueType.STRUCTURES:
                for entry in value:
                    yield from _references(attribute.fields, entry, attribute.name)


def on_delete(kind: ObjectType, name: str, target_type: str) -> OnDelete:
    """What the deletion of a ``target_type`` object does to an object that refers to it in
    attribute ``name``: veto, clear or cascade."""
    attribute = attribute_of(kind, name)
    if attribute.may_refer_to(target_type):
        return attribute.on_delete
    policies = {field.on_delete for field in attribute.fields if field.may_refer_to(target_type)}
    return "veto" if "veto" in policies else "clear"


def effect_of_deletion(
    kind: ObjectType, attributes: Attributes, name: str, target_type: str, target: int
) -> OnDelete:
    """What the deletion of an object does to another, of type ``kind`` and with ``attributes``,
    that refers to it in attribute ``name``."""
    effect = on_delete(kind, name, target_type)
    # A solution can do without its optional components.
    components = attributes.get("components") or []
    if any(one["appDBID"] == target and one.get("isOptional") for one in components):
        return "clear" if effect == "veto" else effect
    return effect


def without_reference(
    kind: ObjectType, attributes: Mapping[str, Any], target_type: str, target: int
) -> dict[str, Any]:
    """The attributes without their references to the object ``target``."""
    target_type = on_server(target_type)
    result = dict(attributes)
    for attribute in kind.attributes:
        value = result.get(attribute.name)
        refers = attribute.target(attributes) == target_type
        if refers and attribute.type is ValueType.REFERENCES:
            result[attribute.name] = [dbid for dbid in value or [] if dbid != target]
        elif refers and value == target:
            del result[attribute.name]
        elif attribute.type is ValueType.STRUCTURE and value:
            result[attribute.name] = _cleared(attribute, value, target_type, target)
        elif attribute.type is ValueType.STRUCTURES and value:
            entries = (_cleared(attribute, entry, target_type, target) for entry in value)
            result[attribute.name] = [entry for entry in entries if entry is not None]
    return result


def _cleared(
    attribute: Attribute, values: Attributes, target_type: str, target: int
) -> dict[str, Any] | None:
    """A structure without its references to the object; None for a list entry that is meaningless
    without them."""
    gone = {
        field.name: field
        for field in attribute.fields
        if values.get(field.name) == target and field.target(values) == target_type
    }
    needed = any(field.mandatory or name in attribute.key for name, field in gone.items())
    if needed and attribute.type is ValueType.STRUCTURES:
        return None
    return {name: value for name, value in values.items() if name not in gone}
