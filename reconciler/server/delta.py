"""Deltas: the changes that an update sends, in the server's own buckets.

Lists and key-value lists are sent as added, changed and deleted entries, structures and changed
entries as the fields that change, so an update touches nothing that it does not name.
``apply_delta`` does what a server does with a delta; ``delta_for`` makes a delta from changed
fields. Pure.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.kinds.fields import FieldPath, FieldValueError, NameResolver, Value, to_attribute
from reconciler.kinds.flatten import built_values
from reconciler.kinds.model import Attribute, Attributes, KeyValueList, ObjectType, ValueType
from reconciler.kinds.structures import (
    NOTHING,
    changed_entries,
    changed_structure,
    emptied,
    merged,
    with_references,
    with_unset,
)
from reconciler.server.errors import (
    ListItemNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
)


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
    fields that change; an empty text and a reference 0 take a field away. ``deleted`` holds the
    keys of entries (see ``Attribute.key_of``)."""

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

    UniquenessViolationError where an added entry exists already, ListItemNotFoundError where
    a changed or deleted entry does not exist, UnspecifiedModificationError for an empty delta.
    """
    if not delta:
        raise UnspecifiedModificationError("the update names no change", object_type.name)
    result = dict(attributes)
    for name, value in delta.values.items():
        attribute = object_type.attribute(name)
        structure = attribute is not None and attribute.type is ValueType.STRUCTURE
        result[name] = merged(attribute, attributes.get(name), value) if structure else value
    for name, change in delta.key_values.items():
        result[name] = _apply_key_values(object_type, name, attributes.get(name) or {}, change)
    for name, entries in delta.lists.items():
        attribute = object_type.attribute(name)
        result[name] = _apply_list(
            object_type, name, attribute, attributes.get(name) or [], entries
        )
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
        result[key] = merged(attribute, result[key], entry) if structures else entry
    for entry in delta.added:
        if key_of(entry) in result:
            raise UniquenessViolationError(
                f"{key_of(entry)} is in the list already", object_type.name, name
            )
        result[key_of(entry)] = entry
    return list(result.values())


def difference(object_type: ObjectType, old: Attributes, new: Attributes) -> Delta:
    """The delta that turns ``old`` into ``new``, two states of one object. A reference that is
    gone becomes 0, another plain value None."""
    values: dict[str, Any] = {}
    key_values: dict[str, KeyValueDelta] = {}
    lists: dict[str, ListDelta] = {}
    for attribute in object_type.attributes:
        before, after = old.get(attribute.name), new.get(attribute.name)
        if before == after:
            continue
        match attribute.type:
            case ValueType.KEY_VALUES:
                key_values[attribute.name] = _key_value_difference(before or {}, after or {})
            case ValueType.REFERENCES | ValueType.STRUCTURES:
                lists[attribute.name] = _list_difference(attribute, before or [], after or [])
            case ValueType.STRUCTURE:
                values[attribute.name] = with_unset(attribute, before or {}, after or {})
            case ValueType.REFERENCE if after is None:
                values[attribute.name] = 0
            case _:
                values[attribute.name] = after
    return Delta(with_references(object_type.attributes, values, new), key_values, lists)


def _key_value_difference(old: KeyValueList, new: KeyValueList) -> KeyValueDelta:
    bucket = KeyValueDelta({}, {}, {})
    for section, options in new.items():
        for key, value in options.items():
            _sort_option(bucket, old, section, key, value)
    for section, options in old.items():
        for key in options.keys() - new.get(section, {}).keys():
            _sort_option(bucket, old, section, key, None)
    return bucket


def _list_difference(attribute: Attribute, old: list[Any], new: list[Any]) -> ListDelta:
    before = {attribute.key_of(entry): entry for entry in old}
    after = {attribute.key_of(entry): entry for entry in new}
    return ListDelta(
        added=tuple(entry for key, entry in after.items() if key not in before),
        changed=tuple(
            with_unset(attribute, before[key], entry)
            for key, entry in after.items()
            if key in before and before[key] != entry
        ),
        deleted=tuple(key for key in before if key not in after),
    )


def delta_for(
    object_type: ObjectType,
    live: Attributes,
    changes: Mapping[FieldPath, Value | None],
    names: NameResolver,
    tenant: int,
) -> Delta:
    """The delta that gives an object the values of ``changes``; None removes a field.

    Holds only fields that differ from ``live``. The last option of a section is deleted by
    key: deleting the whole section would also delete what somebody else has just added.
    """
    plain: dict[str, Value | None] = {}
    inside: dict[str, dict[FieldPath, Value | None]] = {}
    key_values: dict[str, KeyValueDelta] = {}
    lists: dict[str, ListDelta] = {}
    for path, value in changes.items():
        attribute = object_type.by_word(path[0])
        if attribute is None:
            raise FieldValueError(f"{object_type.name} has no field {path[0]}")
        match attribute.type:
            case ValueType.KEY_VALUES:
                bucket = key_values.setdefault(attribute.name, KeyValueDelta({}, {}, {}))
                _sort_option(bucket, live.get(attribute.name) or {}, path[1], path[2], value)
            case ValueType.REFERENCES:
                dbid = to_attribute(attribute, path[1], names, tenant)
                entries = lists.get(attribute.name, ListDelta())
                lists[attribute.name] = _with_item(
                    entries, dbid, live.get(attribute.name) or [], wanted=value is not None
                )
            case ValueType.STRUCTURE | ValueType.STRUCTURES:
                inside.setdefault(attribute.name, {})[path[1:]] = value
            case _:
                plain[path[0]] = value
    values = _plain_values(object_type, live, plain, names, tenant)
    for name, fields in inside.items():
        attribute = object_type.attribute(name)
        assert attribute is not None  # noqa: S101 - found by its word above
        if attribute.type is ValueType.STRUCTURE:
            held = live.get(name) or {}
            structure = changed_structure(attribute, held, fields, names, tenant)
            if structure != held:
                values[name] = with_unset(attribute, held, structure)
        else:
            entries_held = live.get(name) or []
            wanted = changed_entries(attribute, entries_held, fields, names, tenant)
            lists[name] = _list_difference(attribute, entries_held, wanted)
    kept = {n: d for n, d in key_values.items() if d.added or d.changed or d.deleted}
    return Delta(values, kept, {n: d for n, d in lists.items() if d})


def _plain_values(
    object_type: ObjectType,
    live: Attributes,
    changes: Mapping[str, Value | None],
    names: NameResolver,
    tenant: int,
) -> dict[str, Any]:
    """The plain values that differ from those of the live object."""
    given = {word: value for word, value in changes.items() if value is not None}
    wanted = built_values(object_type.attributes, given, names, tenant, live)
    for word in changes.keys() - given.keys():
        attribute = object_type.by_word(word)
        nothing = emptied(attribute) if attribute is not None else None
        if attribute is not None and nothing is not None:
            wanted[attribute.name] = nothing
    values = {}
    for attribute in object_type.attributes:
        present = live.get(attribute.name)
        nothing = NOTHING.get(attribute.type) if present is None else present
        if attribute.name in wanted and wanted[attribute.name] != nothing:
            values[attribute.name] = wanted[attribute.name]
    return with_references(object_type.attributes, values, {**live, **wanted})


def _with_item(entries: ListDelta, dbid: int, live: list[int], *, wanted: bool) -> ListDelta:
    """The changes of a list, extended so that ``dbid`` is in it (``wanted``) or is not."""
    if wanted and dbid not in live:
        return ListDelta(added=(*entries.added, dbid), deleted=entries.deleted)
    if not wanted and dbid in live:
        return ListDelta(added=entries.added, deleted=(*entries.deleted, dbid))
    return entries


def _sort_option(
    bucket: KeyValueDelta, live: KeyValueList, section: str, key: str, value: Value | None
) -> None:
    """Puts one option in its bucket. While a delta is made, its buckets are dicts."""
    present = live.get(section, {}).get(key)
    if value is None:
        if present is not None:
            _as_dict(bucket.deleted)[section] = (*bucket.deleted.get(section, ()), key)
    elif present is None:
        _as_dict(bucket.added).setdefault(section, {})[key] = value
    elif present != value:
        _as_dict(bucket.changed).setdefault(section, {})[key] = value


def _as_dict(mapping: Mapping[str, Any]) -> dict[str, Any]:
    assert isinstance(mapping, dict)  # noqa: S101 - for the type checker: delta_for makes dicts
    return mapping
