"""An action and its parts as JSON: half of the definition of the plan file."""

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import replace

from reconciler.diagnostics import Position
from reconciler.json_codec import (
    BOOLEAN,
    INTEGER,
    OPTIONAL_INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    Codec,
    CodecError,
    Json,
    Member,
    Mistake,
    array,
    choice,
    encoder_of,
    mapped,
    object_schema,
    or_null,
    pair,
    record,
    table,
    text_like,
)
from reconciler.kinds.fields import SecretText, Value, from_pointer, pointer
from reconciler.plan.actions import (
    ACTION_NAMES,
    Action,
    BaseWrite,
    Fingerprint,
    Replace,
    Subject,
    Write,
)
from reconciler.plan.changes import Change
from reconciler.plan.secrets import CARRIED, source_of
from reconciler.server.port import AccessEntry


def _position(text: str) -> Position:
    parts = text.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return Position(parts[0], int(parts[1]), int(parts[2]))
    file, _, line = text.rpartition(":")
    return Position(file, int(line)) if file and line.isdigit() else Position(text)


def _encode_value(value: Value | None) -> Json:
    if isinstance(value, SecretText):
        digest = {"digest": value.digest} if value.digest else {}
        return {"secret": value.source or True, **digest}
    return {"binary": value.hex()} if isinstance(value, bytes) else value


def _decode_value(data: Json) -> Value | None:
    match data:
        case None | str() | int():  # bool is an int
            return data
        case {"binary": str(digits), **rest} if not rest:
            try:
                return bytes.fromhex(digits)
            except ValueError as error:
                raise CodecError(Mistake("must be hex digits", ("binary",))) from error
        case {"secret": True, **rest} if not rest:
            return SecretText("")
        case {"secret": str(source), **rest} if source == CARRIED and not rest:
            return SecretText("", CARRIED)
        case {"secret": str(source), "digest": str(digest), **rest} if (
            re.fullmatch(_SOURCE, source) and re.fullmatch(_DIGEST, digest) and not rest
        ):
            return SecretText("", source, digest)
    raise CodecError(
        'must be null, true, false, an integer, a string, {"binary": HEX}, {"secret": true},'
        ' {"secret": "carried"} or {"secret": "env.NAME", "digest": HEX}'
    )


def _closed(**properties: Json) -> Json:
    return object_schema(
        [Member(name, Codec(str, str, schema)) for name, schema in properties.items()]
    )


_SOURCE = r"env\..+"
_DIGEST = "[0-9a-f]{32}"


VALUE = Codec(
    _encode_value,
    _decode_value,
    {
        "description": (
            "A value; null: absent. {binary}: hex digits. {secret}: a value that is never"
            " shown; true, or where the value comes from, with a digest of it."
        ),
        "anyOf": [
            {"type": ["string", "integer", "boolean", "null"]},
            _closed(binary={"type": "string", "pattern": "^([0-9a-f]{2})*$"}),
            _closed(secret={"enum": [True, CARRIED]}),
            _closed(
                secret={"type": "string", "pattern": f"^{_SOURCE}$"},
                digest={"type": "string", "pattern": f"^{_DIGEST}$"},
            ),
        ],
    },
)
PATH = mapped(TEXT, from_pointer, pointer)
_ORIGIN: Codec[Position | None] = or_null(mapped(TEXT, _position, str), None)
_DIGESTS = table(text_like("^[0-9a-f]{16}$"), text_like("^/"))


def _change(**values: Any) -> Change:
    made = Change(**values)
    hidden = isinstance(made.before, SecretText) or isinstance(made.after, SecretText)
    return replace(made, secret=hidden)


_CHANGE = record(
    _change,
    Member("path", PATH, description="JSON Pointer of the field."),
    Member("before", VALUE),
    Member("after", VALUE),
    Member("unit", PATH, description="JSON Pointer of the value that decided about it."),
    Member("source", OPTIONAL_INTEGER, description="DBID of the application it is copied from."),
    Member("origin", _ORIGIN),
    Member("manifest", OPTIONAL_TEXT),
    Member("reset", BOOLEAN, description="The old value was the site's own and is lost."),
    Member("initial", BOOLEAN, description="It becomes the site's own."),
    Member("hint", OPTIONAL_TEXT, description="How a kept field is enforced."),
)
_FINGERPRINT = record(
    Fingerprint,
    Member("units", array(PATH)),
    Member("fields", _DIGESTS, description="JSON Pointer -> digest of the live value."),
    Member("folder", OPTIONAL_INTEGER),
    Member("parent", OPTIONAL_INTEGER),
    Member(
        "sources",
        table(_DIGESTS, mapped(text_like("^[0-9]{1,9}$"), int, str)),
    ),
    description="The live values that decided about the action; compared before any write.",
)
_PERMISSION = record(
    AccessEntry,
    Member("type", choice("Person", "AccessGroup"), "account_type"),
    Member("dbid", INTEGER, "account"),
    Member("mask", INTEGER),
)


