"""Makes the ``spec`` of a manifest from the fields of an object: the inverse of ``manifest.fields``
and ``manifest.structures``. Pure, driven by the table.

What a new object has anyway is left out: the defaults of its kind and of its type, and zero and
false if the type has no default.
"""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.kinds import enums
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.model import Attribute, ValueType
from reconciler.manifest.interpolate import literal

Write = Callable[[FieldPath, Value], Any]
"""The value at a path, as a manifest writes it."""


def spec_of(
    kind: ManifestKind,
    fields: Mapping[FieldPath, Value],
    write: Write,
    section: Callable[[str, str], str],
) -> dict[str, Any]:
    """The keys of ``spec``, in the order of the table; lists and sections are sorted by name.
    ``section``: gives the manifest's name for a section below a key."""
    by_word: dict[str, dict[FieldPath, Value]] = {}
    for path, value in fields.items():
        by_word.setdefault(path[0], {})[path] = value
    spec: dict[str, Any] = {}
    for word in kind.fields:
        attribute = kind.object_type.by_word(word)
        if attribute is None or word not in by_word:
            continue
        made = _written(attribute, by_word[word], write, section)
        if word in kind.required or not _is_default(kind, attribute, by_word[word]):
            spec |= {word: made} if made not in ({}, []) else {}
    return spec


def _written(
    attribute: Attribute,
    held: Mapping[FieldPath, Value],
    write: Write,
    section: Callable[[str, str], str],
) -> Any:
    match attribute.type:
        case ValueType.KEY_VALUES:
            return sections_of(held, write, section)
        case ValueType.REFERENCES:
            return [write(path, held[path]) for path in sorted(held)]
        case ValueType.STRUCTURE:
            return _structure(attribute, {path[1]: path for path in held}, held, write)
        case ValueType.STRUCTURES:
            labels: dict[str, dict[str, FieldPath]] = {}
            for path in held:
                labels.setdefault(path[1], {})[path[2]] = path
            return [_entry(attribute, labels[label], held, write) for label in sorted(labels)]
    return write(*next(iter(held.items())))


def sections_of(
    held: Mapping[FieldPath, Value], write: Write, section: Callable[[str, str], str]
) -> dict[str, dict[str, Any]]:
    """Sections with their options. ``held``: path (word, section, option) -> value."""
    sections: dict[str, dict[str, Any]] = {}
    for path in sorted(held):
        options = sections.setdefault(section(path[0], path[1]), {})
        options[literal(path[2])] = write(path, held[path])
    return dict(sorted(sections.items()))


def _structure(
    attribute: Attribute,
    paths: Mapping[str, FieldPath],
    held: Mapping[FieldPath, Value],
    write: Write,
) -> dict[str, Any]:
    return {
        inner.word: write(paths[inner.word], held[paths[inner.word]])
        for inner in attribute.fields
        if inner.word in paths
        and (
            inner.mandatory
            or inner.name in attribute.key
            or held[paths[inner.word]] != default_of(inner)
        )
    }


def _entry(
    attribute: Attribute,
    paths: Mapping[str, FieldPath],
    held: Mapping[FieldPath, Value],
    write: Write,
) -> Any:
    """An entry of a list; only its name, if it has nothing else."""
    words = _structure(attribute, paths, held, write)
    name = attribute.field(attribute.key[-1]).word
    return words[name] if {*words} == {name} and isinstance(words[name], str) else words


def _is_default(kind: ManifestKind, attribute: Attribute, held: Mapping[FieldPath, Value]) -> bool:
    default = kind.defaults.get(attribute.word, default_of(attribute))
    return default is not None and held.get((attribute.word,)) == default


def default_of(attribute: Attribute) -> Value | None:
    """The default of a field, in the form of field values; None if there is none."""
    match attribute.type:
        case ValueType.ENUM:
            return enums.mnemonic(attribute.enumeration, attribute.default or 0)
        case ValueType.FLAG:
            return bool(attribute.default)
        case ValueType.INTEGER:
            return int(attribute.default or 0)
    return attribute.default if isinstance(attribute.default, str) else None
