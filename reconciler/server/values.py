"""Which values an attribute can hold, and their canonical form. Pure."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.model import Attribute, Attributes, ValueType
from reconciler.kinds.names import text_problem

_LIMIT = 2**63


def problem_of(attribute: Attribute, value: Any, *, partly: bool = False) -> str:
    """Why the attribute cannot hold the value; empty: it can. ``partly``: structures have only the
    fields that change, and list entries also their key."""
    match attribute.type:
        case ValueType.TEXT:
            if not isinstance(value, str):
                return "must be a text" + ("" if attribute.secret else f", not {value!r}")
            if len(value) > attribute.max_length:
                return f"longer than {attribute.max_length} characters"
            return text_problem(value)
        case ValueType.FLAG:
            return "" if isinstance(value, bool) else f"must be true or false, not {value!r}"
        case ValueType.INTEGER | ValueType.REFERENCE:
            if not is_integer(value):
                return f"must be a whole number, not {value!r}"
            least, greatest = attribute.bounds or (value, value)
            inside = least <= value <= greatest
            return "" if inside else f"must be from {least} to {greatest}, not {value}"
        case ValueType.ENUM:
            if not is_integer(value):
                return f"must be a number, not {value!r}"
            known = value in attribute.enumeration.values()
            return "" if known or (attribute.open_ended and value > 0) else f"has no member {value}"
        case ValueType.REFERENCES:
            if not isinstance(value, list | tuple) or not all(is_integer(v) for v in value):
                return "must be a list of DBIDs"
            return "" if len(set(value)) == len(value) else "an object is in the list twice"
        case ValueType.KEY_VALUES:
            return _key_values_problem(value)
        case ValueType.STRUCTURE:
            return _structure_problem(attribute, value, partly=partly)
        case ValueType.STRUCTURES:
            return _structures_problem(attribute, value, partly=partly)
    return ""


def is_integer(value: Any) -> bool:
    """Whether a value is an integer that a server can store: 64 bits, no flag."""
    return isinstance(value, int) and not isinstance(value, bool) and -_LIMIT <= value < _LIMIT


def _key_values_problem(value: Any) -> str:
    if not _is_mapping(value):
        return "must be a key-value list"
    for section, options in value.items():
        if not isinstance(section, str):
            return "the name of a section is a text"
        if not _is_mapping(options):
            return f"the list has two levels, but [{section}] is not a section"
        for key, option in options.items():
            if not isinstance(key, str) or not key:
                return f"an option of [{section}] has no name"
            if not isinstance(option, str | bytes) and not is_integer(option):
                return f"{section}/{key} is neither text, integer nor binary"
            problem = (
                text_problem(section, name=True)
                or text_problem(key, name=True)
                or (text_problem(option) if isinstance(option, str) else "")
            )
            if problem:
                return f"{problem}, in {section!r}/{key!r}"
    return ""


def _is_mapping(value: Any) -> bool:
    return type(value) is dict or isinstance(value, Mapping)  # the second takes much longer


def _structures_problem(attribute: Attribute, value: Any, *, partly: bool) -> str:
    if not isinstance(value, list | tuple):
        return "must be a list of structures"
    for entry in value:
        problem = _structure_problem(attribute, entry, partly=partly)
        if problem:
            return problem
    entries = [_with_defaults(attribute, entry) for entry in value]
    for name in attribute.key:
        if attribute.field(name).mandatory and any(name not in entry for entry in entries):
            return f"an entry has no {name}"
    keys = [attribute.key_of(entry) for entry in entries]
    if len(set(keys)) < len(keys):
        return f"two entries have the same {' and '.join(attribute.key)}"
    return ""


def _structure_problem(attribute: Attribute, value: Any, *, partly: bool) -> str:
    if not isinstance(value, Mapping):
        return "must be a structure"
    by_name = {field.name: field for field in attribute.fields}
    for name, inner in value.items():
        if name not in by_name:
            return f"the structure has no field {name}"
        if inner is not None and (problem := problem_of(by_name[name], inner)):
            return f"{name}: {problem}"
    missing = [
        field.name
        for field in attribute.fields
        if field.mandatory and not value.get(field.name) and field.default is None
    ]
    return f"{missing[0]} is missing" if missing and not partly else ""


def normal(attribute: Attribute, value: Any) -> Any:
    """The canonical form: plain containers, no empty sections, structures with defaults."""
    match attribute.type:
        case ValueType.KEY_VALUES:
            return {section: dict(options) for section, options in value.items() if options}
        case ValueType.REFERENCES:
            return list(value)
        case ValueType.STRUCTURE:
            return _with_defaults(attribute, value)
        case ValueType.STRUCTURES:
            return [_with_defaults(attribute, entry) for entry in value]
    return value


def _with_defaults(attribute: Attribute, value: Attributes) -> dict[str, Any]:
    defaults = {
        field.name: field.default for field in attribute.fields if field.default is not None
    }
    given = {name: inner for name, inner in value.items() if inner is not None}
    return {**defaults, **given}
