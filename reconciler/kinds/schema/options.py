"""The JSON Schema of option values: a text, an integer, bytes, a secret, or nothing; and of
sections of them.

``$comment``: see ``schema/manifests.py``.
"""

from typing import Any

TEXT = {"type": ["string", "number", "boolean"], "$comment": "a text"}


def _secret(**properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of a secret with exactly these properties. ``writeOnly``: no message repeats the
    value, since it may be the secret itself."""
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
_INTEGER = {
    "type": "object",
    "description": "An option that the server holds as an integer.",
    "$comment": "{integer: NUMBER}",
    "required": ["integer"],
    "additionalProperties": False,
    "properties": {"integer": {"type": ["integer", "string"], "$comment": "a whole number"}},
}
_BINARY = {
    "type": "object",
    "description": "An option that the server holds as bytes.",
    "$comment": "{binary: BASE64}",
    "required": ["binary"],
    "additionalProperties": False,
    "properties": {"binary": {"type": "string", "$comment": "bytes in Base64"}},
}


def _option(secret: dict[str, Any], plain: dict[str, Any], *, typed: bool) -> dict[str, Any]:
    """The schema of an option. ``plain``: the schema of values that are no mappings; ``typed``: it
    may also be an integer or binary."""
    otherwise = plain
    for word, schema in (("binary", _BINARY), ("integer", _INTEGER)) if typed else ():
        chosen = {"type": "object", "required": [word]}
        otherwise = {"if": chosen, "then": schema, "else": otherwise}
    return {"if": {"type": "object", "required": ["secret"]}, "then": secret, "else": otherwise}


_ANY_SECRET = {"if": {"required": ["absent"]}, "then": _ABSENT_SECRET, "else": _SECRET}
_OR_ABSENT = {
    "type": ["string", "number", "boolean", "null"],
    "$comment": "a text, or null for an option that must be absent",
}
_NOT_ABSENT = {**TEXT, "$comment": "a text; null (it must be absent) can be in spec only"}

OPTION = _option(_ANY_SECRET, _OR_ABSENT, typed=True)
PRESENT_OPTION = _option(_SECRET, TEXT, typed=True)
INITIAL_OPTION = _option(_SECRET, _NOT_ABSENT, typed=True)
FILE_VALUE = _option(_ANY_SECRET, _OR_ABSENT, typed=False)
INITIAL_FILE_VALUE = _option(_SECRET, _NOT_ABSENT, typed=False)
SECRET = {
    "if": {"type": "object"},
    "then": _SECRET,
    "else": {"const": {}, "$comment": "{secret: true, from: env.NAME}", "writeOnly": True},
}
"""The schema of an attribute that is always a secret."""


def text_schema(max_length: int) -> dict[str, Any]:
    """A text attribute, which may be declared as a secret."""
    plain = {**TEXT, "maxLength": max_length}
    return {"if": {"type": "object"}, "then": _SECRET, "else": plain}


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