_CLASSES: Mapping[str, type[Action]] = {cls.action: cls for cls in get_args(Action)}
_COMMON = (
    Member("address", TEXT),
    Member("kind", TEXT),
    Member("action", choice(*ACTION_NAMES)),
    Member("reason", OPTIONAL_TEXT),
    Member("type", OPTIONAL_TEXT, "object_type"),
    Member("name", TEXT),
    Member("tenant", OPTIONAL_INTEGER),
    Member("dbid", OPTIONAL_INTEGER),
    Member("origin", _ORIGIN),
    Member("protect", BOOLEAN),
    Member("needs", array(TEXT)),
    Member("changes", array(_CHANGE)),
    Member("kept", array(_CHANGE)),
    Member("loses", array(TEXT)),
)
_OF_WRITES = (
    Member("folder", OPTIONAL_INTEGER),
    Member(
        "folderPath",
        OPTIONAL_TEXT,
        "folder_path",
        "Where a create puts the object: the names below the default folder.",
    ),
    Member(
        "fields",
        table(VALUE, PATH),
        description="JSON Pointer -> value, of the object that a create or replace makes.",
    ),
    Member(
        "restores",
        array(TEXT),
        description="The references in other objects that a replace changes to the new object.",
    ),
    Member("permissions", array(_PERMISSION)),
    Member("referrers", array(pair(Member("type", TEXT), Member("dbid", INTEGER)))),
    Member("watched", array(pair(Member("dbid", INTEGER), Member("unit", PATH)))),
    Member("secrets", array(PATH)),
    Member("fingerprint", _FINGERPRINT),
)


_ALL = (*_COMMON, *_OF_WRITES)


def _encoder(cls: type[Action]) -> Callable[[Action], Json]:
    """How actions of a class are written: their own attributes and those of their subject; nothing
    for those that the class does not have."""
    members = _ALL if issubclass(cls, BaseWrite) else _COMMON
    places = {one.name: _place_in(cls, one.attribute or one.name) for one in members}
    empty = {one.name: None if places[one.name] else one.codec.encode({}) for one in members}
    there = [one for one in members if places[one.name]]
    encode = encoder_of(there, attrgetter(*(places[one.name] for one in there)))
    return lambda action: {**empty, **encode(action)}


def _place_in(cls: type[Action], name: str) -> str:
    """Where actions of a class have an attribute; empty: nowhere."""
    if name in Subject.__struct_fields__:
        return f"subject.{name}"
    return name if hasattr(cls, name) else ""


def _fields_of(cls: type[Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a class has fields for."""
    return {name: values[name] for name in cls.__struct_fields__ if name in values}


def _make(action: str, **values: Any) -> Action:
    cls = _CLASSES[action]
    subject = Subject(**_fields_of(Subject, values))
    own = _fields_of(cls, values)
    if cls is Replace:
        own["carried"] = tuple(p for p, v in values["fields"].items() if source_of(v) == CARRIED)
    return cls(subject, **own)


_ENCODERS = {cls: _encoder(cls) for cls in _CLASSES.values()}
_WRITE = record(_make, *_ALL)
_NO_WRITE = record(_make, *_COMMON)


def _decode_action(data: Json) -> Action:
    name = data.get("action") if isinstance(data, dict) else None
    return (_WRITE if name in _WRITES else _NO_WRITE).decode(data)


_WRITES = [cls.action for cls in get_args(Write)]
ACTION: Codec[Action] = Codec(
    lambda action: _ENCODERS[type(action)](action),
    _decode_action,
    {
        **object_schema(
            _ALL,
            "What happens to one object. Those from folder on stand in actions that write only.",
        ),
        "required": [member.name for member in _COMMON],
        "if": {"properties": {"action": {"enum": _WRITES}}},
        "then": {
            "required": [member.name for member in _OF_WRITES],
            "properties": {"type": TEXT.schema},
        },
    },
)
