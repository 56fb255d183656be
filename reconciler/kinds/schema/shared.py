"""Makes a JSON Schema short: repeated parts become shared definitions. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_WORTH_IT = 200
"""The number of characters from which a repeated part gets a definition."""

_ONE = ("additionalProperties", "items", "if", "then", "else", "propertyNames")
_BY_NAME = ("properties", "definitions")
_LISTS = ("allOf", "anyOf")


def with_shared_parts(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, with references to definitions in place of repeated parts."""
    counts = Counter(json.dumps(part, sort_keys=True) for part in _parts(schema))
    names: dict[str, str] = {}
    definitions: dict[str, Any] = {}

    def short(part: Any) -> Any:
        if not isinstance(part, Mapping):
            return part
        text = json.dumps(part, sort_keys=True)
        if counts[text] < 2 or len(text) < _WORTH_IT:
            return inside(part)
        if text not in names:
            names[text] = f"part{len(names) + 1}"
            definitions[names[text]] = inside(part)
        return {"$ref": f"#/definitions/{names[text]}"}

    def inside(part: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in part.items():
            if key in _BY_NAME:
                result[key] = {name: short(one) for name, one in value.items()}
            elif key in _LISTS:
                result[key] = [short(one) for one in value]
            else:
                result[key] = short(value) if key in _ONE else value
        return result

    result = inside(schema)
    result["definitions"] = {**result["definitions"], **definitions}
    return result


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every schema inside a schema, and itself."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for key, value in schema.items():
        if key in _BY_NAME:
            inner = list(value.values())
        elif key in _LISTS:
            inner = value
        else:
            inner = [value] if key in _ONE else []
        for one in inner:
            yield from _parts(one)
