"""Computes deltas: from two states of an object, or from an object and its desired fields. Pure."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldPath, FieldValueError, NameResolver, Value, to_attribute
from reconciler.kinds.flatten import built_values
from reconciler.kinds.model import Attribute, Attributes, KeyValueList, ObjectType, ValueType
from reconciler.kinds.structures import changed_entries, changed_structure
from reconciler.server.delta import NOTHING, Delta, KeyValueDelta, ListDelta


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
                values[attribute.name] = _with_unset(attribute, before or {}, after or {})
            case ValueType.REFERENCE if after is None:
                values[attribute.name] = 0
            case _:
                values[attribute.name] = after
    return Delta(_with_references(object_type, values, new), key_values, lists)


def _with_references(
    object_type: ObjectType, values: dict[str, Any], after: Attributes
) -> dict[str, Any]:
    """The changed plain values. A changed type of a reference comes with its reference, even if the
    DBID is the same: a server ignores the type alone."""
    for attribute in object_type.attributes:
        if attribute.type_from in values and attribute.name in after:
            values.setdefault(attribute.name, after[attribute.name])
    return values


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
            _with_unset(attribute, before[key], entry)
            for key, entry in after.items()
            if key in before and before[key] != entry
        ),
        deleted=tuple(key for key in before if key not in after),
    )


def _with_unset(attribute: Attribute, old: Attributes, new: Attributes) -> Attributes:
    """A structure or an entry as an update sends it: each field that was removed has the value that
    means unset."""
    gone = {
        field.name: emptied(field)
        for field in attribute.fields
        if field.name in old and field.name not in new
    }
    return {**new, **{name: nothing for name, nothing in gone.items() if nothing is not None}}


def emptied(attribute: Attribute) -> Any:
    """What an update writes to clear a plain value: for a number, a flag or an enumeration, the
    value of a new object. None: it cannot be cleared."""
    match attribute.type:
        case ValueType.INTEGER if attribute.default is None:
            least, _ = attribute.bounds or (0, 0)
            return 0 if least <= 0 else None
        case ValueType.FLAG if attribute.default is None:
            return False
        case ValueType.INTEGER | ValueType.FLAG | ValueType.ENUM:
            return attribute.default
    return NOTHING.get(attribute.type)


def delta_for(
    object_type: ObjectType,
    live: Attributes,
    changes: Mapping[FieldPath, Value | None],
    names: NameResolver,
    tenant: int,
) -> Delta:
    """The delta that gives an object the values of ``changes``; None removes a field.

    Holds only fields that differ from ``live``. The last option of a section is deleted by
    key: deleting the whole section would also delete what another client has just added.
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
                values[name] = _with_unset(attribute, held, structure)
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
    return _with_references(object_type, values, {**live, **wanted})


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
    """Puts an option into its bucket. While a delta is being made, its buckets are dicts."""
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
