"""Where an object refers to another: in attributes, in structures, in entries of lists. Pure."""

from collections.abc import Collection, Iterator

from reconciler.kinds.fields import FieldPath, NameResolver
from reconciler.kinds.flatten import label_of_entry
from reconciler.kinds.model import Attribute, Attributes, ObjectType, ValueType


def references_to_object(
    object_type: ObjectType, attributes: Attributes, target: str, dbid: int
) -> Iterator[Attribute]:
    """The attributes by which an object refers to the object ``dbid`` of type ``target``."""
    for attribute in object_type.attributes:
        value = attributes.get(attribute.name)
        if value and _refers(attribute, value, attributes, target, dbid):
            yield attribute


def paths_to_object(
    object_type: ObjectType, attributes: Attributes, target: str, dbid: int, names: NameResolver
) -> Iterator[FieldPath]:
    """The paths of the fields that go when that object is deleted: of a reference, of an item
    of a list, of an entry with all its fields."""
    tenant = int(attributes.get("tenantDBID") or 0)
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


def targets_in(
    object_type: ObjectType, attributes: Attributes, words: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Types and DBIDs of the objects that an object refers to in the attributes that ``words``
    name."""
    for attribute in object_type.attributes:
        value = attributes.get(attribute.name)
        if not value or attribute.word not in words:
            continue
        match attribute.type:
            case ValueType.REFERENCES:
                yield from ((attribute.refers_to, dbid) for dbid in value)
            case ValueType.REFERENCE:
                yield attribute.target(attributes) or attribute.refers_to, value
            case ValueType.STRUCTURE | ValueType.STRUCTURES:
                for entry in [value] if attribute.type is ValueType.STRUCTURE else value:
                    for inner in attribute.fields:
                        if inner.type is ValueType.REFERENCE and entry.get(inner.name):
                            yield inner.target(entry) or inner.refers_to, entry[inner.name]


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


def targets_of(object_type: ObjectType, attributes: Attributes) -> Iterator[tuple[str, int]]:
    """Type and DBID of every object that an object refers to."""
    for attribute in object_type.attributes:
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
