"""Structures and lists of structures, changed field by field. Pure.

A path here is that of a field without the word of its attribute: ``("type",)`` in a structure,
``("Chat", "protocol")`` in an entry of a list, by its label.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldPath, NameResolver, Value
from reconciler.kinds.flatten import built_values, label_of_entry
from reconciler.kinds.model import Attribute, Attributes, ValueType

Changes = Mapping[FieldPath, Value | None]
"""Path -> the new value of a field; None: the field is emptied."""


NOTHING: Mapping[ValueType, Any] = {ValueType.TEXT: "", ValueType.REFERENCE: 0}
"""The value that means unset; the other types have none."""


def changed_structure(
    attribute: Attribute, live: Attributes, changes: Changes, names: NameResolver, tenant: int
) -> dict[str, Any]:
    """A structure after changes. Errors: see ``flatten.build``."""
    words = {path[0]: value for path, value in changes.items()}
    return _changed(attribute, live, words, names, tenant)


def changed_entries(
    attribute: Attribute, live: list[Any], changes: Changes, names: NameResolver, tenant: int
) -> list[Any]:
    """The entries of a list after changes. An entry without its key is gone; what names no
    live entry is a new one. Errors: see ``flatten.build``."""
    by_label: dict[str, dict[str, Value | None]] = {}
    for (label, word), value in changes.items():
        by_label.setdefault(label, {})[word] = value
    key_words = {attribute.field(name).word for name in attribute.key}
    result = []
    for entry in live:
        words = by_label.pop(label_of_entry(attribute, entry, names, tenant), {})
        if not any(word in key_words and value is None for word, value in words.items()):
            result.append(_changed(attribute, entry, words, names, tenant) if words else entry)
    for words in by_label.values():
        new = _changed(attribute, {}, words, names, tenant)
        if new:  # else it was to go, and is gone
            result.append(new)
    return result


def _changed(
    attribute: Attribute,
    live: Attributes,
    words: Mapping[str, Value | None],
    names: NameResolver,
    tenant: int,
) -> dict[str, Any]:
    given = {word: value for word, value in words.items() if value is not None}
    emptied = {one.name for one in attribute.fields if one.word in words.keys() - given.keys()}
    left = {name: value for name, value in live.items() if name not in emptied}
    return {**left, **built_values(attribute.fields, given, names, tenant, left)}


def emptied(attribute: Attribute) -> Any:
    """What an update writes to take a plain value away: of a number, a flag or an enumeration the
    value that a new object has. None: it cannot be taken away."""
    match attribute.type:
        case ValueType.INTEGER if attribute.default is None:
            least, _ = attribute.bounds or (0, 0)
            return 0 if least <= 0 else None
        case ValueType.FLAG if attribute.default is None:
            return False
        case ValueType.INTEGER | ValueType.FLAG | ValueType.ENUM:
            return attribute.default
    return NOTHING.get(attribute.type)


def with_references(
    declared: tuple[Attribute, ...], values: dict[str, Any], after: Attributes
) -> dict[str, Any]:
    """Changed plain values; with the type of a reference its reference, even one of the same
    DBID: a server ignores the type alone."""
    for attribute in declared:
        if attribute.type_from in values and attribute.name in after:
            values.setdefault(attribute.name, after[attribute.name])
    return values


def with_unset(attribute: Attribute, old: Attributes, new: Attributes) -> Attributes:
    """A structure or an entry as an update sends it: each field that it had and no longer has is
    there with the value that means unset."""
    gone = {
        field.name: emptied(field)
        for field in attribute.fields
        if field.name in old and field.name not in new
    }
    return {**new, **{name: nothing for name, nothing in gone.items() if nothing is not None}}


def merged(attribute: Attribute | None, live: Attributes | None, given: Attributes) -> Any:
    """A structure or an entry with the fields that an update gives, without those that are then
    unset. A delta of the vendor's object model holds only the fields that change."""
    values = {**(live or {}), **given}
    unset = {
        field.name
        for field in (attribute.fields if attribute else ())
        if field.type in NOTHING and values.get(field.name) == NOTHING[field.type]
    }
    return {name: value for name, value in values.items() if name not in unset}
