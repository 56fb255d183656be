"""Splits objects into fields, and builds objects from fields. Pure, driven by the table.

The path of a structure's field begins with the structure's word: ``("os", "type")``. In an entry of
a list, the entry's label, which is made of its key, comes next: ``("connections", "Chat",
"protocol")``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from reconciler.kinds import enums
from reconciler.kinds.fields import (
    FieldPath,
    Fields,
    FieldValueError,
    NameResolver,
    Value,
    to_attribute,
)
from reconciler.kinds.model import Attribute, Attributes, ObjectType, ValueType
from reconciler.kinds.natural_keys import joined


def flatten(
    object_type: ObjectType,
    attributes: Attributes,
    names: NameResolver,
    words: Collection[str] | None = None,
) -> dict[FieldPath, Value]:
    """The fields of an object that have a value: those below ``words``, or all. Empty sections
    count as absent."""
    tenant = int(attributes.get("tenantDBID") or 0)
    fields: dict[FieldPath, Value] = {}
    for attribute in object_type.attributes:
        if words is not None and attribute.word not in words:
            continue
        value = attributes.get(attribute.name)
        if value is not None and not attribute.secret:
            path = (attribute.word,)
            fields.update(_flatten_one(path, attribute, value, attributes, names, tenant))
    return fields


def _flatten_one(
    path: FieldPath,
    attribute: Attribute,
    value: Any,
    beside: Attributes,
    names: NameResolver,
    tenant: int,
) -> Iterator[tuple[FieldPath, Value]]:
    """The fields of one attribute. ``beside``: all attributes of the object or structure."""
    match attribute.type:
        case ValueType.KEY_VALUES:
            for section, options in value.items():
                for key, text in options.items():
                    yield (*path, section, key), text
        case ValueType.REFERENCES:
            for dbid in value:
                name = names.name(attribute.refers_to, dbid, tenant)
                yield (*path, name), name
        case ValueType.REFERENCE:
            if value:
                target = attribute.target(beside) or attribute.refers_to
                yield path, names.name(target, value, tenant)
        case ValueType.STRUCTURE:
            yield from _flatten_structure(path, attribute, value, names, tenant)
        case ValueType.STRUCTURES:
            for entry in value:
                label = label_of_entry(attribute, entry, names, tenant)
                yield from _flatten_structure((*path, label), attribute, entry, names, tenant)
        case ValueType.ENUM:
            yield path, enums.mnemonic(attribute.enumeration, value)
        case _ if value != "":  # to the server, an empty text means unset
            yield path, value


def _flatten_structure(
    path: FieldPath, attribute: Attribute, value: Any, names: NameResolver, tenant: int
) -> Iterator[tuple[FieldPath, Value]]:
    for inner in attribute.fields:
        if value.get(inner.name) is not None:
            inside = (*path, inner.word)
            yield from _flatten_one(inside, inner, value[inner.name], value, names, tenant)


def label_of_entry(attribute: Attribute, entry: Any, names: NameResolver, tenant: int) -> str:
    """The label of an entry of a list: its key, with names in place of DBIDs."""

    def text(part: Attribute) -> str:
        held = part.in_key(entry)
        match part.type:
            case ValueType.REFERENCE:
                target = part.target(entry) or part.refers_to
                return names.name(target, held, tenant) if held else ""
            case ValueType.ENUM:
                return enums.mnemonic(part.enumeration, held) if held else ""
        return str(held)

    return label_of_key(attribute, {part: text(attribute.field(part)) for part in attribute.key})


def label_of_key(attribute: Attribute, key: Mapping[str, str]) -> str:
    """The label of an entry of a list. ``key``: attribute -> the text of that part of its key."""
    return joined([key[name] for name in attribute.key])


def text_of_absent(part: Attribute) -> str:
    """The text of a part of an entry's key that the entry does not have."""
    if part.type is ValueType.ENUM:
        return enums.mnemonic(part.enumeration, part.default) if part.default else ""
    if part.default is not None:
        return str(part.default)
    return "" if part.type in (ValueType.TEXT, ValueType.REFERENCE) else "0"


def references_in(
    object_type: ObjectType, fields: Fields, targets: frozenset[str] | None = None
) -> Iterable[tuple[FieldPath, str, str]]:
    """The references in the fields of an object: path, target type and target name. ``targets``:
    only references to these types."""
    referring = object_type.referring if targets is None else _referring(object_type, targets)
    if referring.isdisjoint([path[0] for path in fields]):
        return ()
    return _references_in(object_type, fields, referring, targets)


