"""Values as JSON and back. A codec says in one place how a value is written, how it is read
and checked, and what its JSON Schema is, so that the three cannot contradict each other.

Knows nothing of plans or runs. Reading is strict: a value of another type, an unknown or a
missing property is a ``CodecError`` that names the place.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
K = TypeVar("K")
Json = Any
"""What ``json.loads`` gives."""


class CodecError(ValueError):
    """JSON that is not what a codec reads. ``place``: the way to it, outermost first."""

    def __init__(self, problem: str, place: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"/{'/'.join(map(str, place))} {problem}")
        self.problem = problem
        self.place = place

    def inside(self, part: str | int) -> "CodecError":
        """The same error, one step further out."""
        return CodecError(self.problem, (part, *self.place))


class Codec(Struct, Generic[T], frozen=True):
    """How values of one type are written as JSON, read from it, and described."""

    encode: Callable[[T], Json]
    decode: Callable[[Json], T]
    schema: Mapping[str, Json]


def _plain(kind: type[T], name: str) -> Codec[T]:
    def decode(data: Json) -> T:
        if type(data) is not kind:
            raise CodecError(f"must be of type {name}")
        return data

    return Codec(lambda value: value, decode, {"type": name})


TEXT = _plain(str, "string")
INTEGER = _plain(int, "integer")
BOOLEAN = _plain(bool, "boolean")


def or_null(codec: Codec[T], empty: T) -> Codec[T]:
    """The same values, with null for ``empty``, which is false."""
    return Codec(
        lambda value: codec.encode(value) if value else None,
        lambda data: empty if data is None else codec.decode(data),
        _with_null(codec.schema),
    )


def nullable(codec: Codec[T]) -> Codec[T | None]:
    """The same values, and None as null."""
    return Codec(
        lambda value: None if value is None else codec.encode(value),
        lambda data: None if data is None else codec.decode(data),
        _with_null(codec.schema),
    )


def _with_null(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


OPTIONAL_TEXT = or_null(TEXT, "")
OPTIONAL_INTEGER = or_null(INTEGER, 0)


def mapped(
    codec: Codec[K], to: Callable[[K], T], back: Callable[[T], K], **schema: Json
) -> Codec[T]:
    """Values that are written as those of ``codec``. A ValueError of ``to`` becomes a
    CodecError. ``schema`` adds to the description."""

    def decode(data: Json) -> T:
        try:
            return to(codec.decode(data))
        except CodecError:
            raise
        except ValueError as error:
            raise CodecError(str(error)) from error

    return Codec(lambda value: codec.encode(back(value)), decode, {**codec.schema, **schema})


def text_like(pattern: str) -> Codec[str]:
    """A text that a regular expression matches."""

    def decode(data: Json) -> str:
        text = TEXT.decode(data)
        if re.search(pattern, text) is None:
            raise CodecError(f"must match {pattern}")
        return text

    return Codec(lambda value: value, decode, {**TEXT.schema, "pattern": pattern})


def choice(*names: str) -> Codec[Any]:
    """One of several texts."""

    def decode(data: Json) -> str:
        if data not in names:
            raise CodecError(f"must be one of {', '.join(names)}")
        return str(data)

    return Codec(lambda value: value, decode, {"enum": list(names)})


def constant(text: str) -> Codec[str]:
    """One text, always."""
    return Codec(lambda _: text, choice(text).decode, {"const": text})


def array(codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """A list of values."""

    def decode(data: Json) -> tuple[T, ...]:
        if not isinstance(data, list):
            raise CodecError("must be of type array")
        return tuple(_inside(number, codec, item) for number, item in enumerate(data))

    return Codec(
        lambda values: [codec.encode(value) for value in values],
        decode,
        {"type": "array", "items": codec.schema},
    )


def table(codec: Codec[T], key: Codec[K], **schema: Json) -> Codec[Mapping[K, T]]:
    """A mapping; its keys are written as texts. ``schema`` adds to the description."""

    def decode(data: Json) -> dict[K, T]:
        if not isinstance(data, dict):
            raise CodecError("must be of type object")
        return {_inside(k, key, k): _inside(k, codec, value) for k, value in data.items()}

    pattern = key.schema.get("pattern")
    names = {"propertyNames": {"pattern": pattern}} if pattern else {}
    return Codec(
        lambda values: {key.encode(k): codec.encode(value) for k, value in values.items()},
        decode,
        {"type": "object", **names, **schema, "additionalProperties": codec.schema},
    )


class Member(Struct, frozen=True):
    """One property of an object. ``attribute``: what it is called in Python, if otherwise.
    ``otherwise``: the value of a property that may be missing; None: it may not."""

    name: str
    codec: Codec[Any]
    attribute: str = ""
    description: str = ""
    otherwise: Any = None

    @property
    def schema(self) -> Mapping[str, Json]:
        described = {"description": self.description} if self.description else {}
        return {**self.codec.schema, **described}


def record(
    make: Callable[..., T],
    *members: Member,
    get: Callable[[T, str], Any] = getattr,
    description: str = "",
) -> Codec[T]:
    """An object with these properties and no others. ``make`` takes them by attribute, ``get``
    gives them by attribute."""

    def encode(value: T) -> Json:
        return {m.name: m.codec.encode(get(value, m.attribute or m.name)) for m in members}

    def decode(data: Json) -> T:
        return make(**_decode_members(data, members))

    return Codec(encode, decode, object_schema(members, description))


def pair(first: Member, second: Member) -> Codec[tuple[Any, Any]]:
    """A tuple of two values as an object with two properties."""
    names = (first.name, second.name)
    return record(
        lambda **values: (values[names[0]], values[names[1]]),
        first,
        second,
        get=lambda values, name: values[names.index(name)],
    )


def _decode_members(data: Json, members: Sequence[Member]) -> dict[str, Any]:
    """Attribute -> value, of an object with these properties and no others."""
    if not isinstance(data, dict):
        raise CodecError("must be of type object")
    names = {member.name for member in members}
    for name in data:
        if name not in names:
            raise CodecError("is not a known property", (name,))
    found: dict[str, Any] = {}
    for member in members:
        if member.name in data:
            value = _inside(member.name, member.codec, data[member.name])
        elif member.otherwise is None:
            raise CodecError("is missing", (member.name,))
        else:
            value = member.otherwise
        found[member.attribute or member.name] = value
    return found


def object_schema(members: Sequence[Member], description: str = "") -> dict[str, Json]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "required": [member.name for member in members if member.otherwise is None],
        "additionalProperties": False,
        "properties": {member.name: member.schema for member in members},
    }


def _inside(part: str | int, codec: Codec[T], data: Json) -> T:
    try:
        return codec.decode(data)
    except CodecError as error:
        raise error.inside(part) from None
