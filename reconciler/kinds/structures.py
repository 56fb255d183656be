"""Changes structures and lists of structures field by field. Pure.

A path here is the path of a field without the word of its attribute: ``("type",)`` in a structure,
``("Chat", "protocol")`` in an entry of a list, by its label.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldPath, NameResolver, Value
from reconciler.kinds.flatten import built_values, label_of_entry
from reconciler.kinds.model import Attribute, Attributes

Changes = Mapping[FieldPath, Value | None]
"""Path -> the new value of a field; None: the field is cleared."""


def changed_structure(
    attribute: Attribute, live: Attributes, changes: Changes, names: NameResolver, tenant: int
) -> dict[str, Any]:
    """A structure after changes. Errors: see ``flatten.build``."""
    words = {path[0]: value for path, value in changes.items()}
    return _changed(attribute, live, words, names, tenant)


def changed_entries(
    attribute: Attribute, live: list[Any], changes: Changes, names: NameResolver, tenant: int
) -> list[Any]:
    """The entries of a list after changes. An entry that loses its key is removed; a label that
    names no live entry makes a new entry. Errors: see ``flatten.build``."""
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
        if new:  # otherwise it was to be removed, and is gone already
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