def _references_in(
    object_type: ObjectType,
    fields: Fields,
    referring: frozenset[str],
    targets: frozenset[str] | None,
) -> Iterator[tuple[FieldPath, str, str]]:
    for path, value in fields.items():
        if path[0] not in referring:
            continue
        attribute = leaf(object_type, path)
        if attribute is None or not attribute.refers_to:
            continue
        target = attribute.refers_to
        if attribute.type_from:
            outer = object_type.by_word(path[0])
            declared = outer.fields if outer and len(path) > 1 else object_type.attributes
            kind = next(one for one in declared if one.name == attribute.type_from)
            text = fields.get((*path[:-1], kind.word))
            number = enums.number_of(kind.enumeration, str(text)) if text is not None else None
            target = narrow(attribute, declared, {kind.name: number}).refers_to
        if targets is None or target in targets:
            yield path, target, str(value)


@lru_cache(maxsize=256)
def _referring(object_type: ObjectType, targets: frozenset[str]) -> frozenset[str]:
    """The words of the attributes that can refer to objects of these types, themselves or by their
    fields."""
    return frozenset(
        one.word
        for one in object_type.attributes
        if any(not targets.isdisjoint(inner.target_types) for inner in (one, *one.fields))
    )


def build(
    object_type: ObjectType, fields: Fields, names: NameResolver, tenant: int
) -> dict[str, Any]:
    """The attributes that hold ``fields``.

    UnknownReferenceError for a name that no object has; FieldValueError for a word that the
    type lacks, or a value that its field cannot hold.
    """
    plain: dict[str, Value] = {}
    nested: dict[str, dict[FieldPath, Value]] = {}
    for path, value in fields.items():
        if len(path) == 1:
            plain[path[0]] = value
        else:
            nested.setdefault(path[0], {})[path[1:]] = value
    attributes: dict[str, Any] = {}
    for word in (*plain, *nested):
        attribute = object_type.by_word(word)
        if attribute is None:
            raise FieldValueError(f"{object_type.name} has no field {word}")
        held = nested.get(word)
        if held is None:
            continue
        match attribute.type:
            case ValueType.KEY_VALUES:
                sections = attributes.setdefault(attribute.name, {})
                for (section, key), value in held.items():
                    sections.setdefault(section, {})[key] = value
            case ValueType.REFERENCES:
                attributes[attribute.name] = [
                    to_attribute(attribute, value, names, tenant) for value in held.values()
                ]
            case ValueType.STRUCTURE:
                values = {path[0]: value for path, value in held.items()}
                attributes[attribute.name] = built_values(attribute.fields, values, names, tenant)
            case ValueType.STRUCTURES:
                entries: dict[str, dict[str, Value]] = {}
                for (label, inner), value in held.items():
                    entries.setdefault(label, {})[inner] = value
                attributes[attribute.name] = [
                    built_values(attribute.fields, entry, names, tenant)
                    for entry in entries.values()
                ]
    return built_values(object_type.attributes, plain, names, tenant) | attributes


def built_values(
    declared: tuple[Attribute, ...],
    words: Mapping[str, Value],
    names: NameResolver,
    tenant: int,
    live: Attributes | None = None,
) -> dict[str, Any]:
    """The plain values of an object, a structure or an entry, by name. ``live``: those that
    it has already, since a reference may depend on them. Errors: see ``build``."""
    result: dict[str, Any] = {}
    references = []
    for attribute in declared:
        if attribute.word not in words:
            continue
        if attribute.type_from:
            references.append(attribute)
        else:
            result[attribute.name] = to_attribute(attribute, words[attribute.word], names, tenant)
    if not references:
        return result
    for attribute in references:
        narrowed = narrow(attribute, declared, {**(live or {}), **result})
        result[attribute.name] = to_attribute(narrowed, words[attribute.word], names, tenant)
    return {one.name: result[one.name] for one in declared if one.name in result}


def narrow(attribute: Attribute, declared: tuple[Attribute, ...], beside: Attributes) -> Attribute:
    """A reference to several types, narrowed to the type in the field beside it, else to the usual
    type."""
    if not attribute.type_from:
        return attribute
    number = beside.get(attribute.type_from)
    if number is None:
        kind = next((one for one in declared if one.name == attribute.type_from), None)
        number = kind.default if kind else None
    return replace(attribute, refers_to=attribute.targets.get(number or 0, attribute.refers_to))


def leaf(object_type: ObjectType, path: FieldPath) -> Attribute | None:
    """The attribute of the value at a path; if the path goes into a structure or a list entry, the
    field there; None if there is none."""
    attribute = object_type.by_word(path[0]) if path else None
    depth = _DEPTHS.get(attribute.type, 0) if attribute else 0
    if attribute is None or not depth or len(path) <= depth:
        return attribute
    return next((one for one in attribute.fields if one.word == path[depth]), None)


_DEPTHS = {ValueType.STRUCTURE: 1, ValueType.STRUCTURES: 2}
"""The index, in a path, of the field of a structure."""
