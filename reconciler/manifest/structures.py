"""Reads structures and lists of structures of a manifest as fields.

An entry of a list is identified by its key, so the path of each of its fields has a label made of
the key. A text in place of an entry is the last part of its key.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from reconciler.kinds import enums
from reconciler.kinds.fields import FieldPath, FieldValueError, Value, canonical
from reconciler.kinds.flatten import label_of_key, text_of_absent
from reconciler.kinds.model import Attribute, ValueType
from reconciler.yaml.documents import as_text

Report = Callable[[FieldPath, str], None]
"""Reports a mistake at a place in the manifest."""


class DeclaredValue(Struct, frozen=True):
    """A value of a manifest: the path of its field, and its place in the manifest."""

    path: FieldPath
    place: FieldPath
    value: Value


def structure_values(
    attribute: Attribute, place: FieldPath, data: Mapping[str, Any], report: Report
) -> Iterator[DeclaredValue]:
    """The fields of a structure."""
    yield from _values(attribute, (attribute.word,), place, data, report)


def entry_values(
    attribute: Attribute, place: FieldPath, data: list[Any], report: Report
) -> Iterator[DeclaredValue]:
    """The fields of every entry of a list. Reports an entry without its key, and a second entry
    with the same key."""
    last = attribute.field(attribute.key[-1]).word
    seen: set[str] = set()
    for index, item in enumerate(data):
        at = (*place, str(index))
        entry = item if isinstance(item, Mapping) else {last: item}
        label = label_of_key(attribute, _key(attribute, entry))
        if label in seen:
            report(at, f"{attribute.word} has the entry {label} twice")
        seen.add(label)
        for found in _values(attribute, (attribute.word, label), at, entry, report):
            shorthand = entry is not item
            yield DeclaredValue(found.path, at if shorthand else found.place, found.value)


def _values(
    attribute: Attribute,
    path: FieldPath,
    place: FieldPath,
    data: Mapping[str, Any],
    report: Report,
) -> Iterator[DeclaredValue]:
    for inner in attribute.fields:
        if inner.word not in data:
            continue
        at = (*place, inner.word)
        value = data[inner.word]
        text: Value = value if isinstance(value, bool) else as_text(value)
        try:
            yield DeclaredValue((*path, inner.word), at, canonical(inner, text))
        except FieldValueError as error:
            report(at, str(error))


def _key(attribute: Attribute, entry: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the parts of an entry's key, by name."""
    found = {}
    for name in attribute.key:
        part = attribute.field(name)
        if part.word in entry:
            text = as_text(entry[part.word])
            if part.type is ValueType.ENUM:
                number = enums.number_of(part.enumeration, text)
                text = enums.mnemonic(part.enumeration, number) if number else text
        else:
            text = text_of_absent(part)
        found[name] = text
    return found
