"""Deltas: the changes that an update sends, in the server's own buckets.

Lists and key-value lists are sent as added, changed and deleted entries, so an update
touches nothing that it does not name. ``differences`` makes deltas; ``apply_delta`` does what a
server does with one. Pure.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.kinds.model import Attributes, KeyValueList, ObjectType
from reconciler.server.errors import (
    ListItemNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
)

KeyOf = Callable[[Any], Any]


class KeyValueDelta(Struct, frozen=True):
    """Changes of one key-value list. ``deleted``: section -> keys; no keys means the whole
    section."""

    added: KeyValueList = field(default_factory=dict)
    changed: KeyValueList = field(default_factory=dict)
    deleted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((*self.added.values(), *self.changed.values(), self.deleted))


class ListDelta(Struct, frozen=True):
    """Changes of a list of DBIDs or structures. ``deleted`` holds the keys of entries (see
    ``Attribute.key_of``)."""

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


def _itself(entry: Any) -> Any:
    return entry


def apply_delta(object_type: ObjectType, attributes: Attributes, delta: Delta) -> dict[str, Any]:
    """The attributes after the update.

    UniquenessViolationError where an added entry exists already, ListItemNotFoundError where
    a changed or deleted entry does not exist, UnspecifiedModificationError for an empty delta.
    """
    if not delta:
        raise UnspecifiedModificationError("the update names no change", object_type.name)
    result = dict(attributes)
    result.update(delta.values)
    for name, change in delta.key_values.items():
        result[name] = _apply_key_values(object_type, name, attributes.get(name) or {}, change)
    for name, entries in delta.lists.items():
        attribute = object_type.attribute(name)
        key_of = attribute.key_of if attribute else _itself
        result[name] = _apply_list(object_type, name, key_of, attributes.get(name) or [], entries)
    return result


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
    object_type: ObjectType, name: str, key_of: KeyOf, live: list[Any], delta: ListDelta
) -> list[Any]:
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
        result[key_of(entry)] = entry
    for entry in delta.added:
        if key_of(entry) in result:
            raise UniquenessViolationError(
                f"{key_of(entry)} is in the list already", object_type.name, name
            )
        result[key_of(entry)] = entry
    return list(result.values())
