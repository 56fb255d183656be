"""Parts of the manifest schema: values, options, and how a variable may stand for them."""

from typing import Any

_INTERPOLATED = {"type": "string", "pattern": r"\$\{"}
TEXT = {"type": ["string", "number", "boolean"], "$comment": "a text"}
NAME = {"type": ["string", "number"], "minLength": 1, "$comment": "a name"}
_SECRET = {
    "type": "object",
    "description": "A value that is never shown or stored: it comes from the environment.",
    "$comment": "{secret: true, from: env.NAME}",
    "required": ["secret", "from"],
    "additionalProperties": False,
    "properties": {
        "secret": {"const": True, "$comment": "true"},
        "from": {"type": "string", "pattern": r"^env\.|\$\{", "$comment": "env.NAME"},
    },
}
OPTION = {
    "if": {"type": "object", "required": ["secret"]},
    "then": _SECRET,
    "else": {
        "type": ["string", "number", "boolean", "null"],
        "$comment": "a text, or null for an option that must be absent",
    },
}
SECTION_OPTION = {**OPTION, "else": TEXT}
INITIAL_OPTION = {
    **OPTION,
    "else": {**TEXT, "$comment": "a text; null (it must be absent) can stand in spec only"},
}


def _or_interpolated(schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"anyOf": [schema, _INTERPOLATED], "$comment": says}


def choice(*members: str) -> dict[str, Any]:
    return _or_interpolated({"enum": list(members)}, f"one of {', '.join(members)}")


def flag() -> dict[str, Any]:
    return _or_interpolated({"type": "boolean"}, "true or false")


def sections(option: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "minProperties": 1,
        "$comment": "sections with options",
        "additionalProperties": {
            "type": "object",
            "minProperties": 1,
            "$comment": "a section with options",
            "additionalProperties": option,
        },
    }


def texts(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "description": description,
        "minItems": 1,
        "uniqueItems": True,
        "$comment": "a list of texts with at least one",
        "items": NAME,
    }
