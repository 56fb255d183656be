"""The JSON Schema of option values: a text, a secret, or nothing; and of sections of them.

``$comment``: see ``schema.py``.
"""

from typing import Any

TEXT = {"type": ["string", "number", "boolean"], "$comment": "a text"}


def _secret(**properties: dict[str, Any]) -> dict[str, Any]:
    """The closed form of a secret. ``writeOnly``: no message repeats what stands there, since
    it may be the secret itself."""
    return {
        "required": ["secret", *properties],
        "additionalProperties": False,
        "properties": {
            "secret": {"const": True, "$comment": "true", "writeOnly": True},
            **properties,
        },
    }


_SECRET = {
    "type": "object",
    "description": "A value that is never shown or stored: it comes from the environment.",
    "$comment": "{secret: true, from: env.NAME}",
    **_secret(
        **{
            "from": {
                "type": "string",
                "pattern": r"^env\.|\$\{",
                "$comment": "env.NAME, the name of an environment variable",
                "writeOnly": True,
            }
        }
    ),
}
_ABSENT_SECRET = {
    "type": "object",
    "description": "A secret that must be absent; its old value is never shown.",
    "$comment": "{secret: true, absent: true}",
    **_secret(absent={"const": True, "$comment": "true", "writeOnly": True}),
}
OPTION = {
    "if": {"type": "object", "required": ["secret"]},
    "then": {"if": {"required": ["absent"]}, "then": _ABSENT_SECRET, "else": _SECRET},
    "else": {
        "type": ["string", "number", "boolean", "null"],
        "$comment": "a text, or null for an option that must be absent",
    },
}
PRESENT_OPTION = {**OPTION, "then": _SECRET, "else": TEXT}


def sections_of(option: dict[str, Any], description: str) -> dict[str, Any]:
    """Sections, each with options of the schema ``option``."""
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
