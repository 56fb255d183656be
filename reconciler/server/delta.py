"""Deltas: the changes that an update sends, in the server's own buckets.

A list or key-value list is sent as added, changed and deleted entries, a structure or changed entry
as the fields that change, so an update touches nothing that it does not name. ``differences`` makes
deltas; ``apply_delta`` applies a delta as a server does. Pure.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.kinds.model import Attribute, Attributes, KeyValueList, ObjectType, ValueType
from reconciler.server.errors import (
    ListItemNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
)

NOTHING: Mapping[ValueType, Any] = {ValueType.TEXT: "", ValueType.REFERENCE: 0}
"""The value that means unset; the other types have none."""


class KeyValueDelta(Struct, frozen=True):
    """Changes of one key-value list. ``deleted``: section -> keys; no keys means the whole
    section."""

    added: KeyValueList = field(default_factory=dict)
    changed: KeyValueList = field(default_factory=dict)
    deleted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((*self.added.values(), *self.changed.values(), self.deleted))


class ListDelta(Struct, frozen=True):
    """Changes of a list of DBIDs or structures. ``changed`` holds the key of each entry and the
    fields that change; an empty text and a reference 0 clear a field. ``deleted`` holds the keys of
    entries (see ``Attribute.key_of``)."""

    added: tuple[Any, ...] = ()
    changed: tuple[Any, ...] = ()
    deleted: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)


class Delta(Struct, frozen=True):
    """One update: plain values, key-value lists and lists, by attribute name."""

    values: Mapping[str, Any] = field(default_factory=dict)
    key_values: Mapping[str, KeyValueDelta] = field(default_factory=dict)
    lists: Mapping[str, ListDelta] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values) or any(self.key_values.values()) or any(self.lists.values())


def apply_delta(object_type: ObjectType, attributes: Attributes, delta: Delta) -> dict[str, Any]:
    """The attributes after the update.

    UniquenessViolationError if an added entry exists already, ListItemNotFoundError if
    a changed or deleted entry does not exist, UnspecifiedModificationError for an empty delta.
    """
    if not delta:
        raise UnspecifiedModificationError("the update names no change", object_type.name)
    result = dict(attributes)
    for name, value in delta.values.items():
        attribute = object_type.attribute(name)
        structure = attribute is not None and attribute.type is ValueType.STRUCTURE
        result[name] = _merged(attribute, attributes.get(name), value) if structure else value
    for name, change in delta.key_values.items():
        result[name] = _apply_key_values(object_type, name, attributes.get(name) or {}, change)
    for name, entries in delta.lists.items():
        attribute = object_type.attribute(name)
        result[name] = _apply_list(
            object_type, name, attribute, attributes.get(name) or [], entries
        )
    return result


def _merged(attribute: Attribute | None, live: Attributes | None, given: Attributes) -> Any:
    """A structure or an entry after an update, without fields that are then unset. A delta of the
    vendor's object model holds only the fields that change."""
    values = {**(live or {}), **given}
    unset = {
        field.name
        for field in (attribute.fields if attribute else ())
        if field.type in NOTHING and values.get(field.name) == NOTHING[field.type]
    }
    return {name: value for name, value in values.items() if name not in unset}


def _apply_key_values(
    object_type: ObjectType, name: str, live: KeyValueList, delta: KeyValueDelta
) -> dict[str, dict[str, Any]]:
    result = {section: dict(options) for section, options in live.items()}
    for section, keys in delta.deleted.items():
        if section not in result:
            raise ListItemNotFoundError(f"no section [{section}]", object_type.name, name)
        for key in keys or tuple(result[section]):
            if key not in result[section]:
                raise ListItemNotFoundError(f"no option {section}/{key}", object_type.name, name)
            del result[section][key]
    for section, options in delta.changed.items():
        for key, value in options.items():
            if key not in result.get(section, {}):
                raise ListItemNotFoundError(f"no option {section}/{key}", object_type.name, name)
            result[section][key] = value
    for section, options in delta.added.items():
        for key, value in options.items():
            if key in result.get(section, {}):
                raise UniquenessViolationError(
                    f"option {section}/{key} exists", object_type.name, name
                )
            result.setdefault(section, {})[key] = value
    return {section: options for section, options in result.items() if options}


def _apply_list(
    object_type: ObjectType,
    name: str,
    attribute: Attribute | None,
    live: list[Any],
    delta: ListDelta,
) -> list[Any]:
    structures = attribute is not None and attribute.type is ValueType.STRUCTURES

    def key_of(entry: Any) -> Any:
        return attribute.key_of(entry) if attribute else entry

    result = {key_of(entry): entry for entry in live}
    for key in delta.deleted:
        if key not in result:
            raise ListItemNotFoundError(f"{key} is not in the list", object_type.name, name)
        del result[key]
    for entry in delta.changed:
        if key_of(entry) not in result:
            raise ListItemNotFoundError(
                f"{key_of(entry)} is not in the list", object_type.name, name
            )
        key = key_of(entry)
        result[key] = _merged(attribute, result[key], entry) if structures else entry
    for entry in delta.added:
        if key_of(entry) in result:
            raise UniquenessViolationError(
                f"{key_of(entry)} is in the list already", object_type.name, name
            )
        result[key_of(entry)] = entry
    return list(result.values())
