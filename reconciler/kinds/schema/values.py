"""Parts of the manifest schema: names, choices and lists, each of which may be a variable."""

from typing import Any

_INTERPOLATED = {"type": "string", "pattern": r"\$\{"}
NAME = {"type": ["string", "number"], "minLength": 1, "$comment": "a name"}


def _or_interpolated(schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"anyOf": [schema, _INTERPOLATED], "$comment": says}


def choice(*members: str) -> dict[str, Any]:
    return _or_interpolated({"enum": list(members)}, f"one of {', '.join(members)}")


def flag() -> dict[str, Any]:
    return _or_interpolated({"type": "boolean"}, "true or false")


def texts(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "description": description,
        "minItems": 1,
        "uniqueItems": True,
        "$comment": "a list of at least one text",
        "items": NAME,
    }
