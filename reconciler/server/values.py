"""Which values an attribute can hold, and the one form in which they are stored. Pure."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.model import Attribute, Attributes, ValueType

_LIMIT = 2**63


def problem_of(attribute: Attribute, value: Any) -> str:
    """Why the attribute cannot hold the value; empty: it can."""
    match attribute.type:
        case ValueType.TEXT:
            if not isinstance(value, str):
                return "a text is needed" + ("" if attribute.secret else f", not {value!r}")
            if len(value) > attribute.max_length:
                return f"longer than {attribute.max_length} characters"
            return "" if _is_unicode(value) else "the text is no Unicode"
        case ValueType.FLAG:
            return "" if isinstance(value, bool) else f"a flag is needed, not {value!r}"
        case ValueType.INTEGER | ValueType.REFERENCE:
            return "" if is_integer(value) else f"a whole number is needed, not {value!r}"
        case ValueType.ENUM:
            if not is_integer(value):
                return f"a number is needed, not {value!r}"
            known = value in attribute.enumeration.values()
            return "" if known or (attribute.open_ended and value > 0) else f"no member {value}"
        case ValueType.REFERENCES:
            if not isinstance(value, list | tuple) or not all(is_integer(v) for v in value):
                return "a list of DBIDs is needed"
            return "" if len(set(value)) == len(value) else "an object stands in the list twice"
        case ValueType.KEY_VALUES:
            return _key_values_problem(value)
        case ValueType.STRUCTURE:
            return _structure_problem(attribute, value)
        case ValueType.STRUCTURES:
            return _structures_problem(attribute, value)
    return ""


def is_integer(value: Any) -> bool:
    """Whether a value is a whole number that the server can store."""
    return isinstance(value, int) and not isinstance(value, bool) and -_LIMIT <= value < _LIMIT


def _is_unicode(text: str) -> bool:
    """Whether a text can be stored: half of a surrogate pair is no character."""
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)


def _key_values_problem(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "a key-value list is needed"
    for section, options in value.items():
        if not isinstance(section, str) or not section:
            return "a section needs a name"
        if not isinstance(options, Mapping):
            return f"the list has two levels, and [{section}] is no section"
        for key, one in options.items():
            if not isinstance(key, str) or not key:
                return f"an option of [{section}] has no name"
            if not isinstance(one, str | bytes) and not is_integer(one):
                return f"{section}/{key} is neither text, integer nor binary"
            if not all(_is_unicode(text) for text in (section, key, one) if isinstance(text, str)):
                return "a text of the list is no Unicode"
    return ""


def _structures_problem(attribute: Attribute, value: Any) -> str:
    if not isinstance(value, list | tuple):
        return "a list of structures is needed"
    for one in value:
        problem = _structure_problem(attribute, one)
        if problem:
            return problem
    whole = [_with_defaults(attribute, one) for one in value]
    if any(attribute.key not in one for one in whole):
        return f"an entry has no {attribute.key}"
    keys = [attribute.key_of(one) for one in whole]
    return "" if len(set(keys)) == len(keys) else f"two entries have the same {attribute.key}"


def _structure_problem(attribute: Attribute, value: Any) -> str:
    if not isinstance(value, Mapping):
        return "a structure is needed"
    by_name = {field.name: field for field in attribute.fields}
    for name, one in value.items():
        if name not in by_name:
            return f"the structure has no field {name}"
        if one is not None and (problem := problem_of(by_name[name], one)):
            return f"{name}: {problem}"
    missing = [
        f.name
        for f in attribute.fields
        if f.mandatory and not value.get(f.name) and f.default is None
    ]
    return f"{missing[0]} is missing" if missing else ""


def normal(attribute: Attribute, value: Any) -> Any:
    """Plain containers; empty sections dropped; structures with their defaults."""
    match attribute.type:
        case ValueType.KEY_VALUES:
            return {section: dict(options) for section, options in value.items() if options}
        case ValueType.REFERENCES:
            return list(value)
        case ValueType.STRUCTURE:
            return _with_defaults(attribute, value)
        case ValueType.STRUCTURES:
            return [_with_defaults(attribute, one) for one in value]
    return value


def _with_defaults(attribute: Attribute, value: Attributes) -> dict[str, Any]:
    defaults = {f.name: f.default for f in attribute.fields if f.default is not None}
    return {**defaults, **{name: one for name, one in value.items() if one is not None}}
