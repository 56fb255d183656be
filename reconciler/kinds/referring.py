"""Finds and changes the references of an object: in attributes, in structures, in entries of lists.
Pure."""

from collections.abc import Collection, Iterator
from typing import Any

from reconciler.kinds.fields import FieldPath, NameResolver
from reconciler.kinds.flatten import label_of_entry
from reconciler.kinds.model import Attribute, Attributes, ObjectType, ValueType, on_server


def references_to_object(
    object_type: ObjectType, attributes: Attributes, target: str, dbid: int
) -> Iterator[Attribute]:
    """The attributes by which an object refers to the object ``dbid`` of type ``target``."""
    target = on_server(target)
    for attribute in object_type.attributes:
        value = attributes.get(attribute.name)
        if value and _refers(attribute, value, attributes, target, dbid):
            yield attribute


def paths_to_object(
    object_type: ObjectType, attributes: Attributes, target: str, dbid: int, names: NameResolver
) -> Iterator[FieldPath]:
    """The paths of the fields that are cleared when that object is deleted: a reference, an item of
    a list, or an entry with all its fields."""
    tenant = int(attributes.get("tenantDBID") or 0)
    target = on_server(target)
    for attribute in references_to_object(object_type, attributes, target, dbid):
        word, value = attribute.word, attributes[attribute.name]
        match attribute.type:
            case ValueType.REFERENCES:
                yield word, names.name(target, dbid, tenant)
            case ValueType.STRUCTURE:
                for inner in attribute.fields:
                    if _leads_to(inner, value.get(inner.name), value, target, dbid):
                        yield word, inner.word
            case ValueType.STRUCTURES:
                for entry in value:
                    if _inside(attribute, entry, target, dbid):
                        yield word, label_of_entry(attribute, entry, names, tenant)
            case _:
                yield (word,)


def redirected(
    object_type: ObjectType,
    before: Attributes,
    now: Attributes,
    target: str,
    old: int,
    new: int,
) -> dict[str, Any]:
    """The attributes ``now``, with the references that the object had ``before`` to the object
    ``old`` of type ``target``, changed to refer to ``new``, its replacement. Values that somebody
    has set since stay."""
    result = dict(now)
    target = on_server(target)
    for attribute in references_to_object(object_type, before, target, old):
        held, holds = before[attribute.name], now.get(attribute.name)
        match attribute.type:
            case ValueType.REFERENCES:
                others = [dbid for dbid in holds or [] if dbid != old]
                changed: object = others if new in others else [*others, new]
            case ValueType.STRUCTURE:
                changed = _redirected_fields(attribute, held, holds or {}, target, old, new)
            case ValueType.STRUCTURES:
                changed = _redirected_entries(attribute, held, holds or [], target, old, new)
            case _:
                changed = holds if holds and holds != old else new
        result[attribute.name] = changed
    return result


def _redirected_fields(
    attribute: Attribute, held: Attributes, holds: Attributes, target: str, old: int, new: int
) -> dict[str, Any]:
    return dict(holds) | {
        inner.name: new
        for inner in attribute.fields
        if _leads_to(inner, held.get(inner.name), held, target, old)
        and holds.get(inner.name) in (None, 0, old)
    }


def _redirected_entries(
    attribute: Attribute,
    held: list[Attributes],
    holds: list[Attributes],
    target: str,
    old: int,
    new: int,
) -> list[Attributes]:
    """The present entries, and the entries that were removed with the old object."""
    result = list(holds)
    for entry in held:
        if not _inside(attribute, entry, target, old):
            continue
        wanted = _redirected_fields(attribute, entry, entry, target, old, new)
        keys = [attribute.key_of(one) for one in (entry, wanted)]
        place = next((n for n, one in enumerate(result) if attribute.key_of(one) in keys), None)
        if place is None:
            result.append(wanted)
        else:
            there = result[place]
            result[place] = _redirected_fields(attribute, entry, there, target, old, new)
    return result


def _refers(
    attribute: Attribute, value: object, beside: Attributes, target: str, dbid: int
) -> bool:
    match attribute.type:
        case ValueType.REFERENCES if isinstance(value, list):
            return attribute.refers_to == target and dbid in value
        case ValueType.STRUCTURE if isinstance(value, dict):
            return _inside(attribute, value, target, dbid)
        case ValueType.STRUCTURES if isinstance(value, list):
            return any(_inside(attribute, entry, target, dbid) for entry in value)
    return _leads_to(attribute, value, beside, target, dbid)


def _inside(attribute: Attribute, values: Attributes, target: str, dbid: int) -> bool:
    return any(
        _leads_to(inner, values.get(inner.name), values, target, dbid) for inner in attribute.fields
    )


def _leads_to(
    attribute: Attribute, value: object, beside: Attributes, target: str, dbid: int
) -> bool:
    if attribute.type is not ValueType.REFERENCE or value != dbid:
        return False
    return (attribute.target(beside) or attribute.refers_to) == target


def targets_of(
    object_type: ObjectType, attributes: Attributes, words: Collection[str] | None = None
) -> Iterator[tuple[str, int]]:
    """Type and DBID of every object that an object refers to; with ``words``, only in the
    attributes that they name."""
    for attribute in object_type.attributes:
        if words is not None and attribute.word not in words:
            continue
        value = attributes.get(attribute.name)
        match attribute.type:
            case ValueType.REFERENCE if value:
                yield attribute.target(attributes), value
            case ValueType.REFERENCES if value:
                yield from ((attribute.refers_to, dbid) for dbid in value)
            case ValueType.STRUCTURE if value:
                yield from _targets_inside(attribute, value)
            case ValueType.STRUCTURES if value:
                for entry in value:
                    yield from _targets_inside(attribute, entry)


def _targets_inside(attribute: Attribute, values: Attributes) -> Iterator[tuple[str, int]]:
    for inner in attribute.fields:
        if inner.type is ValueType.REFERENCE and values.get(inner.name):
            yield inner.target(values), values[inner.name]
